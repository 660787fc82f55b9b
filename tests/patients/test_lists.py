"""The list of the home page: one's own patients, as far as they may be shown, page by page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from patients.models import CareRelationship, Patient, TeamAssignment
from patients.queries import lists
from security.models import Unit
from tests import consenting
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def listed(user, **options):
    with cast.acting(user, options.pop("purpose", "")):
        return lists.recent(user, **options)


def names(page):
    return [row.get("name") for row in page["rows"]]


def test_a_physician_sees_the_own_patients_and_the_latest_active_first():
    doctor = cast.staff("physician")
    old, new, _other = (cast.patient(given=name, days_ago=age) for name, age in (("Ida", 3), ("Ada", 1), ("Eve", 0)))  # fmt: skip
    cast.care(doctor, old, new)
    page = listed(doctor)
    assert names(page) == ["Ada Muster", "Ida Muster"]
    assert (page["total"], page["shown"], page["next_url"]) == (2, 2, None)
    assert page["rows"][0]["url"] == reverse("patients:patient", args=[new.pk])
    assert str(page["rows"][0]["basis"]) == "you are responsible for this patient"


def test_reception_sees_everybody_and_no_ground_that_says_nothing():
    cast.patients(3)
    page = listed(cast.staff("receptionist"))
    assert page["total"] == 3
    assert {row["basis"] for row in page["rows"]} == {""}


@pytest.mark.parametrize("role", ["engagement", "compliance_officer", "auditor"])
def test_who_may_not_know_names_sees_them_masked(role):
    nana = cast.patient(
        names=[{"text": "欧阳娜娜", "family": "欧阳", "given": ["娜娜"]}],
        birth_on=date(1985, 2, 28), record_number="AH-10000123", sex="female",
    )  # fmt: skip
    consenting.allow(nana)
    (row,) = listed(cast.staff(role))["rows"]
    assert (row["name"], row["birth"], row["record_number"]) == ("欧**", "1985", "**** 0123")
    assert row["masked"]
    assert not row["locked"]
    assert "other_name" not in row
    assert "娜" not in str(row)


def test_an_officer_sees_names_only_of_an_open_case():
    officer = cast.staff("compliance_officer")
    case, _other = cast.patient(given="Ida"), cast.patient(given="Ada", days_ago=1)
    cast.care(officer, case, source=cast.Source.CASE)
    assert names(listed(officer)) == ["Ida Muster", "A. M."]


def test_a_confidential_chart_is_locked_unless_one_cares_for_the_patient():
    vip = cast.patient(confidentiality="vip")
    doctor = cast.staff("physician")
    cast.care(doctor, vip)
    (seen,) = listed(doctor)["rows"]
    assert (seen["name"], seen["locked"], seen["masked"]) == ("Mia Muster", False, False)
    (seen,) = listed(cast.staff("receptionist"))["rows"]
    assert (seen["name"], seen["locked"], seen["masked"]) == ("M. M.", True, True)
    assert str(seen["tags"][0]["text"]) == "VIP"


def test_nobody_is_listed_for_who_reads_no_patients():
    cast.patient()
    admin = cast.staff("administrator")
    with CaptureQueriesContext(connection) as made:
        assert listed(admin)["rows"] == []
    assert not [one for one in made.captured_queries if "patients_patient" in one["sql"]]


def test_nobody_is_listed_for_a_purpose_that_is_not_the_roles():
    doctor, mia = cast.staff("physician"), cast.patient()
    cast.care(doctor, mia)
    page = listed(doctor, purpose="HMARKT")
    assert (page["rows"], page["next_url"]) == ([], None)


@pytest.mark.parametrize("role", ["receptionist", "physician", "compliance_officer"])
def test_the_number_of_queries_does_not_grow_with_the_rows(role):
    reader, many = cast.staff(role), cast.patients(25)
    if role != "receptionist":
        source = "case" if role == "compliance_officer" else "responsible"
        cast.care(reader, *many[::2], source=source)
    counts = []
    for shown in (2, 25):
        lists_page, lists.PAGE = lists.PAGE, shown
        try:
            with CaptureQueriesContext(connection) as made:
                page = listed(reader)
        finally:
            lists.PAGE = lists_page
        assert page["rows"]
        counts.append(len(made))
    # One more asks whether anything of anybody is closed by law.
    assert counts[0] == counts[1] <= 11


def test_the_body_of_a_record_is_not_fetched_for_a_list():
    cast.patients(2)
    with CaptureQueriesContext(connection) as made:
        listed(cast.staff("receptionist"))
    rows = [one["sql"] for one in made.captured_queries if '"sealed_card"' in one["sql"]]
    assert any('"patients_patient"."sealed_card"' in sql for sql in rows)
    assert not any('"patients_patient"."sealed"' in sql for sql in rows)


def test_pages_show_everybody_once_even_at_one_instant(monkeypatch):
    monkeypatch.setattr(lists, "PAGE", 4)
    many = cast.patients(11)
    Patient.objects.filter(pk__in=[one.pk for one in many[2:8]]).update(
        last_activity_at=timezone.now()
    )
    desk, seen, after = cast.staff("receptionist"), [], ""
    for _page in range(3):
        page = listed(desk, after=after)
        seen += [row["url"] for row in page["rows"]]
        after = (page["next_url"] or "").removeprefix("?after=")
    assert page["next_url"] is None
    assert len(seen) == len(set(seen)) == 11


def test_a_patient_who_becomes_active_meanwhile_moves_nobody(monkeypatch):
    monkeypatch.setattr(lists, "PAGE", 2)
    many, desk = cast.patients(4), cast.staff("receptionist")
    first = listed(desk)
    Patient.objects.filter(pk=many[3].pk).update(
        last_activity_at=timezone.now() + timedelta(hours=1)
    )
    second = listed(desk, after=first["next_url"].removeprefix("?after="))
    assert names(second) == ["Nr002 Muster"]
    assert second["total"] is None


@pytest.mark.parametrize(
    "after",
    ["x", "x" * 32, "-" * 32, "' OR 1=1 --", "\x00" * 32, "é" * 32, "9" * 31, "_" * 32, "A" * 4000],
)
def test_a_cursor_that_is_none_begins_anew_or_ends(after):
    cast.patients(2)
    assert len(listed(cast.staff("receptionist"), after=after)["rows"]) in {0, 2}


def test_beyond_a_thousand_nobody_counts(monkeypatch):
    monkeypatch.setattr(lists, "COUNTED", 3)
    cast.patients(5)
    page = listed(cast.staff("receptionist"))
    assert (page["total"], page["is_long"]) == (None, True)


def test_a_broken_seal_leaves_a_row_and_is_an_event():
    whole, broken = cast.patient(given="Ida"), cast.patient(given="Ada", days_ago=1)
    cast.break_seal(broken)
    shown = cast.words(cast.browser(cast.staff("receptionist")).get("/"))
    assert "Ida Muster" in shown
    assert "Unavailable" in shown
    assert "Ada" not in shown
    (event,) = cast.events("security.seal.broken")
    assert event.subjects == [broken.pk]
    assert whole.pk in cast.events("security.record.read")[-1].subjects


def test_what_a_list_shows_is_one_read_of_all_its_people():
    shown = cast.patients(3)
    desk = cast.staff("receptionist")
    cast.browser(desk).get("/")
    (event,) = [one for one in cast.events("security.record.read") if one.actor_id == desk.pk]
    assert {one.pk for one in shown} <= set(event.subjects)
    assert "patients.patient.names" in event.fields


def test_who_waits_for_a_doctor_is_counted_and_named():
    waits, given, teamed, past = cast.patients(4)
    doctor = cast.staff("physician")
    cast.care(doctor, given)
    unit = Unit.objects.create(name="Ward", kind="team")
    TeamAssignment.objects.create(patient=teamed, unit=unit)
    CareRelationship.objects.create(
        user=doctor, patient=past, source="responsible",
        starts_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    desk = cast.staff("receptionist")
    with cast.acting(desk):
        card = lists.unassigned_card(desk)
    assert card["count"] == 2
    assert [row["name"] for row in card["rows"]] == ["Nr000 Muster", "Nr003 Muster"]
    assert waits.pk
