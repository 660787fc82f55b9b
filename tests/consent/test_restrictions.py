"""Restricting the use of data and lifting it: who may, what is refused, pages, trail, two writers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.queries import records
from consent.forms.restrictions import Restrict
from consent.models import ProcessingRestriction, RightsRequest
from consent.services import restrictions
from security import trail
from security.access.decision import decide
from security.access.permissions import Permission
from security.access.registry import Basis
from security.ids import new_id
from security.sealing import StaleRecord
from tests import consenting, world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
DAY = timedelta(days=1)
WHY = "The address is disputed by the patient"


@pytest.fixture
def mia():
    return cast.patient()


@pytest.fixture
def officer():
    return cast.staff("compliance_officer")


def restrict(patient, by, kind="restricted", **fields):
    return restrictions.restrict(
        patient_id=patient.pk, kind=kind, by=by, **({"reason": WHY} | fields)
    )


# Deeds


def test_what_is_restricted_is_refused_at_the_next_decision_and_lifted_it_is_open(mia, officer):
    doctor = cast.staff("physician")
    cast.care(doctor, mia)
    told = []
    assert decide(doctor, Permission.CLINICAL_READ, mia.pk, "TREAT").allowed
    row = restrict(mia, officer)
    told.append(decide(doctor, Permission.CLINICAL_READ, mia.pk, "TREAT"))
    restrictions.lift(restriction_id=row.pk, by=officer)
    told.append(decide(doctor, Permission.CLINICAL_READ, mia.pk, "TREAT"))
    assert [(one.allowed, one.source) for one in told] == [(False, row.pk), (True, None)]
    assert told[1].basis is Basis.RESPONSIBLE


def test_row_and_trail_stand_together_and_the_reason_is_sealed(mia, officer):
    row = restrict(mia, officer, until=timezone.now() + DAY)
    stored = ProcessingRestriction.objects.get(pk=row.pk)
    assert (stored.reason, stored.set_by) == (WHY, officer)
    event = Event.objects.get(action="consent.restriction.imposed")
    assert (event.subjects, event.object_id) == ([mia.pk], row.pk)
    assert "kind:restricted" in event.fields
    assert WHY not in str(event.__dict__)
    assert not list(records.verify_rows([stored]))
    lifted = restrictions.lift(restriction_id=row.pk, reason="Settled with the patient", by=officer)
    assert lifted.ended_by == officer
    assert Event.objects.filter(action="consent.restriction.lifted", object_id=row.pk).exists()
    assert not list(records.verify_rows([ProcessingRestriction.objects.get(pk=row.pk)]))


@pytest.mark.parametrize("deed", ["restrict", "lift"])
def test_a_failing_trail_takes_the_deed_back(mia, officer, deed):
    def broken(entry):
        raise RuntimeError

    row = restrict(mia, officer, kind="storage")
    trail.install(broken)
    deeds = {
        "restrict": lambda: restrict(mia, officer),
        "lift": lambda: restrictions.lift(restriction_id=row.pk, by=officer),
    }
    try:
        with pytest.raises(RuntimeError), transaction.atomic():
            deeds[deed]()
    finally:
        trail.uninstall(broken)
    (stored,) = ProcessingRestriction.objects.filter(patient=mia)
    assert (stored.pk, stored.ends_at) == (row.pk, None)


@pytest.mark.parametrize(
    ("role", "kind", "may"),
    [
        ("compliance_officer", "storage", True),
        ("receptionist", "self_pay", True),
        ("receptionist", "restricted", False),
        ("receptionist", "objection", False),
        ("physician", "self_pay", False),
        ("auditor", "restricted", False),
        ("finance", "self_pay", False),
        ("engagement", "self_pay", False),
    ],
)
def test_officers_restrict_and_reception_notes_who_pays_alone(mia, role, kind, may):
    user = cast.staff(role)
    fields = {"purpose": consenting.purpose()} if kind == "objection" else {}
    if may:
        row = restrict(mia, user, kind, **fields)
        assert restrictions.lift(restriction_id=row.pk, by=user).ends_at
        return
    with pytest.raises(restrictions.NotYours):
        restrict(mia, user, kind, **fields)
    row = restrict(mia, None, kind, **fields)
    with pytest.raises(restrictions.NotYours):
        restrictions.lift(restriction_id=row.pk, by=user)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"kind": "nothing"}, restrictions.SaysTooLittle),
        ({"kind": ""}, restrictions.SaysTooLittle),
        ({"reason": "  \n "}, restrictions.SaysTooLittle),
        ({"kind": "objection"}, restrictions.SaysTooLittle),
        ({"categories": ["consent"]}, restrictions.NotPossible),
        ({"categories": ["nonsense"]}, restrictions.NotPossible),
        ({"until": timezone.now() - DAY}, restrictions.NotPossible),
        ({"patient_id": new_id()}, restrictions.NobodyThere),
    ],
)
def test_what_can_not_be_is_refused_and_leaves_nothing(mia, officer, fields, refusal):
    given = {"patient_id": mia.pk, "kind": "restricted", "reason": WHY} | fields
    with pytest.raises(refusal), transaction.atomic():
        restrictions.restrict(by=officer, **given)
    assert not ProcessingRestriction.objects.exists()


@pytest.mark.parametrize("key", ["care", "emergency", "legal_duty"])
def test_nobody_objects_to_care_and_duty(mia, officer, key):
    purpose = consenting.purpose(key, grounds=consenting.CARE)
    with pytest.raises(restrictions.NotPossible):
        restrict(mia, officer, "objection", purpose=purpose)


def test_a_merged_record_and_somebody_elses_request_are_refused(mia, officer):
    gone = cast.patient(merged_into=mia)
    with pytest.raises(restrictions.NobodyThere):
        restrict(gone, officer)
    other = cast.patient()
    request = RightsRequest.objects.create(
        number="R-1", kind="restriction", way="staff", patient=other, subject_id=other.pk,
        language="en", asked="Please stop",
    )  # fmt: skip
    with pytest.raises(restrictions.NotPossible):
        restrict(mia, officer, request=request)


def test_the_same_twice_and_an_end_twice_are_refused(mia, officer):
    row = restrict(mia, officer)
    with pytest.raises(restrictions.AlreadyInForce):
        restrict(mia, officer)
    restrict(mia, officer, categories=["billing"])
    restrictions.lift(restriction_id=row.pk, by=officer)
    with pytest.raises(restrictions.OverAlready):
        restrictions.lift(restriction_id=row.pk, by=officer)
    over = consenting.limit(mia, ends_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(restrictions.OverAlready):
        restrictions.lift(restriction_id=over.pk, by=officer)
    assert restrict(mia, officer).pk != row.pk


def test_who_read_an_older_version_does_not_lift(mia, officer):
    row = restrict(mia, officer)
    with pytest.raises(StaleRecord):
        restrictions.lift(restriction_id=row.pk, version=row.version - 1, by=officer)
    assert ProcessingRestriction.objects.in_force().filter(pk=row.pk).exists()


def test_reception_notes_bills_where_nothing_is_said(mia):
    row = restrict(mia, cast.staff("receptionist"), "self_pay")
    assert row.categories == ["bill_diagnosis", "billing"]


# Pages


def test_an_officer_restricts_and_lifts_on_the_pages():
    clinic = world.clinic()
    client, patient = clinic.client("officer"), clinic.patient.pk
    of = reverse("consent:restrictions_of", args=[patient])
    new = reverse("consent:restriction_new", args=[patient])
    assert client.post(new, {}, secure=True).status_code == 422
    sent = {"kind": "restricted", "reason": WHY, "categories": ["clinical"]}
    assert client.post(new, sent, secure=True).status_code == 302
    (row,) = ProcessingRestriction.objects.filter(patient=patient)
    shown = cast.words(client.get(of, secure=True))
    assert WHY in shown
    assert "Clinical record" in shown
    refused = clinic.client("physician").get(f"/patients/{patient}/clinical/", secure=True)
    assert refused.status_code == 403
    assert "restricted since" in cast.words(refused)
    lift = reverse("consent:restriction_lift", args=[patient, row.pk])
    said = {"version": row.version, "reason": "Settled with the patient"}
    assert client.post(lift, said, secure=True).status_code == 422
    assert client.post(lift, said | {"is_told": "on"}, secure=True).status_code == 302
    assert (
        clinic.client("physician").get(f"/patients/{patient}/clinical/", secure=True).status_code
        == 200
    )
    assert client.post(lift, said | {"is_told": "on"}, secure=True).status_code == 422
    assert (
        client.get(
            reverse("consent:restriction_lift", args=[clinic.other.pk, row.pk]), secure=True
        ).status_code
        == 404
    )


def test_the_desk_sees_reasons_of_bills_and_of_nothing_else():
    clinic = world.clinic()
    consenting.limit(clinic.patient, "restricted", reason="A dispute about a diagnosis")
    consenting.limit(clinic.patient, "self_pay", reason="Pays the test alone")
    url = reverse("consent:restrictions_of", args=[clinic.patient.pk])
    desk = cast.words(clinic.client("receptionist").get(url, secure=True))
    assert "Pays the test alone" in desk
    assert "A dispute about" not in desk
    assert "A dispute about" in cast.words(clinic.client("officer").get(url, secure=True))
    assert clinic.client("other_physician").get(url, secure=True).status_code == 404
    form = clinic.client("receptionist").get(
        reverse("consent:restriction_new", args=[clinic.patient.pk]), secure=True
    )
    assert "GDPR 18" not in cast.words(form)
    part = clinic.client("officer").get(url, secure=True, headers={"HX-Request": "true"})
    assert b"<html" not in part.content
    assert "Pays the test alone" in cast.words(part)


def test_the_list_shows_whom_somebody_may_know_of_and_costs_the_same_for_many():
    clinic = world.clinic()
    url, counts = reverse("consent:restrictions"), []
    client = clinic.client("officer")
    client.get(url, secure=True)
    for more in (1, 9):
        for one in cast.patients(more):
            consenting.limit(one, "restricted", set_by=clinic.users["officer"])
        with cast.CaptureQueries() as made:
            page = client.get(url, secure=True)
        assert page.content.count(b"c-list__row") == len(ProcessingRestriction.objects.all())
        counts.append(len(made))
    assert counts[0] == counts[1]
    assert "Nothing" not in cast.words(page)
    outside = clinic.client("physician").get(url, secure=True)
    assert b"c-list__row" not in outside.content
    assert b"Disputed" not in page.content


@pytest.mark.parametrize(("until", "is_fit"), [("2099-12-31", True), ("9999-12-31", False)])
def test_an_end_is_a_day_that_every_zone_can_reckon_with(until, is_fit):
    form = Restrict(
        {"kind": "restricted", "reason": "It is disputed", "until": until}, is_officer=True
    )
    assert form.is_valid() is is_fit
