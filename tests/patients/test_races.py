"""Two who change who reaches a patient at the same moment: one row, one event, nobody left out."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest

from patients.models import (
    CareRelationship,
    ChartPermission,
    Draft,
    NoteAddendum,
    Refund,
    TeamAssignment,
)
from patients.services import (
    drafts,
    emergency_finder,
    notes,
    payments,
    refunds,
    relationships,
    teams,
)
from security.models import Export, Membership, Unit
from security.services import exports, units
from tests.patients import cast, desk, noting
from tests.together import at_once, split

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


@pytest.fixture
def mia(system):
    return cast.patient()


@pytest.fixture
def ward(system):
    return units.create(name="North ward", kind=Unit.Kind.TEAM, by=None)


def test_a_relationship_given_many_times_at_once_is_one_row_and_one_event(mia):
    doctor = cast.staff("physician")
    source = CareRelationship.Source.RESPONSIBLE

    def give():
        return relationships.grant(user=doctor, patient_id=mia.pk, source=source, by=None)

    given = at_once(*[give] * AT_ONCE)
    assert {row.pk for row in given} == {CareRelationship.objects.get().pk}
    assert ChartPermission.objects.filter(user=doctor).count() == 1
    assert len(cast.events("patients.relationship.granted")) == 1


def test_a_patient_assigned_to_a_team_many_times_at_once_is_assigned_once(ward, mia):
    nurse = cast.staff("nurse")
    units.join(user=nurse, unit=ward, by=None)

    def assign():
        return teams.assign(patient_ids=[mia.pk], unit=ward, by=None)

    assert sorted(at_once(*[assign] * AT_ONCE)) == [0] * (AT_ONCE - 1) + [1]
    assert TeamAssignment.objects.count() == 1
    assert CareRelationship.objects.filter(user=nurse, patient=mia).count() == 1
    assert len(cast.events("patients.team.assigned")) == 1
    assert len(cast.events("patients.relationship.granted")) == 1


def test_members_who_join_while_patients_are_assigned_reach_all_of_them(ward, mia):
    nurses = [cast.staff("nurse", name=f"Nurse {number}") for number in range(3)]
    whom = [mia, cast.patient(given="Ida"), cast.patient(given="Ada")]
    joins = [lambda one=one: units.join(user=one, unit=ward, by=None) for one in nurses]
    assigns = [
        lambda one=one: teams.assign(patient_ids=[one.pk], unit=ward, by=None) for one in whom
    ]
    at_once(*joins, *assigns)
    pairs = {(nurse.pk, patient.pk) for nurse in nurses for patient in whom}
    rows = CareRelationship.objects.in_force().values_list("user_id", "patient_id")
    assert sorted(rows) == sorted(pairs)
    opened = ChartPermission.objects.values_list("user_id", "content_object_id")
    assert sorted(opened) == sorted(pairs)


def test_one_person_who_joins_many_times_at_once_is_one_member(ward, mia):
    nurse = cast.staff("nurse")
    teams.assign(patient_ids=[mia.pk], unit=ward, by=None)

    def join():
        return units.join(user=nurse, unit=ward, by=None)

    refused = [one for one in at_once(*[join] * AT_ONCE) if isinstance(one, units.AlreadyMember)]
    assert len(refused) == AT_ONCE - 1
    assert Membership.objects.in_force().filter(user=nurse).count() == 1
    assert CareRelationship.objects.filter(user=nurse, patient=mia).count() == 1
    assert len(cast.events("security.membership.began")) == 1


def test_a_first_draft_kept_in_many_windows_at_once_is_one_row_and_loses_none(mia):
    doctor = cast.staff("physician")

    def keep(number):
        return lambda: drafts.keep(
            form="note", patient_id=mia.pk, content={"text": str(number)}, by=doctor
        )

    kept = at_once(*[keep(number) for number in range(AT_ONCE)])
    assert {row.pk for row in kept} == {Draft.objects.get().pk}
    assert len(cast.events("patients.draft.kept")) == AT_ONCE


def test_of_decisions_and_a_cancel_at_once_an_export_follows_one_alone(mia, settings, tmp_path):
    settings.FILES_DIR = tmp_path
    doctor = cast.staff("physician")
    officers = [cast.staff("compliance_officer") for _ in range(2)]
    asked = exports.Asked("patients", {}, "csv", "TREAT", "Recall of the asthma group")
    with cast.acting(doctor):
        row = exports.request(asked=asked, by=doctor)
    deeds = [
        lambda: exports.approve(export_id=row.pk, by=officers[0]),
        lambda: exports.approve(export_id=row.pk, by=officers[1]),
        lambda: exports.refuse(export_id=row.pk, reason="No reason for it", by=officers[1]),
    ]
    answers = at_once(*deeds, lambda: exports.cancel(export_id=row.pk, by=doctor))
    decided = [one for one in answers[:3] if isinstance(one, Export)]
    assert len(decided) <= 1
    told = [len(cast.events(f"security.export.{one}")) for one in ("approved", "refused")]
    assert sum(told) == len(decided)


def test_an_export_prepared_in_two_windows_at_once_is_begun_once(mia):
    doctor, officer = cast.staff("physician"), cast.staff("compliance_officer")
    asked = exports.Asked("patients", {}, "csv", "TREAT", "Recall of the asthma group")
    with cast.acting(doctor):
        row = exports.request(asked=asked, by=doctor)
    with cast.acting(officer):
        exports.approve(export_id=row.pk, by=officer)
    prepare = [
        lambda ref=str(number): exports.prepare(export_id=row.pk, sign_in_ref=ref, by=doctor)
        for number in range(AT_ONCE)
    ]
    begun = [one for one in at_once(*prepare) if isinstance(one, Export)]
    assert len(begun) == len(cast.events("security.export.begun")) == 1
    assert Export.objects.get().sign_in_ref == begun[0].sign_in_ref


def test_of_many_who_name_a_new_team_alike_at_once_one_makes_it(system):
    def create():
        return units.create(name="South ward", kind=Unit.Kind.TEAM, by=None)

    made, refused = split(at_once(*[create] * AT_ONCE))
    assert [Unit.objects.get(name="South ward")] == made
    assert {type(one) for one in refused} == {units.NameTaken}
    assert len(cast.events("security.unit.created")) == 1


def test_an_addendum_that_is_sent_many_times_at_once_is_one(mia):
    author = noting.clinician(mia)
    note = noting.signed(mia, author)

    def amend():
        return notes.amend(note_id=note.pk, text="and wheezes", by=author)

    assert {one.pk for one in at_once(*[amend] * AT_ONCE)} == {NoteAddendum.objects.get().pk}
    assert len(cast.events("patients.note.amended")) == 1


def test_one_person_s_searches_in_an_emergency_at_once_are_ten_an_hour(mia):
    nurse = cast.staff("nurse")

    def find():
        return emergency_finder.find(number="R-404", by=nurse)

    done, refused = split(at_once(*[find] * (emergency_finder.PER_HOUR + 2)))
    assert len(done) == emergency_finder.PER_HOUR
    assert {type(one) for one in refused} == {emergency_finder.TooMany}


# --- money ------------------------------------------------------------------------------------


@pytest.fixture
def clerks(mia):
    return [cast.staff("finance", name=name) for name in ("One", "Two")]


def test_of_payments_at_once_no_more_is_taken_than_is_owed(mia, clerks):
    row = desk.bill(mia, clerks[0])
    taken = [
        lambda one=one: desk.pay(row, one, row.total) for one in clerks * 3
    ]  # fmt: skip
    done, refused = split(at_once(*taken))
    assert len(done) == 1
    assert {type(one) for one in refused} == {payments.MoreThanOwed}
    assert desk.again(row).balance == 0
    assert len(cast.events("patients.payment.taken")) == 1


def test_a_payment_whose_form_is_sent_many_times_at_once_is_one(mia, clerks):
    row, form = desk.bill(mia, clerks[0]), uuid4()

    def pay():
        return desk.pay(row, clerks[0], "1.00", form_id=form)

    done, refused = split(at_once(*[pay] * AT_ONCE))
    assert len(done) == 1
    assert {type(one) for one in refused} == {payments.SentBefore}
    assert desk.again(row).balance == row.total - 1


def test_of_refunds_at_once_no_more_goes_back_than_was_paid(mia, clerks, settings):
    settings.REFUND_LIMIT = Decimal(9000)
    row = desk.bill(mia, clerks[0])
    desk.pay(row, clerks[0], row.total)
    asked = [lambda one=one: desk.refund(row, one, row.total) for one in clerks * 3]
    done, refused = split(at_once(*asked))
    assert len(done) == 1
    assert {type(one) for one in refused} == {refunds.MoreThanPaid}
    assert desk.again(row).balance == row.total


def test_refunds_that_are_split_over_one_moment_count_together(mia, clerks, settings):
    settings.REFUND_LIMIT = Decimal(100)
    bills = [desk.bill(mia, clerks[0]) for _ in range(2)]
    for row in bills:
        desk.pay(row, clerks[0], row.total)
    asked = [
        lambda row=row, one=one: desk.refund(row, one, "60.00")
        for row, one in zip(bills, clerks, strict=True)
    ]
    at_once(*asked)
    assert sorted(Refund.objects.values_list("status", flat=True)) == ["paid", "requested"]


def test_of_approvals_of_one_refund_at_once_one_pays(mia, clerks, settings):
    settings.REFUND_LIMIT = Decimal(1)
    row = desk.bill(mia, clerks[0])
    desk.pay(row, clerks[0], row.total)
    asked = desk.refund(row, cast.staff("finance", name="Asks"), "60.00")
    approve = [lambda one=one: refunds.approve(refund_id=asked.pk, by=one) for one in clerks * 2]
    refuse = [lambda: refunds.refuse(refund_id=asked.pk, reason="No", by=clerks[1])]
    done, refused = split(at_once(*approve, *refuse))
    assert len(done) == 1
    assert {type(one) for one in refused} == {refunds.DecidedBefore}
    paid = Refund.objects.get().status == "paid"
    assert desk.again(row).balance == (Decimal("60.00") if paid else 0)
