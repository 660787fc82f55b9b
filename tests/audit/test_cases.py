"""Cases: while one is open its officer reads the named patients; never on oneself, level 5 never alone."""

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import Alert, Case, CaseSubject
from audit.services import cases
from patients.models import CareRelationship, Patient
from patients.services import merges, staff_links
from security.access.decision import decide
from security.access.permissions import Permission
from security.access.registry import Basis
from security.classification import Category
from tests.audit import reviewing
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
READ, RESTRICTED = Permission.CLINICAL_READ, Permission.RESTRICTED_READ


@pytest.fixture
def officer():
    return reviewing.officer()


@pytest.fixture
def second():
    return reviewing.officer("Officer Two")


@pytest.fixture
def third():
    return reviewing.officer("Officer Three")


@pytest.fixture
def mia():
    return cast.patient()


def made(user, patient, permission=READ):
    with cast.acting(user, "HCOMPL"):
        return decide(user, permission, patient.pk, "HCOMPL")


def close(case, by):
    with cast.acting(by, "HCOMPL"):
        version = Case.objects.get(pk=case.pk).version
        return cases.close(
            case_id=case.pk, version=version, outcome="Explained by a referral", by=by
        )


def test_an_open_case_lets_its_officer_in_and_its_close_ends_that(officer, second, mia):
    assert not made(officer, mia).allowed
    case = reviewing.case(officer, mia)
    found = made(officer, mia)
    assert (found.allowed, found.basis) == (True, Basis.CASE)
    assert not made(second, mia).allowed
    assert not made(officer, cast.patient("Other")).allowed
    close(case, officer)
    assert not made(officer, mia).allowed
    row = CareRelationship.objects.get()
    assert (row.source, row.granted_by, row.ended_by) == ("case", officer, officer)


def test_a_case_and_its_close_stand_on_the_trail_and_are_sealed(officer, mia):
    case = reviewing.case(officer, mia)
    close(case, officer)
    opened, closed = cast.events("audit.case.opened")[0], cast.events("audit.case.closed")[0]
    assert (opened.subjects, opened.object_id) == ([mia.pk, officer.pk], case.pk)
    assert (closed.subjects, closed.actor_id) == ([mia.pk], officer.pk)
    row = Case.objects.get()
    assert (row.question, row.outcome) == ("Who read this?", "Explained by a referral")
    assert b"Who read" not in bytes(row.sealed)
    assert row.number.endswith("-0001")


