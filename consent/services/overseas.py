"""Recipients abroad: entered, changed, ended; under which mechanism data may go to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import phonenumbers
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import OverseasRecipient, ProcessingPurpose
from consent.queries import transfers as queries
from consent.queries.purposes import same_key
from security import trail
from security.access.gate import Refused
from security.models import User

CONTENT = (
    "name", "name_zh", "contact", "country", "purpose", "categories", "mechanism", "reference",
    "mechanism_on", "expires_on", "needs_separate_consent",
)  # fmt: skip
Mechanism = OverseasRecipient.Mechanism


class Conflict(Exception):
    """Somebody else changed the recipient meanwhile; `row` is what is stored now."""

    def __init__(self, row: OverseasRecipient) -> None:
        super().__init__(row.key)
        self.row = row


class Unfit(Refused):
    """Data may not go abroad in this way."""


class KeyTaken(Refused):
    """Another recipient has this key."""


class Ended(Refused):
    """The recipient was ended and is not changed any more."""


@transaction.atomic
def add(*, key: str, content: Mapping[str, Any], by: User) -> OverseasRecipient:
    """Enter a recipient abroad."""
    _check(content)
    taken = _("Another recipient has this key. Choose another one.")
    if same_key(key, OverseasRecipient.objects.values_list("key", flat=True)):
        raise KeyTaken(taken)
    row = OverseasRecipient(key=key, changed_by=by, **{name: content[name] for name in CONTENT})
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise KeyTaken(taken) from error
    trail.record("consent.recipient.entered", by=by, changed=[row], obj=row, fields=[key])
    return row


@transaction.atomic
def change(
    *, recipient_id: UUID, version: int, content: Mapping[str, Any], by: User
) -> OverseasRecipient:
    """Change a recipient; raise Conflict unless it is still the version that was read."""
    row = _open(recipient_id)
    if row.version != version:
        raise Conflict(row)
    _check(content)
    changed = [name for name in CONTENT if getattr(row, name) != content[name]]
    for name in CONTENT:
        setattr(row, name, content[name])
    row.version, row.changed_at, row.changed_by = row.version + 1, timezone.now(), by
    row.save()
    trail.record("consent.recipient.changed", by=by, changed=[row], obj=row, fields=changed)
    return row


@transaction.atomic
def end(*, recipient_id: UUID, by: User) -> OverseasRecipient:
    """End a recipient: nothing goes there any more; what went stays in the register."""
    row = _open(recipient_id)
    row.ended_at = row.changed_at = timezone.now()
    row.version, row.changed_by = row.version + 1, by
    row.save()
    trail.record("consent.recipient.ended", by=by, changed=[row], obj=row)
    return row


def _open(recipient_id: UUID) -> OverseasRecipient:
    rows = OverseasRecipient.objects.select_for_update(of=("self",)).select_related("purpose")
    row = rows.get(pk=recipient_id)
    if row.ended_at is not None:
        raise Ended(_("This recipient was ended before. Enter a new one instead."))
    return row


def _check(content: Mapping[str, Any]) -> None:
    purpose: ProcessingPurpose = content["purpose"]
    categories = {str(one) for one in content["categories"]}
    if content["country"] not in phonenumbers.SUPPORTED_REGIONS:
        raise Unfit(_("This is no country. Give its two letters, such as DE or SG."))
    if purpose.state != ProcessingPurpose.State.ACTIVE or not purpose.is_cross_border:
        raise Unfit(_("Choose a purpose that is in use and lets data go abroad."))
    if not categories or not categories <= set(purpose.categories):
        raise Unfit(_("The purpose does not use all of these kinds of data."))
    if content["mechanism"] == Mechanism.EXEMPT and queries.is_sensitive(categories):
        raise Unfit(_("Sensitive data, and all data on health, know no exemption by volume."))
    expires_on = content["expires_on"]
    if expires_on is not None and expires_on < queries.today():
        raise Unfit(_("The mechanism is over already: its last day is past."))
    if expires_on is not None and expires_on < content["mechanism_on"]:
        raise Unfit(_("The mechanism would end before it begins."))
