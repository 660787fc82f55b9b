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
# Where nothing happens a head is signed every ten minutes; an anchor that got nothing for so long beyond
# that, or beyond its own rhythm, is shown as failing.
RHYTHM, LATE = timedelta(minutes=15), timedelta(minutes=5)
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
FEW = _(
    "Fewer than two anchors of the audit trail are configured: with the database and the one anchor in the "
    "same hands, the ledger could be rewritten."
)
FEW_WORK = _(
    "Fewer than two anchors hold the newest heads of the audit trail: until that is mended, what was "
    "recorded since could be rewritten unnoticed. The page of the ledger tells which."
)
UNREACHED = _(
    "An anchor of the audit trail is not reached: signed heads wait for it. The page of the ledger tells "
    "which."
)


@dataclass(frozen=True)
class Alarm:
    """What officers, auditors and administrators are told on every page."""

    text: Promise
    tone: str = "danger"


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
    alarms: list[Alarm]
    beaten_at: Mapping[str, datetime]

    @property
    def is_well(self) -> bool:
        """Tell whether nothing needs a look."""
        return not self.alarms and all(one.is_well for one in self.anchors)

    def age(self, now: datetime | None = None) -> timedelta | None:
        """Return how long ago the newest head was signed."""
        return (now or timezone.now()) - self.signed_at if self.signed_at else None


def alarms(now: datetime | None = None) -> list[Alarm]:
    """Return what is wrong with sealer, worker and anchors, for a banner on every page: two queries."""
    moment = now or timezone.now()
    return _alarms(list(Heartbeat.objects.all()), _anchors(moment), moment)


def _alarms(beats: list[Heartbeat], known: list[AnchorState], now: datetime) -> list[Alarm]:
    heard = {beat.process: beat for beat in beats}
    found = []
    for process, sentence in PROCESSES.items():
        beat = heard.get(process)
        if beat is None or now - beat.beaten_at > heartbeats.SILENT_AFTER:
            found.append(Alarm(sentence))
        elif beat.trouble:
            found.append(Alarm(TROUBLES[process]))
    if len(known) < FEWEST_ANCHORS:
        found.append(Alarm(FEW, "warn"))
    elif sum(one.is_well for one in known) < FEWEST_ANCHORS:
        found.append(Alarm(FEW_WORK, "warn"))
    elif not all(one.is_well for one in known):
        found.append(Alarm(UNREACHED, "warn"))
    return found


def state(now: datetime | None = None) -> LedgerState:
    """Return how the ledger stands, in four queries."""
    moment = now or timezone.now()
    head = Checkpoint.objects.order_by("-number").only("number", "size", "issued_at").first()
    beats = list(Heartbeat.objects.all())
    named = _anchors(moment)
    return LedgerState(
        checkpoint=head.number if head else 0,
        size=head.size if head else 0,
        signed_at=head.issued_at if head else None,
        pending=Pending.objects.count(),
        anchors=named,
        alarms=_alarms(beats, named, moment),
        beaten_at={beat.process: beat.beaten_at for beat in beats},
    )


def _anchors(now: datetime) -> list[AnchorState]:
    known = {row.name: row for row in Anchor.objects.all()}
    return [_anchor(name, known.get(name), now) for name in anchors.configured()]


def _anchor(name: str, row: Anchor | None, now: datetime) -> AnchorState:
    place = anchors.PLACES.get(name)
    patience = LATE + max(RHYTHM, place.every if place else RHYTHM)
    succeeded_at = row.succeeded_at if row else None
    is_fresh = succeeded_at is not None and now - succeeded_at <= patience
    failure = row.failure if row else ""
    return AnchorState(name, LABELS[name], succeeded_at, failure, is_fresh and not failure)


def receipt_urls(event_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return where the receipts of those events are that are sealed: one query for a page of them."""
    return {one: reverse("audit:receipt", args=[one]) for one in receipts.sealed(event_ids)}


def context_of(current: LedgerState) -> dict[str, Any]:
    """Return what the page of the ledger shows."""
    return {"ledger": current}
