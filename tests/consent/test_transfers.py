"""Data abroad: recipients, mechanisms, counters, limits, agreements."""

import threading
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import Event
from consent.models import Consent, OverseasRecipient, Transfer, TransferPerson
from consent.queries import transfers as queries
from consent.services import overseas, purposes, transfers
from patients.models import Patient
from security.ids import new_id
from tests import world
from tests.consent.conftest import asked, recipient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def people(system):
    rows = [Patient(names=[{"text": "A"}], birth_on=date(1980, 1, 1)) for _ in range(6)]
    return [row.pk for row in Patient.objects.bulk_create(rows)]


@pytest.fixture
def limits(settings):
    settings.CROSS_BORDER_CONTRACT_FROM = 3
    settings.CROSS_BORDER_ASSESSMENT_FROM = 5
    settings.CROSS_BORDER_SENSITIVE_FROM = 3


def note(row, people, categories=()):
    return transfers.note(patient_ids=people, recipient_id=row.pk, categories=categories, by=None)


def refused(row, people, categories=()):
    with pytest.raises(transfers.NotAllowed) as refusal:
        note(row, people, categories)
    return str(refusal.value)


def test_a_person_is_counted_once_a_year_and_each_sending_is_kept(register, people):
    row = recipient(register)
    note(row, people[:2])
    note(row, people[:3])
    assert Transfer.objects.count() == 5
    assert TransferPerson.objects.count() == 3
    assert [one["number"] for one in queries.counters(queries.today().year)] == [0, 3, 3]
    assert queries.days(queries.today())[0]["ordinary"] == 3
    event = Event.objects.filter(action="consent.transfer.noted").latest("recorded_at")
    assert set(event.subjects) == set(people[:3])
    with pytest.raises(DatabaseError), transaction.atomic():
        Transfer.objects.update(is_sensitive=True)


def test_at_new_year_the_counter_of_the_year_that_is_locked_decides(
    register, people, limits, monkeypatch
):
    row = recipient(register, mechanism="exempt")
    note(row, people[:2])
    eve = queries.today()
    days = iter([eve])
    monkeypatch.setattr(queries, "today", lambda: next(days, eve.replace(year=eve.year + 1)))
    refused(row, people[2:3])
    assert set(TransferPerson.objects.values_list("year", flat=True)) == {eve.year}


def test_the_limits_shipped_are_those_of_the_law(register):
    contract, exempt = recipient(register), recipient(register, key="x", mechanism="exempt")
    assert queries.limit_of("contract", is_sensitive=True) == 10_000
    assert queries.limit_of("certification", is_sensitive=False) == 1_000_000
    assert queries.limit_of("exempt", is_sensitive=False) == 100_000
    assert queries.limit_of("exempt", is_sensitive=True) == 0
    assert queries.limit_of("assessment", is_sensitive=True) is None
    assert contract.mechanism != exempt.mechanism


def test_at_a_limit_the_stronger_mechanism_is_needed(register, people, limits):
    exempt, contract = recipient(register, mechanism="exempt"), recipient(register, key="other")
    note(exempt, people[:2])
    assert "from 3 on a contract" in refused(exempt, people[:3])
    note(contract, people[:4])
    assert "from 5 on a security assessment" in refused(contract, people[:5])
    # Whoever is counted already may be what reaches the limit as well.
    assert "from 3 on a contract" in refused(exempt, people[:1])
    assessed = recipient(register, key="third", mechanism="assessment")
    note(assessed, people)
    assert Event.objects.filter(action="consent.transfer.refused").count() == 3
    assert Event.objects.filter(action="consent.limit.neared").count() == 1


def test_sensitive_data_have_their_own_limit_and_no_exemption_and_children_count_with_them(
    register, people, limits
):
    row = recipient(register, categories=["demographics", "clinical"])
    note(row, people[:2], ["clinical"])
    assert "from 3 on a security" in refused(row, people[:3], ["clinical"])
    note(row, people[2:4], ["demographics"])
    exempt = recipient(register, key="free", mechanism="exempt")
    child = Patient.objects.create(names=[{"text": "C"}], birth_on=timezone.localdate() - timedelta(days=900))  # fmt: skip
    assert "no exemption by volume" in refused(exempt, [child.pk])
    assert queries.sensitive_among([child.pk, people[0]], ["demographics"]) == {child.pk}


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"ended_at": timezone.now()}, "was ended"),
        ({"mechanism_on": timezone.localdate() + timedelta(days=2)}, "not begun yet"),
        ({"expires_on": timezone.localdate() - timedelta(days=2)}, "has expired"),
    ],
)
def test_a_mechanism_that_does_not_hold_lets_nothing_go(register, people, other, sentence):
    assert sentence in refused(recipient(register, **other), people)


def test_other_kinds_nobody_and_a_retired_purpose_are_refused(register, people, officer):
    row = recipient(register)
    assert "other kinds" in refused(row, people, ["clinical"])
    assert "Nobody" in refused(row, [])
    assert "no record here" in refused(row, [*people, new_id()])
    purposes.retire(purpose_id=register["abroad"].pk, reason="No more", by=officer)
    assert "not in use" in refused(row, people)
    assert not transfers.allow(people, OverseasRecipient.objects.get()).allowed


