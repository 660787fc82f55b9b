"""Who of a segment may be written to now, and why not each of the others; asked anew each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from engagement.lanes import CLOSED, LANES, Lane
from engagement.models import Campaign, ContactRule, Segment
from engagement.queries import contact_rules, exclusions, people_of, ways
from engagement.queries.ways import NoWay, Way
from patients.models import Patient
from patients.names import age
from security import context
from security.classification import SubjectKind
from security.models import OutboxMessage
from security.sealing import SealBroken, keyring

# What says that an address does not work, and for how long that is believed.
BOUNCES = ("address", "bounced", "refused", "unknown", "SMTPRecipientsRefused")
BELIEVED = timedelta(days=180)
MessageState = OutboxMessage.State
# Of a clinical group no smaller number is told: who belongs to it is nobody's to guess.
SMALL = 5


@dataclass(slots=True)
class Asking:
    """One run over an audience: by which rules, and which addresses it met already."""

    lane: Lane
    channel: str
    rule: ContactRule
    campaign_id: UUID | None = None
    met: set[bytes] = field(default_factory=set)
    bounced: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """One person of a segment: the way there, or one word why there is none."""

    patient_id: UUID
    way: Way | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """An audience in numbers: how many belong to the segment, get it, and are left out for what."""

    people: int
    reached: int
    left_out: Mapping[str, int]
    # The first of those who get it, to be shown masked.
    some: tuple[UUID, ...]


def asking(campaign: Campaign) -> Asking:
    """Return how an audience of a campaign is asked for now."""
    return asking_for(campaign.lane, campaign.channel, but=campaign.pk)


def asking_for(lane: str, channel: str, *, but: UUID | None = None) -> Asking:
    """Return how an audience of a lane by a channel is asked for now."""
    bounced = frozenset(_bounced(channel))
    return Asking(LANES[lane], channel, contact_rules.current(), but, bounced=bounced)


def seen(segment: Segment, asked: Asking) -> Iterator[list[Seen]]:
    """Yield everybody of a segment, batch by batch, with the way there or the reason against it."""
    for ids in people_of.batches(segment):
        context.current().forget_keys()
        yield of_people(ids, asked)


def counts(segment: Segment, asked: Asking, *, shown: int = 25) -> Counts:
    """Return an audience in numbers, with the ids of some of those who get it."""
    people, left_out, some = 0, Counter[str](), list[UUID]()
    for batch in seen(segment, asked):
        people += len(batch)
        left_out.update(one.why for one in batch if one.way is None)
        some += [one.patient_id for one in batch if one.way is not None][: shown - len(some)]
    reached = people - left_out.total()
    return Counts(people, reached, dict(left_out.most_common()), tuple(some))


def of_people(ids: Collection[UUID], asked: Asking) -> list[Seen]:
    """Return the way to each of these people, or the one reason against it; a flat number of queries."""
    if asked.channel not in settings.DELIVERY_CHANNELS:
        return [Seen(one, None, "channel") for one in ids]
    found = ways.find_many(ids, asked.lane.purpose, asked.channel)
    open_to = [one for one, way in found.items() if isinstance(way, Way)]
    minors = set() if asked.lane.is_for_minors else _minors(open_to)
    enough = (
        contact_rules.had_enough(asked.rule, open_to, but=asked.campaign_id)
        if asked.lane.is_capped
        else set()
    )
    return [_one(found[patient_id], asked, minors, enough) for patient_id in ids]


def _one(way: Way | NoWay, asked: Asking, minors: set[UUID], enough: set[UUID]) -> Seen:
    who = way.patient_id
    if isinstance(way, NoWay):
        return Seen(who, None, exclusions.of_way(way))
    # What could forge a header is no address; one such must not stop a batch.
    if asked.channel not in CLOSED and not way.address.isprintable():
        return Seen(who, None, "no_address")
    for word, people in (("minor", minors), ("bounced", asked.bounced), ("cap", enough)):
        if who in people:
            return Seen(who, None, word)
    if asked.lane.is_once_per_address and not _is_first(way, asked):
        return Seen(who, None, "same_address")
    return Seen(who, way)


def _is_first(way: Way, asked: Asking) -> bool:
    digest = keyring.index_digest("campaign address", way.address.strip().casefold())[:16]
    if digest in asked.met:
        return False
    asked.met.add(digest)
    return True


def _minors(ids: Collection[UUID]) -> set[UUID]:
    """Return who is too young to decide alone; whose age does not open counts as young."""
    today, found = timezone.localdate(), set()
    with context.matching():
        for row in Patient.objects.filter(pk__in=ids).only("pk", "version", "sealed_card"):
            try:
                born_on = row.birth_on
            except SealBroken:
                found.add(row.pk)
                continue
            if born_on is not None and age(born_on, today) < settings.GUARDIAN_AGE:
                found.add(row.pk)
    return found


def _bounced(channel: str) -> set[UUID]:
    """Return whose last message by a channel came back and no later one arrived; two queries for all."""
    rows = OutboxMessage.objects.filter(
        channel=channel, recipient_kind=SubjectKind.PATIENT,
        created_at__gte=timezone.now() - BELIEVED,
    )  # fmt: skip
    failed = rows.filter(state=MessageState.FAILED, failure__in=BOUNCES).order_by("created_at")
    last = dict(failed.values_list("subject_id", "created_at"))
    arrived = rows.filter(subject_id__in=last, state=MessageState.SENT)
    for who, at in arrived.values_list("subject_id", "created_at"):
        if who in last and at > last[who]:
            del last[who]
    return set(last)
