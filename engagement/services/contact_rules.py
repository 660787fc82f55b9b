"""Setting the clinic's limits on writing to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from engagement.models import ContactRule
from security import trail
from security.access.gate import Refused
from security.models import User

FIELDS = (
    "most", "days", "quiet_from", "quiet_until", "tip_day", "tip_segment", "tip_channel",
)  # fmt: skip


class Outdated(Refused):
    """Somebody else set the limits meanwhile."""


@transaction.atomic
def set_limits(*, version: int, content: Mapping[str, Any], by: User) -> ContactRule:
    """Set the limits; raise Outdated unless they are still those that were read."""
    row, _is_new = ContactRule.objects.select_for_update(of=("self",)).get_or_create(pk=1)
    if row.version != version:
        raise Outdated(_("Somebody changed the limits meanwhile. Look at them and save again."))
    changed = [name for name in FIELDS if getattr(row, name) != content[name]]
    for name in changed:
        setattr(row, name, content[name])
    row.changed_by, row.version = by, row.version + 1
    row.save()
    trail.record("engagement.contact_rule.changed", by=by, changed=[row], obj=row, fields=changed)
    return row
