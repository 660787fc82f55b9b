"""What explains accesses: what the apps know, and the pairs that an officer remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from audit.models import Access as AccessRow
from audit.models import Companion
from security.monitoring import Access, explainers

PAIR = "pair"
Place = tuple[UUID, UUID]


def explained(candidates: Sequence[Sequence[Access]]) -> list[Access]:
    """Return one access for each request, with its ground; of several patients the one that is explained."""
    grounds = _grounds([one for several in candidates for one in several])
    chosen = []
    for several in candidates:
        known = [one for one in several if _place(one) in grounds]
        one = (known or several)[0]
        chosen.append(one._replace(ground=grounds.get(_place(one), "")))
    return sorted(chosen, key=lambda one: (one.at, one.request_id))


def keep(accesses: Sequence[Access]) -> None:
    """Keep accesses for the windows of later batches; what a later look explains is explained."""
    rows = [
        AccessRow(
            request_id=one.request_id, event_id=one.event_id, actor_id=one.actor_id,
            subject_id=one.subject_id, occurred_at=one.at, role=one.role[:40], basis=one.basis[:40],
            ground=one.ground,
        )
        for one in accesses
    ]  # fmt: skip
    AccessRow.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["request_id"], update_fields=["ground"],
        batch_size=2000,
    )  # fmt: skip


def _place(one: Access) -> Place:
    return one.request_id, one.subject_id


def _grounds(accesses: Sequence[Access]) -> dict[Place, str]:
    found: dict[Place, str] = {}
    for layer in _layers(accesses):
        subjects = {one.request_id: one.subject_id for one in layer}
        for explain in explainers:
            for request, ground in explain(layer).items():
                found[request, subjects[request]] = ground
    rest = [one for one in accesses if _place(one) not in found]
    return found | (_of_pairs(rest) if rest else {})


def _layers(accesses: Sequence[Access]) -> Iterator[list[Access]]:
    """Yield the accesses so that a layer holds each request once: grounds are told by request."""
    left = list(accesses)
    while left:
        layer: dict[UUID, Access] = {}
        rest = []
        for one in left:
            if one.request_id in layer:
                rest.append(one)
            else:
                layer[one.request_id] = one
        yield list(layer.values())
        left = rest


def _of_pairs(accesses: Sequence[Access]) -> dict[Place, str]:
    people = {one.actor_id for one in accesses}
    found: dict[Place, str] = {}
    colleagues: list[tuple[Access, UUID]] = []
    for pair in Companion.objects.filter(actor_id__in=people).defer("sealed"):
        for one in accesses:
            if one.actor_id != pair.actor_id or not pair.starts_at <= one.at < pair.ends_at:
                continue
            if pair.kind == Companion.Kind.COLLEAGUE:
                colleagues.append((one, pair.other_id))
            elif one.subject_id == pair.other_id:
                found[_place(one)] = PAIR
    # What the other one's work explains, this one's explains as well.
    of_others = [one._replace(actor_id=other) for one, other in colleagues]
    for layer in _layers(of_others):
        subjects = {one.request_id: one.subject_id for one in layer}
        for explain in explainers:
            found |= {(request, subjects[request]): PAIR for request in explain(layer)}
    return found
