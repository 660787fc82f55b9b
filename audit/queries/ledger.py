"""How the ledger stands: its newest head, its anchors, and whether sealer and worker live."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.ledger import anchors, heartbeats, receipts
from audit.models import Anchor, Checkpoint, Heartbeat, Pending

FEWEST_ANCHORS = 2
# An anchor that got nothing for so long beyond its own rhythm is shown as failing.
LATE = timedelta(minutes=5)
LABELS: dict[str, Promise] = {
    "file": _("File that is only appended to"),
    "log": _("Log of the worker"),
    "address": _("Address of the operator"),
    "officers": _("E-mail to officers"),
    "authority": _("Time-stamping authority"),
}
PROCESSES: dict[str, Promise] = {
    heartbeats.SEALER: _("The sealer of the audit trail is silent: events are recorded and not yet sealed."),
    heartbeats.WORKER: _("The worker is silent: messages, alerts and reports wait."),
}  # fmt: skip
STOPPED = _(
    "The ledger of the audit trail does not fit what was signed: somebody must look at once."
)


TROUBLES: dict[str, Promise] = {
    heartbeats.SEALER: STOPPED,
    heartbeats.WORKER: _("Monitoring stands still: what happens now is recorded and raises no alert yet."),
}  # fmt: skip


@dataclass(frozen=True)
class AnchorState:
    """How one anchor stands."""

    name: str
    label: Promise
    succeeded_at: datetime | None
    failure: str
    is_well: bool


@dataclass(frozen=True)
class LedgerState:
    """How the ledger stands now."""

    checkpoint: int
    size: int
    signed_at: datetime | None
    pending: int
    anchors: list[AnchorState]
    has_enough_anchors: bool
    alarms: list[Promise]
    beaten_at: Mapping[str, datetime]

    @property
    def is_well(self) -> bool:
        """Tell whether nothing needs a look."""
        return not self.alarms and self.has_enough_anchors and all(a.is_well for a in self.anchors)

    def age(self, now: datetime | None = None) -> timedelta | None:
        """Return how long ago the newest head was signed."""
        return (now or timezone.now()) - self.signed_at if self.signed_at else None


def alarms(now: datetime | None = None) -> list[Promise]:
    """Return what officers must be told on every page: one query, whatever the size of the ledger."""
    return _alarms(list(Heartbeat.objects.all()), now or timezone.now())


def _alarms(beats: list[Heartbeat], now: datetime) -> list[Promise]:
    heard = {beat.process: beat for beat in beats}
    found = []
    for process, sentence in PROCESSES.items():
        beat = heard.get(process)
        if beat is None or now - beat.beaten_at > heartbeats.SILENT_AFTER:
            found.append(sentence)
        elif beat.trouble:
            found.append(TROUBLES[process])
    return found


def state(now: datetime | None = None) -> LedgerState:
    """Return how the ledger stands, in four queries."""
    moment = now or timezone.now()
    head = Checkpoint.objects.order_by("-number").only("number", "size", "issued_at").first()
    known = {row.name: row for row in Anchor.objects.all()}
    beats = list(Heartbeat.objects.all())
    named = [_anchor(name, known.get(name), moment) for name in anchors.configured()]
    return LedgerState(
        checkpoint=head.number if head else 0,
        size=head.size if head else 0,
        signed_at=head.issued_at if head else None,
        pending=Pending.objects.count(),
        anchors=named,
        has_enough_anchors=len(named) >= FEWEST_ANCHORS,
        alarms=_alarms(beats, moment),
        beaten_at={beat.process: beat.beaten_at for beat in beats},
    )


def _anchor(name: str, row: Anchor | None, now: datetime) -> AnchorState:
    place = anchors.PLACES.get(name)
    patience = LATE + (place.every if place else timedelta(minutes=15))
    succeeded_at = row.succeeded_at if row else None
    is_fresh = succeeded_at is not None and now - succeeded_at <= patience
    failure = row.failure if row else ""
    return AnchorState(name, LABELS[name], succeeded_at, failure, is_fresh and not failure)


def receipt_urls(event_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return where the receipts of those events are that are sealed: one query for a page of them."""
    return {one: reverse("audit:receipt", args=[one]) for one in receipts.sealed(event_ids)}


def context_of(current: LedgerState) -> dict[str, Any]:
    """Return what the page of the ledger shows."""
    return {"ledger": current, "fewest": FEWEST_ANCHORS}