def test_without_separate_agreement_nothing_goes_and_with_it_it_does(register, people):
    row = recipient(register, needs_separate_consent=True)
    for channel, one in (("lab", people[0]), ("another", people[1]), ("", people[2])):
        Consent.objects.create(
            patient_id=one, purpose=row.purpose, channel=channel, state="granted", since=timezone.now()
        )  # fmt: skip
    assert "2 of these people did not agree" in refused(row, people[:3])
    assert transfers.allow(people[:1], row).allowed
    Consent.objects.filter(channel="lab").update(state="withdrawn")
    assert "1 of these people" in transfers.allow(people[:1], row).reason


def test_a_clinic_outside_china_counts_and_refuses_nobody(register, people, limits, monkeypatch):
    monkeypatch.setattr(queries.purposes, "laws_of_clinic", lambda: ["gdpr"])
    note(recipient(register, mechanism="exempt"), people)
    assert TransferPerson.objects.count() == len(people)
    assert queries.waits() == 0


def test_asking_takes_the_same_number_of_queries_for_one_and_for_many(
    register, people, django_assert_num_queries
):
    row = OverseasRecipient.objects.select_related("purpose").get(pk=recipient(register).pk)
    for some in (people[:1], people):
        # Who are children is read from the patients, and their keys come with one query.
        with django_assert_num_queries(7):
            assert transfers.allow(some, row).allowed


def fit(register, **other):
    return {
        "name": "Lab", "name_zh": "实验室", "contact": "dpo@lab.example", "country": "DE",
        "purpose": register["abroad"], "categories": ["clinical"], "mechanism": "contract", "reference": "",
        "mechanism_on": timezone.localdate(), "expires_on": None, "needs_separate_consent": True, **other,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"country": "XX"}, "no country"),
        ({"categories": ["billing"]}, "does not use"),
        ({"mechanism": "exempt"}, "no exemption"),
        ({"expires_on": date(2020, 1, 1)}, "past"),
        ({"mechanism_on": date(2099, 1, 1), "expires_on": date(2098, 1, 1)}, "before it begins"),
    ],
)
def test_a_recipient_that_can_not_be_is_refused(register, officer, other, sentence):
    with pytest.raises(overseas.Unfit, match=sentence):
        overseas.add(key="lab", content=fit(register, **other), by=officer)


def test_a_purpose_that_stays_here_names_nobody_abroad(register, officer):
    with pytest.raises(overseas.Unfit):
        overseas.add(key="lab", content=fit(register, purpose=register["care"]), by=officer)


def test_two_recipients_have_two_keys_and_the_second_of_two_officers_meets_a_conflict(
    register, officer
):
    row = overseas.add(key="lab", content=fit(register), by=officer)
    with pytest.raises(overseas.KeyTaken):
        overseas.add(key="LAB", content=fit(register), by=officer)
    change = {
        "recipient_id": row.pk,
        "version": 1,
        "content": fit(register, name="L"),
        "by": officer,
    }
    assert overseas.change(**change).version == 2
    with pytest.raises(overseas.Conflict):
        overseas.change(**change)
    overseas.end(recipient_id=row.pk, by=officer)
    with pytest.raises(overseas.Ended):
        overseas.change(**change | {"version": 3})


def test_the_page_of_the_register(register, officer, people):
    row = recipient(register, expires_on=timezone.localdate() + timedelta(days=5))
    note(row, people)
    assert queries.waits() == 1
    one = asked(queries.register)
    for key in ("two", "three", "four"):
        recipient(register, key=key)
    assert asked(queries.register) == one
    browser = world.signed_in(officer, world.factor_of(officer))
    page = browser.get("/consent/abroad/", secure=True).content.decode()
    assert all(word in page for word in ("Lab", "Ends soon", "dpo@lab.example"))
    url = f"/consent/abroad/{row.pk}/"
    form = fit(register, purpose=row.purpose_id, version=1, needs_separate_consent="on")
    form = {name: value for name, value in form.items() if value is not None}
    assert browser.post(url, form | {"country": "1!"}, secure=True).status_code == 422
    assert browser.post(url, form | {"contact": "x" * 10_000}, secure=True).status_code == 422
    assert browser.post(url, form | {"country": "zz"}, secure=True).status_code == 422
    assert browser.post(url, form, secure=True).status_code == 302
    assert browser.post(url, form | {"name": "Mine"}, secure=True).status_code == 409
    assert browser.post(f"{url}end/", secure=True).status_code == 302
    row.refresh_from_db()
    assert row.ended_at


@pytest.mark.django_db(transaction=True)
def test_two_sendings_at_once_never_pass_a_limit_together(register, people, limits):
    row, faults = recipient(register, mechanism="exempt"), []

    def send(some):
        try:
            with transfers.trail.acting_for(system="tests", purpose="HOPERAT"):
                note(row, some)
        except transfers.NotAllowed:
            faults.append(some)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=([one],)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert TransferPerson.objects.count() == 2
    assert len(faults) == len(people) - 2
