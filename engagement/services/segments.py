"""Describing segments; one that looks at the clinical record holds once a second person agreed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.models import ProcessingPurpose
from consent.queries import register
from engagement import criteria
from engagement.models import Segment
from security import trail
from security.access.gate import Refused
from security.classification import Category
from security.models import User


class Unfit(Refused):
    """A description that no segment can have."""


class Outdated(Refused):
    """Somebody else changed the segment meanwhile."""


class OwnWork(Refused):
    """Nobody agrees to what they wrote."""


class NotOpen(Refused):
    """The segment is not one of which this can be said now."""


@transaction.atomic
def add(*, name: str, tree: Any, authorisation: str = "", by: User | None) -> Segment:
    """Describe a segment; one with a clinical criterion waits for a second person."""
    row = Segment(changed_by=by)
    _describe(row, name=name, tree=tree, authorisation=authorisation, by=by)
    row.save(force_insert=True)
    trail.record("engagement.segment.added", by=by, changed=[row], obj=row)
    return row


@transaction.atomic
def change(
    *, segment_id: UUID, version: int, name: str, tree: Any, authorisation: str = "", by: User
) -> Segment:
    """Describe a segment anew; who agreed to the description before has not agreed to this one."""
    row = _locked(segment_id)
    if row.version != version:
        raise Outdated(_("Somebody changed this meanwhile. Look at it and save again."))
    _describe(row, name=name, tree=tree, authorisation=authorisation, by=by)
    row.version += 1
    row.save()
    trail.record("engagement.segment.changed", by=by, changed=[row], obj=row)
    return row


def _describe(row: Segment, *, name: str, tree: Any, authorisation: str, by: User | None) -> None:
    try:
        row.criteria = dict(criteria.check(tree))
    except criteria.Unreadable as error:
        raise Unfit(_("This description can not be read.")) from error
    row.name, row.is_clinical = name, criteria.is_clinical(row.criteria)
    row.authorisation = _authorisation(authorisation) if row.is_clinical else None
    row.changed_at, row.changed_by = timezone.now(), by
    row.approved_by, row.approved_at, row.approved_sha256 = None, None, ""
    if by is not None:
        row.authors = sorted({*row.authors, by.pk}, key=str)


def authorising() -> list[ProcessingPurpose]:
    """Return the purposes that people allow apart and that let their record be looked at."""
    known = [
        one.id
        for one in register.active()
        if one.needs_consent and str(Category.CLINICAL) in one.categories
    ]
    return list(ProcessingPurpose.objects.filter(pk__in=known).order_by("key"))


def _authorisation(key: str) -> ProcessingPurpose:
    found = next((one for one in authorising() if one.key == key), None)
    if found is None:
        raise Unfit(
            _(
                "A clinical criterion needs a purpose that people allow apart and that covers the record."
            )
        )
    return found


@transaction.atomic
def copy(*, segment_id: UUID, by: User) -> Segment:
    """Copy a description under another name; nobody has agreed to the copy, and no person is copied."""
    row = Segment.objects.select_related("authorisation").get(pk=segment_id)
    name = gettext("Copy of %(name)s") % {"name": row.name}
    key = row.authorisation.key if row.authorisation else ""
    return add(name=name[:120], tree=row.criteria, authorisation=key, by=by)


@transaction.atomic
def approve(*, segment_id: UUID, sha256: str, by: User) -> Segment:
    """Agree that the record is looked at for this description, as it is read."""
    row = _locked(segment_id)
    if not row.is_clinical or row.approved_at is not None:
        raise NotOpen(_("This segment does not wait for an approval."))
    if by.pk in row.authors:
        raise OwnWork(_("You wrote this description. Somebody else has to agree to it."))
    if sha256 != digest(row):
        raise Outdated(_("Somebody changed this meanwhile. Read it again before you agree."))
    row.approved_by, row.approved_at, row.approved_sha256 = by, timezone.now(), sha256
    row.save(update_fields=["approved_by", "approved_at", "approved_sha256"])
    trail.record(
        "engagement.segment.approved", by=by, changed=[row], obj=row, fields=[f"sha256:{sha256}"]
    )
    return row


@transaction.atomic
def retire(*, segment_id: UUID, by: User) -> Segment:
    """Put a segment away; campaigns that had it keep it."""
    row = _locked(segment_id)
    if row.retired_at is not None:
        raise NotOpen(_("This segment was put away before."))
    row.retired_at = timezone.now()
    row.save(update_fields=["retired_at"])
    trail.record("engagement.segment.retired", by=by, changed=[row], obj=row)
    return row


def digest(row: Segment) -> str:
    """Return the digest of what somebody agrees to: the description and what people must have allowed."""
    return criteria.digest("segment", row.criteria, str(row.authorisation_id or ""))


def holds(row: Segment) -> bool:
    """Tell whether people may be looked for by this segment."""
    return not row.is_clinical or row.approved_sha256 == digest(row)


def require_usable(row: Segment) -> None:
    """Refuse a segment that nobody agreed to, although it looks at the record."""
    if row.retired_at is not None:
        raise NotOpen(_("This segment was put away."))
    try:
        criteria.check(row.criteria)
    except criteria.Unreadable as error:
        raise Unfit(_("This description can not be read.")) from error
    if not holds(row):
        raise NotOpen(
            _(
                "This segment looks at the clinical record: a second person has to agree to it first."
            )
        )


def _locked(segment_id: UUID) -> Segment:
    return Segment.objects.select_for_update(of=("self",)).get(pk=segment_id)
