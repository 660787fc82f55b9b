"""The rights desk in the browser: who sees what, the steps by form, and lists that cost the same."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from consent.models import RightsLetter, RightsRequest
from consent.services import requests
from patients.models import StaffLink
from security.access.gate import FACTOR_AT
from security.models import OutboxMessage
from tests import world
from tests.consent import requesting as asking

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
DESK = "/consent/requests/"


@pytest.fixture
def house():
    """Return the clinic with its people, under three laws."""
    made = world.clinic()
    asking.clinic()
    return made


def get(client, url, **headers):
    return client.get(url, secure=True, headers=headers)


def text(response):
    return response.content.decode()


def noted(house, kind="access", **said):
    """Note a request that came in an hour ago, by the clock of the tests."""
    given = {"received_at": requests.timezone.now() - timedelta(hours=1)} | said
    return asking.receive(house.patient, house.users["receptionist"], kind, **given)


def test_reception_takes_in_a_request_and_sees_it_on_the_patients_page_but_no_desk(house):
    client = house.client("receptionist")
    url = f"{DESK}of/{house.patient.pk}/new/"
    assert get(client, url).status_code == 200
    assert client.post(url, {"kind": "access"}, secure=True).status_code == 422
    said = {
        "kind": "access", "way": "letter", "received_on": "2026-11-20", "capacity": "self",
        "asked": "A copy, please.",
    }  # fmt: skip
    answer = client.post(url, said, secure=True)
    assert answer["Location"] == f"{DESK}of/{house.patient.pk}/"
    row = RightsRequest.objects.get()
    assert (row.asked, row.noted_by) == ("A copy, please.", house.users["receptionist"])
    part = get(client, f"{DESK}of/{house.patient.pk}/", **{"HX-Request": "true"})
    assert row.number in text(part)
    assert "<html" not in text(part)
    assert str(row.pk) not in text(part)
    assert get(client, DESK).status_code == 403
    assert f"{DESK}of/{house.patient.pk}/" in text(
        get(client, f"/patients/{house.patient.pk}/access/")
    )


def test_who_asks_for_somebody_else_is_named(house):
    client = house.client("receptionist")
    said = {
        "kind": "access", "way": "staff", "received_on": "2026-11-20", "capacity": "guardian",
        "asked": "A copy.",
    }  # fmt: skip
    answer = client.post(f"{DESK}of/{house.patient.pk}/new/", said, secure=True)
    assert answer.status_code == 422
    assert "Say who asks." in text(answer)


def test_officers_work_auditors_and_carers_read_and_strangers_find_nothing(house):
    row = noted(house)
    page = text(get(house.client("officer"), f"{DESK}{row.pk}/"))
    assert "What to do next" in page
    assert 'action="/consent/requests/' in page
    for reader in ("auditor", "physician"):
        read = text(get(house.client(reader), f"{DESK}{row.pk}/"))
        assert "All of my record, please." in read
        assert 'name="state"' not in read
    assert get(house.client("other_physician"), f"{DESK}{row.pk}/").status_code == 404
    assert row.number not in text(get(house.client("other_physician"), DESK))
    for nobody in ("engagement", "administrator"):
        assert get(house.client(nobody), f"{DESK}{row.pk}/").status_code == 403
    read = Event.objects.filter(
        subjects__contains=[house.patient.pk], fields__contains=["consent.request.asked"]
    )
    assert read.exists()


def test_an_explanation_begins_with_the_rules_that_decide(house):
    row = noted(house, "explanation", language="zh-hans")
    page = text(get(house.client("officer"), f"{DESK}{row.pk}/"))
    assert "谁可以查阅您的病历" in page
    assert "医生" in page
    assert "Extend the time" in page
    at_once = noted(house, "objection")
    assert "Extend the time" not in text(get(house.client("officer"), f"{DESK}{at_once.pk}/"))


def test_who_asks_without_authority_is_refused_on_the_trail(house):
    row = noted(house, capacity="other", asker="A neighbour")
    client = house.client("officer")
    url = f"{DESK}{row.pk}/"
    said = {"version": row.version, "how": "document", "shown": "Identity card"}
    answer = client.post(f"{url}identity/", said, secure=True)
    assert answer.status_code == 422
    assert "without authority" in text(answer)
    event = Event.objects.get(action="consent.request.identity_refused")
    assert (event.outcome, event.object_id) == ("refused", row.pk)
    assert "Refuse it, on the ground" in text(answer)


def test_a_confidential_patients_request_asks_for_a_fresh_factor(house):
    row, client = noted(house), house.client("officer")
    house.patient.confidentiality = "vip"
    house.patient.advance()
    house.patient.save()
    session = client.session
    session[FACTOR_AT] = 1
    session.save()
    answer = get(client, f"{DESK}{row.pk}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/confirm/")


def test_the_own_request_and_that_of_family_are_not_there_for_an_officer(house):
    row, officer = noted(house), house.users["officer"]
    StaffLink.objects.create(user=officer, patient=house.patient, kind="partner")
    client = house.client("officer")
    assert get(client, f"{DESK}{row.pk}/").status_code == 404
    assert row.number not in text(get(client, DESK))


def test_the_steps_are_taken_by_form_and_the_letter_is_kept_as_it_was(house):
    client, row = house.client("officer"), noted(house)

    def step(name, **said):
        row.refresh_from_db()
        url = f"{DESK}{row.pk}/{name}/"
        return client.post(url, {"version": row.version, **said}, secure=True)

    assert step("assign", officer=house.users["officer"].pk).status_code == 302
    assert step("identity", how="document", shown="Identity card").status_code == 302
    refused = step("answer", state="refused", words="No.", refusal="")
    assert refused.status_code == 422
    assert "Name a ground" in text(refused)
    undone = step("answer", state="granted", words="The copy is enclosed.")
    assert undone.status_code == 422
    assert "No copy was made for this request." in text(undone)
    said = {"state": "granted", "words": "The copy is enclosed.", "is_elsewhere": "on"}
    assert step("answer", **said).status_code == 302
    assert step("answer", state="granted", words="Again.").status_code == 422
    letter = RightsLetter.objects.get(request=row, kind="granted")
    paper = client.post(f"{DESK}letters/{letter.pk}/", secure=True)
    assert paper.content.startswith(b"%PDF")
    again = client.post(f"{DESK}letters/{letter.pk}/", secure=True)
    assert again.content == paper.content
    letter.refresh_from_db()
    sent = {"version": letter.version, "way": "emailed"}
    url = f"{DESK}letters/{letter.pk}/sent/"
    client.post(url, sent, secure=True)
    letter.refresh_from_db()
    assert letter.way == ""  # the account has no address
    client.post(url, sent | {"way": "handed"}, secure=True)
    letter.refresh_from_db()
    assert (letter.way, letter.sent_by) == ("handed", house.users["officer"])
    page = text(get(client, f"{DESK}{row.pk}/"))
    assert "A letter about a request went out." in page
    assert "Who did what" in page


def test_a_letter_is_told_of_by_e_mail_without_content(house):
    row = noted(house)
    account = house.users["patient"]
    account.email = "mia@example.org"
    account.advance()
    account.save()
    letter = RightsLetter.objects.get(request=row)
    client = house.client("officer")
    client.post(
        f"{DESK}letters/{letter.pk}/sent/",
        {"version": letter.version, "way": "emailed"},
        secure=True,
    )
    letter.refresh_from_db()
    assert letter.way == "emailed"
    message = OutboxMessage.objects.get(topic="rights.letter")
    assert "Muster" not in message.text
    assert row.number not in message.text


def test_the_queue_narrows_and_costs_the_same_for_one_and_ten(house):
    client = house.client("officer")
    for number in range(10):
        noted(house, "erasure" if number else "access")
        if number == 0:
            get(client, DESK)
            with CaptureQueriesContext(connection) as few:
                get(client, DESK)
    with CaptureQueriesContext(connection) as many:
        page = text(get(client, DESK))
    assert page.count('<li class="c-list__row">') == 10
    assert len(few) == len(many)
    assert "working days left (PIPL target)" in page
    narrowed = text(get(client, f"{DESK}?kind=access"))
    assert narrowed.count('<li class="c-list__row">') == 1
    assert text(get(client, f"{DESK}?show=mine")).count('<li class="c-list__row">') == 0
    assert text(get(client, f"{DESK}?show=unassigned")).count('<li class="c-list__row">') == 10
    with CaptureQueriesContext(connection) as part:
        get(client, f"{DESK}of/{house.patient.pk}/", **{"HX-Request": "true"})
    assert len(part) < 40


def test_the_queue_goes_on_where_the_page_ended(house, monkeypatch):
    monkeypatch.setattr("consent.queries.requests.PAGE", 2)
    numbers = {noted(house, kind).number for kind in ("access", "erasure", "rectification")}
    client = house.client("officer")
    first = text(get(client, DESK))
    after = first.split("after=")[1].split('"')[0]
    second = text(get(client, f"{DESK}?show=open&kind=&after={after}"))
    assert {one for one in numbers if one in first} | {
        one for one in numbers if one in second
    } == numbers
    assert sum(one in first for one in numbers) == 2


def test_an_officer_notes_the_request_of_a_colleague(house):
    client, nurse = house.client("officer"), house.users["nurse"]
    said = {
        "kind": "access", "way": "staff", "received_on": "2026-11-20", "capacity": "self",
        "asked": "My own data.", "colleague": nurse.pk,
    }  # fmt: skip
    answer = client.post(f"{DESK}colleague/", said, secure=True)
    row = RightsRequest.objects.get()
    assert answer["Location"] == f"{DESK}{row.pk}/"
    assert (row.subject_of, row.subject_id, row.patient_id) == ("user", nurse.pk, None)
    assert "nurse" in text(get(client, f"{DESK}{row.pk}/"))
