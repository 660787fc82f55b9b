"""What was said no to under one record holds for the record that takes it in."""

import pytest
from django.utils import timezone

from consent.models import Consent, ProcessingRestriction, ScopeOutcome, State
from consent.queries.standing import may
from patients.models import Patient
from patients.services import merges
from security.ids import new_id
from tests import consenting
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def pair():
    return cast.patient(), cast.patient(given="Ida")


def merge(survivor, absorbed):
    one, two = (Patient.objects.get(pk=row.pk) for row in (survivor, absorbed))
    return merges.merge(
        survivor_id=one.pk, survivor_version=one.version, absorbed_id=two.pk, absorbed_version=two.version,
        choices={}, is_birth_confirmed=True, reason="Same person", by=cast.staff("receptionist"),
    )  # fmt: skip


def test_restrictions_and_objections_hold_for_the_record_that_is_left(pair):
    survivor, absorbed = pair
    consenting.allow(survivor)
    consenting.limit(absorbed, "objection", purpose=consenting.purpose(), reason="No post")
    over = timezone.now() - consenting.DAY
    consenting.limit(absorbed, "restricted", starts_at=over - consenting.DAY, ends_at=over)
    assert may(survivor, "marketing", "email").allowed
    merge(survivor, absorbed)
    assert "objected" in str(may(survivor, "marketing", "email").reason)
    carried = ProcessingRestriction.objects.get(patient=survivor)
    assert (carried.kind, carried.reason) == ("objection", "No post")


@pytest.mark.parametrize(
    ("later", "state"), [("survivor", State.GRANTED), ("absorbed", State.SUPERSEDED)]
)
def test_the_last_word_of_a_person_with_two_records_counts(pair, later, state):
    survivor, absorbed = pair
    now = timezone.now()
    since = {"survivor": now - 2 * consenting.DAY, "absorbed": now - 2 * consenting.DAY}
    since[later] = now - consenting.DAY
    consenting.allow(survivor, since=since["survivor"])
    consenting.allow(absorbed, since=since["absorbed"], state=State.WITHDRAWN)
    merge(survivor, absorbed)
    assert Consent.objects.get(patient=survivor).state == state
    assert may(survivor, "marketing", "email").allowed is (state == State.GRANTED)


def test_what_was_erased_or_is_only_stored_is_not_joined(pair):
    survivor, absorbed = pair
    consenting.limit(absorbed, "storage")
    with pytest.raises(merges.Impossible):
        merge(survivor, absorbed)
    other = cast.patient(given="Eva")
    ScopeOutcome.objects.create(
        subject_id=other.pk, patient=other, key_scope="record", outcome="erased",
        decided_at=timezone.now(), erasure_id=new_id(), number="ER-1",
    )  # fmt: skip
    with pytest.raises(merges.Impossible):
        merge(survivor, other)
    assert not Patient.objects.filter(merged_into__isnull=False).exists()