def test_a_deed_that_fails_leaves_neither_case_nor_access_nor_event(officer, mia, monkeypatch):
    monkeypatch.setattr(cases, "_record", lambda *_args, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reviewing.case(officer, mia)
    assert not Case.objects.exists()
    assert not CareRelationship.objects.exists()
    assert not cast.events("patients.relationship.granted")


def test_numbers_have_no_gap(officer, mia):
    numbers = [reviewing.case(officer, mia).number[-4:] for _ in range(3)]
    assert numbers == ["0001", "0002", "0003"]


def test_two_cases_about_one_patient_end_with_the_last(officer, mia):
    first, other = reviewing.case(officer, mia), reviewing.case(officer, mia)
    close(first, officer)
    assert made(officer, mia).allowed
    close(other, officer)
    assert not made(officer, mia).allowed


def test_nobody_opens_a_case_on_the_own_record_or_close_familys(officer, second, mia):
    staff_links.declare(patient_id=mia.pk, colleague=officer, kind="sibling", by=None)
    with pytest.raises(cases.OnYourself):
        reviewing.case(officer, mia)
    with pytest.raises(cases.OnYourself):
        reviewing.case(second, mia, to=officer)
    other = cast.patient("Other")
    case = reviewing.case(second, other, to=officer)
    with pytest.raises(cases.OnYourself), cast.acting(second, "HCOMPL"):
        cases.name_patient(case_id=case.pk, subject_id=mia.pk, by=second)


def test_nobody_opens_a_case_on_the_own_doing_or_is_given_one(second, mia):
    both = cast.staff("nurse", "compliance_officer")
    review = reviewing.review(both, mia)
    for by, to in ((both, second), (second, both)):
        with pytest.raises(cases.OnYourself):
            reviewing.case(by, to=to, kind="review", review_id=review.pk)
    case = reviewing.case(second, kind="review", review_id=review.pk)
    with pytest.raises(cases.OnYourself), cast.acting(second, "HCOMPL"):
        cases.assign(case_id=case.pk, to=both, by=second)
    assert list(Case.objects.not_about(both.pk)) == []
    assert list(Case.objects.not_about(second.pk)) == [case]


def test_a_case_on_a_review_names_its_patient_and_there_is_one_open_at_a_time(officer, mia):
    review = reviewing.review(cast.staff("nurse"), mia)
    case = reviewing.case(officer, kind="review", review_id=review.pk)
    assert [one.subject_id for one in case.named.all()] == [mia.pk]
    with pytest.raises(cases.OpenBefore):
        reviewing.case(officer, kind="review", review_id=review.pk)
    close(case, officer)
    reviewing.case(officer, kind="review", review_id=review.pk)


def test_a_case_on_an_alert_names_the_patients_that_it_tells_of_and_nobody_else(officer, mia):
    nurse, now = cast.staff("nurse"), timezone.now()
    alert = Alert.objects.create(
        rule="R1", response="alert", actor_id=nurse.pk, subjects=[mia.pk, nurse.pk],
        dedupe_key="once", occurred_at=now,
    )  # fmt: skip
    case = reviewing.case(officer, kind="alert", alert_id=alert.pk)
    assert [one.subject_id for one in case.named.all()] == [mia.pk]
    own = Alert.objects.create(
        rule="R1", response="alert", actor_id=officer.pk, dedupe_key="twice", occurred_at=now
    )
    with pytest.raises(cases.OnYourself):
        reviewing.case(officer, mia, kind="alert", alert_id=own.pk)


@pytest.mark.parametrize(
    "asked",
    [{"question": " "}, {"kind": "hunch"}, {"kind": "review"}, {"kind": "alert"}, {"subjects": []}],
)
def test_a_case_says_what_it_is_about(officer, mia, asked):
    with pytest.raises(cases.NothingAsked):
        reviewing.case(officer, mia, **asked)


def test_a_case_names_patients_that_exist(officer, mia):
    with pytest.raises(cases.NoSuchPatient):
        reviewing.case(officer, subjects=[officer.pk])


@pytest.mark.parametrize("role", ["auditor", "administrator", "nurse", "receptionist"])
def test_a_case_is_given_to_officers_alone(officer, mia, role):
    with pytest.raises(cases.NotAnOfficer):
        reviewing.case(officer, mia, to=cast.staff(role))


def test_a_closed_case_takes_nothing_more(officer, second, mia):
    case = reviewing.case(officer, mia)
    close(case, officer)
    deeds = (
        lambda: close(case, officer),
        lambda: cases.assign(case_id=case.pk, to=second, by=officer),
        lambda: cases.name_patient(case_id=case.pk, subject_id=mia.pk, by=officer),
        lambda: cases.ask_restricted(case_id=case.pk, subject_id=mia.pk, by=officer),
        lambda: cases.approve_restricted(case_id=case.pk, subject_id=mia.pk, by=second),
    )
    for deed in deeds:
        with pytest.raises(cases.Closed):
            deed()


def test_an_outcome_is_needed_and_a_page_that_is_old_closes_nothing(officer, mia):
    case = reviewing.case(officer, mia)
    with pytest.raises(cases.NothingFound):
        cases.close(case_id=case.pk, version=1, outcome=" ", by=officer)
    with pytest.raises(cases.Closed):
        cases.close(case_id=case.pk, version=7, outcome="Done", by=officer)


def agree(case, patient, asks, agrees):
    with cast.acting(asks, "HCOMPL"):
        cases.ask_restricted(case_id=case.pk, subject_id=patient.pk, by=asks)
    with cast.acting(agrees, "HCOMPL"):
        cases.approve_restricted(case_id=case.pk, subject_id=patient.pk, by=agrees)


def test_what_is_specially_protected_opens_when_a_second_officer_agreed(officer, second, mia):
    case = reviewing.case(officer, mia)
    refused = made(officer, mia, RESTRICTED)
    assert (refused.allowed, refused.rule) == (False, "case_approval")
    agree(case, mia, officer, second)
    found = made(officer, mia, RESTRICTED)
    assert (found.allowed, found.basis) == (True, Basis.CASE)
    row = CaseSubject.objects.get()
    assert row.restricted_by == second
    close(case, officer)
    assert not made(officer, mia, RESTRICTED).allowed


def test_neither_who_works_on_the_case_nor_who_opened_it_agrees(officer, second, third, mia):
    case = reviewing.case(second, mia, to=officer)
    with cast.acting(officer, "HCOMPL"):
        cases.ask_restricted(case_id=case.pk, subject_id=mia.pk, by=officer)
        for user in (officer, second):
            with pytest.raises(cases.SecondOfficer):
                cases.approve_restricted(case_id=case.pk, subject_id=mia.pk, by=user)
        with pytest.raises(cases.NotAnOfficer):
            cases.approve_restricted(case_id=case.pk, subject_id=mia.pk, by=cast.staff("auditor"))
        cases.approve_restricted(case_id=case.pk, subject_id=mia.pk, by=third)
    assert made(officer, mia, RESTRICTED).allowed


def test_nothing_is_agreed_to_that_nobody_asked_for(officer, second, mia):
    case = reviewing.case(officer, mia)
    with pytest.raises(cases.SecondOfficer):
        cases.approve_restricted(case_id=case.pk, subject_id=mia.pk, by=second)
    with pytest.raises(cases.NotYours):
        cases.ask_restricted(case_id=case.pk, subject_id=mia.pk, by=second)
    with pytest.raises(cases.NoSuchPatient):
        cases.ask_restricted(case_id=case.pk, subject_id=cast.patient("Other").pk, by=officer)


def test_another_officer_takes_over_with_the_access_and_without_the_agreement(
    officer, second, third, mia
):
    case = reviewing.case(officer, mia)
    agree(case, mia, officer, second)
    with cast.acting(officer, "HCOMPL"):
        cases.assign(case_id=case.pk, to=third, by=officer)
    assert not made(officer, mia).allowed
    assert made(third, mia).allowed
    assert not made(third, mia, RESTRICTED).allowed


def test_lists_hold_what_the_decision_allows(officer, second, mia):
    case = reviewing.case(officer, mia)

    def listed():
        with cast.acting(officer, "HCOMPL"):
            rows = Patient.objects.visible_to(officer, Category.RESTRICTED)
            return list(rows.values_list("pk", flat=True))

    assert listed() == []
    agree(case, mia, officer, second)
    assert listed() == [mia.pk]


def test_a_merge_carries_the_access_along_and_the_close_finds_it(officer, second, mia):
    twin = cast.patient("Muster", "Mia")
    case = reviewing.case(officer, mia)
    agree(case, mia, officer, second)
    with transaction.atomic():
        desk = cast.staff("receptionist")
        merges.merge(
            survivor_id=twin.pk, survivor_version=1, absorbed_id=mia.pk, absorbed_version=1,
            choices={}, is_birth_confirmed=True, reason="same", by=desk,
        )  # fmt: skip
    assert made(officer, twin).allowed
    # What was agreed to was one record; the joined one holds more.
    assert not made(officer, twin, RESTRICTED).allowed
    agree(case, twin, officer, second)
    assert made(officer, twin, RESTRICTED).allowed
    close(case, officer)
    assert not made(officer, twin).allowed


def test_a_merge_of_two_named_patients_leaves_no_access_behind(officer, mia):
    twin, desk = cast.patient("Muster", "Mia"), cast.staff("receptionist")
    case = reviewing.case(officer, mia, twin)
    merged = merges.merge(
        survivor_id=twin.pk, survivor_version=1, absorbed_id=mia.pk, absorbed_version=1,
        choices={}, is_birth_confirmed=True, reason="same", by=desk,
    )  # fmt: skip
    close(case, officer)
    merges.undo(merge_id=merged.pk, survivor_version=2, reason="not the same", by=desk)
    assert not made(officer, mia).allowed
    assert not made(officer, twin).allowed


def test_opening_asks_as_often_for_one_patient_as_for_ten(officer):
    def count(number):
        people = cast.patients(number)
        with cast.CaptureQueries() as captured:
            reviewing.case(officer, *people)
        return len(captured)

    count(1)
    assert count(1) == count(10)
