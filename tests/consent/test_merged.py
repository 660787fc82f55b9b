"""One person under two records: what was refused, restricted or objected to under one holds for both."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.models import Consent, ConsentEvent, ProcessingRestriction, ScopeOutcome
from consent.queries.standing import may
from consent.services import restrictions
from consent.services.acts import NotTaken
from patients.models import Patient
from patients.services import merges
from security import context, trail
from security.access.decision import decide
from security.access.permissions import Permission
from security.classification import Category
from security.ids import new_id
from tests import consenting, world
from tests.consent import asking
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
P, HOUR = Permission, timedelta(hours=1)


@pytest.fixture
def mia():
    return cast.patient()


@pytest.fixture
def other():
    return cast.patient()


def merged(mia, other):
    by = cast.staff("receptionist")
    return merges.merge(
        survivor_id=mia.pk, survivor_version=mia.version, absorbed_id=other.pk,
        absorbed_version=other.version, choices={}, is_birth_confirmed=True, reason="same", by=by,
    )  # fmt: skip


def reached(user, patient, use="HMARKT", permission=P.DEMOGRAPHICS_READ_MASKED):
    """Return whether one decision and the list both let somebody in; they always agree."""
    context.current().forget_decisions()
    single = decide(user, permission, patient.pk, use).allowed
    with trail.acting_for(actor=user, purpose=use):
        listed = Patient.objects.visible_to(user, permission.category).filter(pk=patient.pk)
        assert listed.exists() == single
    return single


@pytest.mark.parametrize(("later", "allowed"), [(-HOUR, True), (HOUR, False)])
def test_what_was_refused_last_under_either_record_holds(mia, other, later, allowed):
    now = timezone.now() - 2 * HOUR
    consenting.allow(mia, since=now)
    said_no = consenting.allow(other, state="withdrawn", since=now + later)
    keeper = cast.staff("engagement")
    assert may(mia, "marketing", "email").allowed
    merge = merged(mia, other)
    answer = may(mia, "marketing", "email")
    assert answer.allowed is allowed
    assert allowed or answer.event_id == said_no.pk
    assert reached(keeper, mia) is allowed
    assert Consent.objects.in_force().filter(patient=mia).exists() is allowed
    mia.refresh_from_db()
    merges.undo(
        merge_id=merge.pk, survivor_version=mia.version, reason="not", by=cast.staff("receptionist")
    )
    assert may(mia, "marketing", "email").allowed


def test_an_agreement_under_the_other_record_is_not_carried_over(mia, other):
    consenting.allow(other)
    merged(mia, other)
    assert not may(mia, "marketing", "email").allowed


def test_objections_and_restrictions_hold_and_can_be_lifted_where_the_person_is_now(mia, other):
    consenting.allow(mia)
    consenting.limit(other, "objection", purpose=consenting.purpose())
    consenting.limit(other, "restricted", categories=[Category.DEMOGRAPHICS])
    keeper, officer = cast.staff("engagement"), cast.staff("compliance_officer")
    desk = cast.staff("receptionist")
    merged(mia, other)
    assert not may(mia, "marketing", "email").allowed
    assert not reached(keeper, mia)
    assert not reached(desk, mia, use="PATADMIN", permission=P.DEMOGRAPHICS_READ)
    browser = world.signed_in(officer, world.factor_of(officer))
    page = browser.get(reverse("consent:restrictions_of", args=[mia.pk]))
    row = ProcessingRestriction.objects.get(kind="objection")
    url = reverse("consent:restriction_lift", args=[mia.pk, row.pk])
    assert url in page.content.decode()
    listed = browser.get(reverse("consent:restrictions")).content.decode()
    assert str(mia.pk) in listed
    said = {"version": row.version, "reason": "The person was told.", "is_told": "on"}
    assert browser.post(url, said).status_code == 302
    restrictions.lift(
        restriction_id=ProcessingRestriction.objects.get(kind="restricted").pk, by=officer
    )
    assert reached(keeper, mia)


def test_the_page_shows_both_records_and_a_refusal_is_left_in_peace_under_the_new_one(mia, other):
    desk, words = cast.staff("receptionist"), asking.words(asking.form(asking.purpose("research")))
    asked = asking.words(asking.form(asking.purpose("teaching")))
    asking.decline(other, words, by=desk)
    asking.grant(other, asked, by=desk)
    event = ConsentEvent.objects.get(kind="granted")
    merged(mia, other)
    browser = world.signed_in(desk, world.factor_of(desk))
    page = browser.get(reverse("consent:consents", args=[mia.pk])).content.decode()
    assert "Under a record that was taken in" in page
    assert "Refused: not asked again before" in page
    one = browser.get(reverse("consent:consent", args=[mia.pk, event.consent_id])).content.decode()
    assert "Said under a record that was taken in." in one
    assert "Withdraw now" not in one
    with pytest.raises(NotTaken, match="not asked again yet"):
        asking.grant(mia, words, by=desk)
    taken = asking.grant(mia, words, by=desk, own_initiative=True)
    assert may(mia, "research").event_id == taken.event.pk


def test_what_was_erased_or_is_only_stored_is_not_joined(mia, other):
    stored = cast.patient()
    consenting.limit(stored, "storage")
    ScopeOutcome.objects.create(
        subject_id=other.pk, patient=other, key_scope="record", outcome="erased",
        decided_at=timezone.now(), erasure_id=new_id(), number="ER-1",
    )  # fmt: skip
    for absorbed in (stored, other):
        with pytest.raises(merges.Impossible):
            merged(mia, absorbed)
    assert not Patient.objects.filter(merged_into__isnull=False).exists()
