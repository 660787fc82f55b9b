"""Who saw my record: grouped, in plain words, with purpose and ground; and what the patient does not recognise."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from audit.models import Alert, Event
from audit.queries import ledger, who_saw
from audit.services import monitoring, questions
from patients.models import PortalAccount
from patients.services import merges
from security import trail
from security.ids import new_id
from tests import world
from tests.audit import reviewing
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
DIAGNOSIS = ["patients.condition.code_text"]


@pytest.fixture
def nurse():
    return cast.staff("nurse", name="Nurse Hu")


@pytest.fixture
def mia():
    return cast.patient()


def read(by, *patients, fields=DIAGNOSIS, at=None, **more):
    with cast.acting(by) as here:
        here.basis = more.pop("basis", "team")
        told = {"by": by, "subjects": [one.pk for one in patients], "fields": fields} | more
        if at is None:
            return trail.record("security.record.read", **told)
        with time_machine.travel(at, tick=False):
            return trail.record("security.record.read", **told)


def groups(patient):
    return who_saw.page(patient.pk)["groups"]


def test_it_says_who_when_what_what_for_and_on_what_ground(nurse, mia):
    read(nurse, mia, fields=[*DIAGNOSIS, "patients.patient.names"])
    found = groups(mia)
    assert {(one.who, one.part) for one in found} == {
        ("Nurse Hu", "Diagnoses"),
        ("Nurse Hu", "Name and contact"),
    }
    assert list(found[0].purposes.values()) == ["Treatment"]
    assert list(found[0].bases.values()) == ["care team"]


def test_what_one_person_did_with_one_part_on_one_day_is_one_line(nurse, mia):
    day, next_day = datetime(2026, 11, 3, 9, tzinfo=UTC), datetime(2026, 11, 4, 9, tzinfo=UTC)
    for at in (day, day.replace(hour=11), next_day):
        read(nurse, mia, at=at)
    read(cast.staff("physician", name="Dr Lin"), mia, at=day)
    lines = [(one.day.day, one.who, one.count) for one in groups(mia)]
    assert sorted(lines) == [(3, "Dr Lin", 1), (3, "Nurse Hu", 2), (4, "Nurse Hu", 1)]
    twice = next(one for one in groups(mia) if one.count == 2)
    assert (twice.first_at.hour, twice.last_at.hour) == (9, 11)


@override_settings(WHO_SAW_SHOWS="role")
def test_the_clinic_may_show_roles_in_place_of_names(nurse, mia):
    read(nurse, mia)
    assert [one.who for one in groups(mia)] == ["Nurse"]


def test_no_account_of_another_patient_is_named(mia):
    read(world.person(kind="patient", name="Somebody Else"), mia)
    assert [one.who for one in groups(mia)] == ["The patient or a representative"]


def test_an_emergency_is_marked(nurse, mia):
    read(nurse, mia, basis="break_glass", purpose="ETREAT")
    assert groups(mia)[0].is_emergency


def test_what_was_refused_or_concerns_others_or_accounts_is_not_told(nurse, mia):
    read(nurse, cast.patient("Other"))
    read(nurse, mia, fields=["security.user.display_name"])
    read(nurse, mia, outcome="refused")
    assert groups(mia) == []


def test_a_deed_without_fields_is_told_by_its_sentence(nurse, mia):
    with cast.acting(nurse):
        trail.record("patients.note.signed", by=nurse, subjects=[mia.pk])
    assert [one.part for one in groups(mia)] == ["A note was signed."]


def test_what_was_read_of_a_record_before_it_was_merged_stays_visible(nurse, mia):
    twin, desk = cast.patient(), cast.staff("receptionist")
    read(nurse, mia)
    with transaction.atomic():
        merges.merge(
            survivor_id=twin.pk, survivor_version=1, absorbed_id=mia.pk, absorbed_version=1,
            choices={}, is_birth_confirmed=True, reason="same", by=desk,
        )  # fmt: skip
    assert ("Nurse Hu", "Diagnoses") in {(one.who, one.part) for one in groups(twin)}


def test_pages_hold_whole_days_and_lose_nothing(nurse, mia, monkeypatch):
    monkeypatch.setattr(who_saw, "EVENTS", 5)
    for number in range(12):
        read(nurse, mia, at=datetime(2026, 11, 1 + number // 4, 8 + number % 4, tzinfo=UTC))
    after, seen = "", []
    while True:
        page = who_saw.page(mia.pk, after=after)
        seen += [(one.day.day, one.count) for one in page["groups"]]
        after = page["next"]
        if not after:
            break
    assert seen == [(3, 4), (2, 4), (1, 4)]


def test_it_asks_as_often_for_one_as_for_ten(nurse, mia):
    def count():
        with cast.CaptureQueries() as captured:
            groups(mia)
        return len(captured)

    read(nurse, mia)
    one = count()
    for _number in range(10):
        read(cast.staff("nurse"), mia)
    assert count() == one


def test_a_proof_is_offered_once_the_ledger_holds_the_event(nurse, mia, monkeypatch):
    first, second = read(nurse, mia), read(cast.staff("physician"), mia)
    assert {one.proof_url for one in groups(mia)} == {""}
    monkeypatch.setattr(
        ledger, "receipt_urls", lambda ids: {first: "/proof/"} if first in ids else {}
    )
    links = {one.event_id: one.proof_url for one in groups(mia)}
    assert links == {first: "/proof/", second: ""}


def page(user, patient, name="who_saw", data=None, **more):
    client, url = cast.browser(user), reverse(f"audit:{name}", args=[patient.pk])
    return client.get(url, **more) if data is None else client.post(url, data)


def test_officers_and_auditors_see_it_on_the_record_and_it_is_told(nurse, mia):
    read(nurse, mia)
    for role in ("compliance_officer", "auditor"):
        user = cast.staff(role)
        text = cast.words(page(user, mia))
        assert "Nurse Hu" in text
        assert cast.events("audit.trail.searched")[-1].subjects == [mia.pk]
        tab = cast.browser(user).get(reverse("patients:access", args=[mia.pk]))
        assert reverse("audit:who_saw", args=[mia.pk]) in tab.content.decode()
        part = page(user, mia, headers={"HX-Request": "true"})
        assert "<html" not in part.content.decode()
        assert "Nurse Hu" in cast.words(part)


def test_nobody_else_sees_it(nurse, mia):
    cast.care(nurse, mia)
    assert page(nurse, mia).status_code == 403
    tab = cast.browser(nurse).get(reverse("patients:access", args=[mia.pk]))
    assert "who-saw" not in tab.content.decode()
    assert page(cast.staff("administrator"), mia).status_code == 404
    assert page(cast.staff("physician"), mia).status_code == 404


def test_what_the_patient_does_not_recognise_is_an_event_with_the_words_sealed(nurse, mia):
    officer, event_id = reviewing.officer(), read(nurse, mia)
    said = {"event": str(event_id), "words": "I was abroad that week"}
    text = cast.words(page(officer, mia, "question", said))
    for words in ("What happens next", "It is on the trail now"):
        assert words in text
    event = cast.events("audit.access.questioned")[0]
    assert event.subjects == [mia.pk, nurse.pk]
    assert (event.object_label, event.object_id, event.on_behalf_of) == (
        "audit.event",
        event_id,
        mia.pk,
    )
    assert "abroad" not in str(event.__dict__)


def test_an_event_of_somebody_else_is_not_asked_about(nurse, mia):
    event_id = read(nurse, cast.patient("Other"))
    for wrong, status in ((str(event_id), 404), (str(new_id()), 404), ("x", 422), ("", 422)):
        assert page(reviewing.officer(), mia, "question", {"event": wrong}).status_code == status
    assert page(cast.staff("auditor"), mia, "question", {"event": str(event_id)}).status_code == 403
    assert not cast.events("audit.access.questioned")


@pytest.fixture
def account(mia):
    user = world.person(kind="patient", name="Mia")
    PortalAccount.objects.create(user=user, patient=mia, capacity="self")
    return user


def test_a_patient_takes_proofs_of_the_own_record_and_of_no_other(nurse, mia, account):
    mine, other = read(nurse, mia), read(nurse, cast.patient("Other"))
    with cast.acting(account, "PATRQT"):
        own, others = (Event.objects.get(pk=one) for one in (mine, other))
        assert (who_saw.may_prove(account, own), who_saw.may_prove(account, others)) == (
            True,
            False,
        )
    with cast.acting(nurse):
        assert who_saw.may_prove(nurse, own)
        assert not who_saw.may_prove(cast.staff("physician"), own)


def test_a_patient_says_that_an_access_is_not_recognised_and_an_alert_follows(nurse, mia, account):
    event_id = read(nurse, mia)
    with cast.acting(account, "PATRQT"):
        questions.ask(patient_id=mia.pk, event_id=event_id, words="Who is that?", by=account)
    (event,) = cast.events("audit.access.questioned")
    assert (event.actor_id, event.on_behalf_of, event.subjects) == (
        account.pk,
        None,
        [mia.pk, nurse.pk],
    )
    monitoring.run()
    assert Alert.objects.get(rule="R21").actor_id == nurse.pk
