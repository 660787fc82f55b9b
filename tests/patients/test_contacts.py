"""Household and contacts: who belongs to a patient, for how long, and who decides for a child."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.queries import records
from patients.models import Draft, Patient, RecordVersion, Relation
from patients.queries import chart as charts
from patients.queries import guardians
from patients.services import relations
from tests import consenting
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
FILLED = {"kind": "MTH", "name": "王芳", "related_number": "", "phone": "13800138000", "starts_on": "",
          "ends_on": "", "is_emergency_contact": "on", "is_guardian": "on"}  # fmt: skip
DAY = timedelta(days=1)


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def child():
    return cast.patient(
        "王", "小明", birth_on=timezone.localdate() - timedelta(days=3000), sex="male"
    )


def send(desk, patient, **changes):
    url = f"/patients/{patient.pk}/contacts/new/"
    return cast.browser(desk).post(url, FILLED | changes)


def page(desk, patient):
    return cast.words(cast.browser(desk).get(f"/patients/{patient.pk}/contacts/"))


def test_a_contact_from_outside_is_kept_sealed_and_shown(desk, child):
    assert send(desk, child).status_code == 302
    row = Relation.objects.get()
    with cast.acting(desk):
        assert (row.kind, row.is_guardian, row.shares_home) == ("MTH", True, False)
        assert row.telecoms[0]["value"] == "+8613800138000"
    shown = page(desk, child)
    for words in ("王芳", "Mother", "+8613800138000", "Emergency contact", "Guardian"):
        assert words in shown
    (event,) = cast.events("patients.relation.added")
    assert event.subjects == [child.pk]
    assert not list(records.verify_rows([row]))


def test_whom_to_call_stands_on_the_summary_as_long_as_it_holds(desk, child):
    yesterday = (timezone.localdate() - DAY).isoformat()
    send(desk, child, name="Old Aunt", ends_on=yesterday)
    send(desk, child, name="No Call", is_emergency_contact="")
    send(desk, child)
    shown = cast.words(cast.browser(desk).get(f"/patients/{child.pk}/"))
    assert "Emergency contact (Mother) 王芳, +8613800138000" in shown
    for name in ("Old Aunt", "No Call"):
        assert name not in shown
    consenting.allow(child)
    masked = cast.words(cast.browser(cast.staff("engagement")).get(f"/patients/{child.pk}/"))
    assert "王芳" not in masked


def test_a_failing_trail_takes_the_contact_back(desk, child, monkeypatch):
    def fail(*args, **options):
        raise OSError

    with cast.acting(desk), monkeypatch.context() as patch:
        patch.setattr("security.trail.record", fail)
        with pytest.raises(OSError), transaction.atomic():  # noqa: PT011
            relations.add(patient_id=child.pk, related_id=None, fields={"kind": "O"}, by=desk)
    assert not Relation.objects.exists()


def test_another_patient_is_named_by_number_and_each_page_shows_the_other(desk, child):
    mother = cast.patient("王", "芳", record_number="P-000007")
    assert send(desk, child, name="", phone="", related_number="p 000007").status_code == 302
    with cast.acting(desk):
        assert Relation.objects.get().related == mother
        assert not Relation.objects.get().names
    assert "王芳" in page(desk, child)
    shown = page(desk, mother)
    assert "Is a contact of" in shown
    assert "王小明" in shown


def test_a_related_patient_is_named_to_nobody_who_may_not_know_of_them(desk, child):
    cast.patient("王", "芳", record_number="P-000007")
    nurse = cast.staff("nurse")
    cast.care(nurse, child)
    assert send(nurse, child, name="", phone="", related_number="P-000007").status_code == 422
    send(desk, child, name="", phone="", related_number="P-000007")
    shown = page(nurse, child)
    assert "王芳" not in shown
    assert "A patient who is not open to you" in shown


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "KING"}, "kind"),
        ({"name": ""}, "name"),
        ({"name": "--"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"related_number": "P-1"}, "related_number"),
        ({"phone": ""}, "phone"),
        ({"phone": "0"}, "phone"),
        ({"starts_on": "2026-02-01", "ends_on": "2026-01-31"}, "ends_on"),
        ({"starts_on": "1800-01-01"}, "starts_on"),
        ({"ends_on": "9000-01-01"}, "ends_on"),
        ({"starts_on": "yesterday"}, "starts_on"),
    ],
)
def test_what_can_not_be_is_refused_beside_its_field(desk, child, changes, field):
    answer = send(desk, child, **changes)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Relation.objects.exists()


def test_nobody_is_a_contact_of_oneself(desk):
    mia = cast.patient(record_number="P-000007")
    assert send(desk, mia, name="", related_number="P-000007").status_code == 422
    with pytest.raises(IntegrityError), transaction.atomic():
        Relation.objects.create(patient=mia, related=mia)


def test_a_child_without_a_guardian_in_force_is_told_of_and_opened_all_the_same(desk, child):
    def banner():
        with cast.acting(desk):
            return charts.banner(charts.find(desk, child.pk, is_fresh=True)).get("guardian_missing")

    assert banner() is True
    assert "A guardian is needed" in page(desk, child)
    summary = cast.browser(desk).get(f"/patients/{child.pk}/")
    assert "This child needs a guardian" in cast.words(summary)
    yesterday = (timezone.localdate() - DAY).isoformat()
    send(desk, child, ends_on=yesterday)
    assert banner() is True
    send(desk, child, is_guardian="")
    assert banner() is True
    send(desk, child, starts_on=yesterday)
    assert banner() is None
    assert "A guardian is needed" not in page(desk, child)


def test_from_which_age_nobody_needs_a_guardian_is_a_setting(desk, settings):
    today = timezone.localdate()
    young = cast.patient(birth_on=today.replace(year=today.year - 15, day=1))
    assert not guardians.is_minor(Patient.objects.get(pk=young.pk))
    settings.GUARDIAN_AGE = 16
    assert guardians.is_minor(young)
    assert guardians.is_missing(young)
    settings.GUARDIAN_AGE = 0
    assert not guardians.is_minor(young)
    assert not guardians.is_minor(cast.patient())


def test_the_fourteenth_birthday_ends_the_need():
    child = Patient(birth_on=date(2010, 5, 4))
    assert guardians.is_minor(child, date(2024, 5, 3))
    assert not guardians.is_minor(child, date(2024, 5, 4))


def correct(client, row, **changes):
    url = f"/patients/{row.patient_id}/contacts/{row.pk}/"
    sent = FILLED | {"version": str(row.version), "reason": "moved away"} | changes
    return client.post(url, sent)


def test_a_relation_ends_by_a_correction_that_keeps_the_state_before(desk, child):
    send(desk, child)
    row = Relation.objects.get()
    ended = (timezone.localdate() - DAY).isoformat()
    assert correct(cast.browser(desk), row, ends_on=ended).status_code == 302
    assert "not in force" in page(desk, child)
    with cast.acting(desk):
        assert RecordVersion.objects.get().reason == "moved away"
    (event,) = cast.events("patients.relation.corrected")
    assert event.fields == ["patients.relation.ends_on"]


def test_two_who_correct_the_same_contact_see_each_other(desk, child):
    send(desk, child)
    row = Relation.objects.get()
    assert correct(cast.browser(desk), row, phone="13800138001").status_code == 302
    met = correct(cast.browser(cast.staff("receptionist")), row, phone="13800138002")
    assert met.status_code == 409
    assert "+8613800138001" in cast.words(met)
    assert "+8613800138002" in cast.words(met)
    row.refresh_from_db()
    with cast.acting(desk):
        assert row.telecoms[0]["value"] == "+8613800138001"
    assert correct(cast.browser(desk), row, phone="13800138002").status_code == 302


def test_a_draft_of_a_contact_comes_back(desk, child):
    client = cast.browser(desk)
    client.post(f"/patients/{child.pk}/drafts/relation/", FILLED | {"name": "half"})
    url = f"/patients/{child.pk}/contacts/new/"
    assert client.get(url).context["form"]["name"].value() == "half"
    client.post(url, FILLED)
    assert not Draft.objects.exists()


def test_who_may_read_and_who_may_write(desk, child):
    send(desk, child)
    row = Relation.objects.get()
    doctor, clerk = cast.staff("physician"), cast.staff("finance")
    cast.care(doctor, child)
    for user in (doctor, clerk):
        client = cast.browser(user)
        assert client.get(f"/patients/{child.pk}/contacts/").status_code == 200
        assert client.get(f"/patients/{child.pk}/contacts/new/").status_code == 403
        assert correct(client, row).status_code == 403
        assert "Add a contact" not in page(user, child)
    stranger = cast.browser(cast.staff("physician"))
    assert stranger.get(f"/patients/{child.pk}/contacts/").status_code == 404
    consenting.allow(child)
    assert (
        cast.browser(cast.staff("engagement")).get(f"/patients/{child.pk}/contacts/").status_code
        == 403
    )


def test_a_contact_is_found_under_its_own_patient_alone(desk, child):
    send(desk, child)
    row, other = Relation.objects.get(), cast.patient()
    client = cast.browser(desk)
    assert client.get(f"/patients/{other.pk}/contacts/{row.pk}/").status_code == 404
    row.patient = other
    assert correct(client, row).status_code == 404


def test_a_broken_contact_is_said_to_be_unavailable(desk, child):
    send(desk, child)
    cast.break_seal(Relation.objects.get(), "sealed")
    shown = page(desk, child)
    assert "unavailable" in shown.lower()
    assert "A guardian is needed" in shown


def test_how_many_contacts_there_are_costs_the_same_queries(desk, child):
    counts = []
    for number in (1, 10):
        while Relation.objects.count() < number:
            relative = cast.patient(record_number=f"P-{Relation.objects.count():06d}")
            fields = {"kind": "SIB", "is_guardian": True}
            with cast.acting(desk):
                relations.add(patient_id=child.pk, related_id=relative.pk, fields=fields, by=desk)
        client = cast.browser(desk)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/patients/{child.pk}/contacts/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
