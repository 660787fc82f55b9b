"""Who reaches two records that were joined: care is united, accounts and drafts are kept apart."""

import pytest
from django.db import transaction

from audit.queries import records
from patients import tasks
from patients.models import (
    CareRelationship,
    Condition,
    Draft,
    Patient,
    PortalAccount,
    TeamAssignment,
)
from patients.services import drafts, teams
from security.access.decision import decide
from security.access.permissions import Permission
from security.sealing import SealBroken, StaleRecord
from security.services import units
from tests import world
from tests.patients import bundles, cast
from tests.patients.bundles import bundle, patient, problem
from tests.patients.importing import bring
from tests.patients.test_merges import merge, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def doctor():
    return cast.staff("physician")


@pytest.fixture
def stays():
    return cast.patient("Wang", "Xiaoming", record_number="A-1")


@pytest.fixture
def goes(doctor):
    row = cast.patient("王", "小明", record_number="B-2")
    cast.care(doctor, row)
    return row


def test_care_is_united_and_parted_again(desk, stays, goes):
    both, first = cast.staff("physician"), cast.staff("physician")
    cast.care(both, stays, goes)
    cast.care(first, stays)
    member, team = cast.staff("nurse"), world.team()
    units.join(user=member, unit=team, by=None)
    teams.assign(patient_ids=[goes.pk], unit=team, by=None)
    row = merge(desk, stays, goes)
    for user in (both, first, member):
        with cast.acting(user):
            assert decide(user, Permission.CLINICAL_READ, stays.pk, "TREAT").allowed
    assert TeamAssignment.objects.get().patient_id == stays.pk
    undo(desk, row)
    with cast.acting(first):
        assert not decide(first, Permission.CLINICAL_READ, goes.pk, "TREAT").allowed
    with cast.acting(member):
        assert decide(member, Permission.CLINICAL_READ, goes.pk, "TREAT").allowed
        assert not decide(member, Permission.CLINICAL_READ, stays.pk, "TREAT").allowed
    held = CareRelationship.objects.filter(user=both).values_list("patient_id", flat=True)
    assert set(held) == {stays.pk, goes.pk}


def test_accounts_of_patients_are_kept_apart(desk, stays, goes):
    one, other = (world.person(kind="patient", name=name) for name in ("One", "Other"))
    PortalAccount.objects.create(user=one, patient=stays, capacity="self")
    PortalAccount.objects.create(user=other, patient=goes, capacity="self")
    merge(desk, stays, goes)
    with cast.acting(one):
        assert decide(one, Permission.CLINICAL_READ, stays.pk, "PATRQT").allowed
    with cast.acting(other):
        for patient in (stays, goes):
            assert not decide(other, Permission.CLINICAL_READ, patient.pk, "PATRQT").allowed
    assert PortalAccount.objects.get(user=other).patient == goes


def test_drafts_move_and_one_that_has_a_twin_waits(desk, doctor, stays, goes):
    cast.care(doctor, stays)
    with cast.acting(doctor):
        for patient in (stays, goes):
            drafts.keep(
                form="note", patient_id=patient.pk, content={"text": str(patient.pk)}, by=doctor
            )
    row = merge(desk, stays, goes)
    assert Draft.objects.filter(patient=stays).count() == 1
    undo(desk, row)
    with cast.acting(doctor):
        for patient in (stays, goes):
            assert Draft.objects.get(patient=patient).content == {"text": str(patient.pk)}


def test_the_stricter_confidentiality_counts_and_is_given_back(desk, stays):
    goes = cast.patient(confidentiality="vip", record_number="V-1")
    row = merge(desk, stays, goes)
    assert Patient.objects.get(pk=stays.pk).confidentiality == "vip"
    undo(desk, row)
    assert Patient.objects.get(pk=stays.pk).confidentiality == "normal"


def test_nothing_more_is_sealed_for_a_merged_record(desk, stays, goes):
    merge(desk, stays, goes)
    with cast.acting(desk), pytest.raises(StaleRecord), transaction.atomic():
        Condition.objects.create(patient=goes, code_text="Too late")


def test_what_was_being_written_during_a_merge_is_gathered_and_goes_back(desk, stays, goes):
    row = Condition(patient=goes, code_text="Just in time")
    # Sealed before the merge, stored after it: as if the insert had waited for the merge's lock.
    assert row.sealed_card
    assert row.sealed
    assert row.sealed_restricted
    made = merge(desk, stays, goes)
    row.save(force_insert=True)
    with cast.acting(desk), pytest.raises(SealBroken):
        _ = Condition.objects.get().code_text
    tasks.sweep()
    with cast.acting(desk):
        found = Condition.objects.get()
        assert (found.patient_id, found.code_text) == (stays.pk, "Just in time")
    assert not list(records.verify_rows([Condition.objects.get()]))
    (event,) = cast.events("patients.patient.gathered")
    assert set(event.subjects) == {stays.pk, goes.pk}
    tasks.sweep()
    assert len(cast.events("patients.patient.gathered")) == 1
    undo(desk, made)
    tasks.sweep()
    assert Condition.objects.get().patient_id == goes.pk


def test_an_import_of_a_merged_record_comes_to_the_one_that_stays(desk, stays):
    tree = bundle(patient(), problem(encounter=bundles.EMPTY))
    bring(tree)
    came = Patient.objects.exclude(pk=stays.pk).get()
    merge(desk, stays, came)
    news = bundle(
        patient(), problem(encounter=bundles.EMPTY), problem("news", encounter=bundles.EMPTY)
    )
    bring(news)
    assert Patient.objects.count() == 2
    assert {row.patient_id for row in Condition.objects.all()} == {stays.pk}
    assert Condition.objects.count() == 2
    again = bring(news)
    assert (again.created, again.updated) == ([], [])
