"""Where consents stand, each with the event that brought it there; plain columns alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from consent.models import Consent, ConsentEvent, State
from consent.models.consent import REFUSED
from consent.queries import limits

# Any channel: that somebody may be written to at all, not by which way.
ANY = "*"


@dataclass(frozen=True, slots=True)
class Grant:
    """Where one purpose stands for one patient on one channel, and who said so."""

    patient_id: UUID
    purpose_id: UUID
    channel: str
    state: str
    since: datetime
    until: datetime | None
    # The row itself where no event tells of it.
    event_id: UUID
    capacity: str
    given_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether it allows at an instant: granted, begun and not over."""
        is_over = self.until is not None and self.until <= at
        return self.state == State.GRANTED and self.since <= at and not is_over

    def serves(self, channel: str, *, is_per_channel: bool) -> bool:
        """Tell whether it is about a channel; what is not asked per channel is about all."""
        if channel == ANY or self.channel == channel:
            return True
        return not is_per_channel and self.channel == ""


def of(
    patients: Iterable[UUID], purposes: Iterable[UUID]
) -> Mapping[tuple[UUID, UUID], list[Grant]]:
    """Return where these purposes stand for these patients, by both; one query.

    What somebody refused under a record that was merged into this one outweighs what was allowed before it.
    """
    event = ConsentEvent.objects.filter(consent=OuterRef("pk"), kind=OuterRef("state"))
    # As the deeds order them: what was said last decides, not what was entered last.
    newest: QuerySet[ConsentEvent] = event.order_by("-given_at", "-noted_at", "-pk")
    ids = set(patients)
    rows = Consent.objects.filter(patient__in=limits.records_of(ids), purpose_id__in=list(purposes))
    found: dict[tuple[UUID, UUID], dict[str, Grant]] = {}
    columns = rows.annotate(
        event_id=Coalesce(Subquery(newest.values("pk")[:1]), F("pk")),
        capacity=Subquery(newest.values("capacity")[:1]),
        given_at=Subquery(newest.values("given_at")[:1]),
    ).values_list(
        "patient_id", "patient__merged_into", "purpose_id", "channel", "state", "since", "until", "event_id",
        "capacity", "given_at",
    )  # fmt: skip
    for row in columns.order_by("channel", "pk"):
        patient, heir, purpose, channel, state, since, until, event_id, capacity, given_at = row
        for whose in (patient, heir):
            if whose is None or whose not in ids or (whose == heir and state not in REFUSED):
                continue
            grant = Grant(
                whose, purpose, channel, state, since, until, event_id, capacity or "", given_at
            )
            said = found.setdefault((whose, purpose), {})
            said[channel] = _weightier(said.get(channel), grant)
    return {about: list(said.values()) for about, said in found.items()}


def _weightier(one: Grant | None, other: Grant) -> Grant:
    """Return which of two holds for one channel: what was said last; of one moment the refusal."""
    if one is None:
        return other
    return max(one, other, key=lambda grant: (grant.since, grant.state in REFUSED))
