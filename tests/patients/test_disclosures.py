"""Disclosures: noted once, sealed, accounted for over six years as the law lists them, and no others."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from patients.models import Disclosure
from patients.queries import disclosures as queries
from patients.services import disclosures
from security import trail
from security.exports import usable_by
from security.models import Export
from security.services import exports
from tests.patients import cast
from tests.security.exporting import HERE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
FORM = {
    "disclosed_on": "2026-05-04",
    "ground": "court",
    "recipient": "District court",
    "what": "Report of the visit of 3 May",
    "why": "Order in a damages case",
    "legal_basis": "Order 4 C 17",
}


@pytest.fixture
def officer():
    return cast.staff("compliance_officer")


@pytest.fixture
def mia():
    return cast.patient()


def told(**more):
    facts = FORM | {"disclosed_on": timezone.localdate()} | more
    return disclosures.Told(**facts)


def note(patient, by, **more):
    return disclosures.note(patient_id=patient.pk, told=told(**more), by=by)


def url(name, patient):
    return reverse(f"patients:{name}", args=[patient.pk])


def test_a_disclosure_is_sealed_and_the_event_says_no_more_than_that_there_was_one(mia, officer):
    row = note(mia, officer)
    row.refresh_from_db()
    assert row.recipient == "District court"
    assert b"court" not in bytes(row.sealed)
    event = cast.events("patients.disclosure.noted")[0]
    assert (event.subjects, event.actor_id, event.object_id) == ([mia.pk], officer.pk, row.pk)
    assert "court" not in str(event.__dict__).replace("detail", "")


def test_row_and_event_roll_back_together(mia, officer):
    def broken(entry):
        raise RuntimeError("no room")

    trail.install(broken)
    try:
        with pytest.raises(RuntimeError, match="no room"):
            note(mia, officer)
    finally:
        trail.uninstall(broken)
    assert not Disclosure.objects.exists()


@pytest.mark.parametrize(
    "more", [{"recipient": " "}, {"what": ""}, {"why": ""}, {"ground": "gossip"}]
)
def test_the_law_wants_recipient_content_and_purpose(mia, officer, more):
    with pytest.raises(disclosures.SaysTooLittle):
        note(mia, officer, **more)


def test_what_was_not_disclosed_yet_is_not_noted(mia, officer):
    with pytest.raises(disclosures.NotYetDisclosed):
        note(mia, officer, disclosed_on=timezone.localdate() + timedelta(days=1))


def test_six_years_are_accounted_for(mia, officer):
    first = queries.since()
    note(mia, officer, recipient="In time", disclosed_on=first)
    note(mia, officer, recipient="Too old", disclosed_on=first - timedelta(days=1))
    note(cast.patient("Other"), officer, recipient="Of another")
    assert [one["recipient"] for one in queries.of(mia.pk)["rows"]] == ["In time"]
    assert queries.since(date(2028, 2, 29)) == date(2022, 2, 28)


@pytest.mark.parametrize("ground", Disclosure.Ground.values)
def test_each_ground_is_listed_or_left_out_as_the_law_says(mia, officer, ground):
    note(mia, officer, ground=ground)
    found = queries.of(mia.pk)
    left = {
        "treatment",
        "payment",
        "operations",
        "patient",
        "authorised",
        "family",
        "security",
        "limited",
    }
    assert len(found["rows"]) == (0 if ground in left else 1)
    assert [one["count"] for one in found["left_out"]] == ([1] if ground in left else [])


def test_what_an_authority_wants_kept_silent_is_left_out_until_its_day(mia, officer):
    today = timezone.localdate()
    note(mia, officer, recipient="Police", ground="police", silent_until=today + timedelta(days=9))
    note(mia, officer, recipient="Over", ground="police", silent_until=today)
    found = queries.of(mia.pk)
    assert [one["recipient"] for one in found["rows"]] == ["Over"]
    assert found["silent"] == 1


def test_an_officer_notes_one_and_gives_the_accounting_out(mia, officer):
    client = cast.browser(officer)
    assert client.post(url("disclosure_note", mia), {}).status_code == 422
    tomorrow = str(timezone.localdate() + timedelta(days=1))
    wrong = client.post(url("disclosure_note", mia), FORM | {"disclosed_on": tomorrow})
    assert wrong.status_code == 422
    assert client.post(url("disclosure_note", mia), FORM).url == url("disclosures", mia)
    text = cast.words(client.get(url("disclosures", mia)))
    for said in (
        "District court",
        "Report of the visit of 3 May",
        "Order 4 C 17",
        "The law leaves out",
    ):
        assert said in text
    event = cast.events("patients.disclosure.accounted")[0]
    assert (event.subjects, event.counts) == ([mia.pk], {"disclosures": 1})


def test_reception_notes_and_reads_no_accounting_and_others_have_neither(mia, officer):
    note(mia, officer)
    desk = cast.browser(cast.staff("receptionist"))
    assert desk.post(url("disclosure_note", mia), FORM).url == url("patient", mia)
    assert desk.get(url("disclosures", mia)).status_code == 403
    nurse = cast.staff("nurse")
    assert cast.browser(nurse).get(url("disclosures", mia)).status_code == 404
    cast.care(nurse, mia)
    assert cast.browser(nurse).get(url("disclosures", mia)).status_code == 200
    assert cast.browser(nurse).post(url("disclosure_note", mia), FORM).status_code == 403


def test_the_export_holds_what_its_reader_may_see_and_what_the_law_lists(mia, officer):
    note(mia, officer)
    note(mia, officer, ground="treatment", recipient="Hospital")
    doctor, clerk = cast.staff("physician"), cast.staff("finance")
    with cast.acting(clerk, "HPAYMT"):
        found = list(queries.rows(clerk, {"patient": mia.pk}))
    assert [row[1] for row in found] == ["District court"]
    with cast.acting(doctor, "TREAT"):
        assert list(queries.rows(doctor, {"patient": mia.pk})) == []


def test_the_page_asks_as_often_for_one_as_for_ten(mia, officer):
    client = cast.browser(officer)

    def count():
        with cast.CaptureQueries() as captured:
            client.get(url("disclosures", mia))
        return len(captured)

    note(mia, officer)
    count()
    one = count()
    for _number in range(10):
        note(mia, officer)
    assert count() == one


def test_who_manages_rights_exports_the_accounting_and_nothing_else(mia, officer):
    note(mia, officer)
    assert {one.key for one in usable_by(officer)} == {
        "disclosures",
        "processing-en",
        "processing-zh",
    }
    assert "disclosures" in [one.key for one in usable_by(cast.staff("finance"))]
    assert usable_by(cast.staff("auditor")) == usable_by(cast.staff("receptionist")) == []
    client = cast.browser(officer)
    asking = reverse("security:export_ask", args=["disclosures"])
    assert f"{asking}?patient={mia.pk}" in client.get(url("disclosures", mia)).content.decode()
    assert str(mia.pk) in client.get(asking, {"patient": mia.pk}).content.decode()
    assert client.get(reverse("security:export_ask", args=["patients"])).status_code == 404
    said = {
        "patient": str(mia.pk),
        "purpose": "PATRQT",
        "kind": "csv",
        "reason": "The patient asked for it",
    }
    assert client.post(asking, said).status_code == 302
    row = Export.objects.get()
    with pytest.raises(exports.OwnExport):
        exports.approve(export_id=row.pk, by=officer)
    second = cast.staff("compliance_officer")
    with cast.acting(second, "HCOMPL"):
        exports.approve(export_id=row.pk, by=second)
    with cast.acting(officer, "PATRQT"):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=officer)
    made = exports.produce(export_id=row.pk)
    with cast.acting(officer, "PATRQT"):
        file = exports.open_file(export_id=made.pk, sign_in_ref=HERE, by=officer)[1]
    assert b"District court" in file
