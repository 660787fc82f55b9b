"""Sending campaigns: batch by batch, each asked for again; a process that dies leaves nothing half done.

A batch is one transaction: who is in it, their messages and the event of it are there together or not at
all. Of two messages to one person for one campaign the second has the key of the first and is never made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from consent.queries import standing
from engagement import wording
from engagement.lanes import CLOSED, LANES
from engagement.models import Campaign, CampaignRecipient, ContactRule
from engagement.queries import addresses, audience, contact_rules, exclusions
from engagement.queries.audience import Seen
from engagement.queries.ways import ASKED_AS, Way
from engagement.services import campaigns, links, outgoing
from engagement.services.outgoing import Content, Outgoing
from patients.models import Patient
from patients.names import display
from security import context, trail
from security.classification import Scope, SubjectKind
from security.delivery import permits
from security.masks import masked_address
from security.models import ClinicProfile, OutboxMessage
from security.sealing import keys

State, Person = Campaign.State, CampaignRecipient.State
TOPIC = "engagement.campaign"
BATCH = 100
# Nobody knows whether it left: of these nobody is written to again.
UNKNOWN = "interrupted"
MINUTE = timedelta(minutes=1)
# How long the way out of a message stays open.
WAY_OUT = timedelta(days=400)


def begin_due() -> None:
    """List the recipients of campaigns whose hour has come; one transaction each."""
    due = Campaign.objects.filter(state=State.APPROVED, send_at__lte=timezone.now())
    for campaign_id in due.order_by("send_at", "pk").values_list("pk", flat=True):
        begin(campaign_id)


@transaction.atomic
def begin(campaign_id: UUID) -> int:
    """Write down who gets a campaign and who does not and why; whole or not at all. Returns how many."""
    row = _take(campaign_id, State.APPROVED)
    if row is None:
        return 0
    if not campaigns.is_agreed(row):
        _stop(row, "changed")
        return 0
    asked = audience.asking(row)
    people = sum(_list(row, batch) for batch in audience.seen(row.segment, asked))
    row.state, row.listed_at = State.RUNNING, timezone.now()
    _finish_if_empty(row)
    row.version += 1
    row.save()
    trail.record("engagement.campaign.begun", changed=[row], obj=row, counts={"people": people})
    return people


def _take(campaign_id: UUID, state: str) -> Campaign | None:
    rows = Campaign.objects.select_for_update(of=("self",), skip_locked=True)
    return rows.select_related("segment").filter(pk=campaign_id, state=state).first()


def _list(row: Campaign, batch: Sequence[Seen]) -> int:
    there = set(
        row.recipients.filter(patient_id__in=[one.patient_id for one in batch]).values_list(
            "patient_id", flat=True
        )
    )
    ids = [one.patient_id for one in batch if one.patient_id not in there]
    keys.prepare(ids, kind=SubjectKind.PATIENT, scope=Scope.ENGAGEMENT)
    made = CampaignRecipient.objects.bulk_create(
        CampaignRecipient(
            campaign=row,
            patient_id=one.patient_id,
            state=Person.WAITING if one.way else Person.SKIPPED,
            reason=one.why,
            destination=_shown(one.way) if one.way else "",
        )
        for one in batch
        if one.patient_id not in there
    )
    if made:
        trail.record(
            "engagement.campaign.listed", subjects=ids, changed=made, obj=row,
            counts={"people": len(made)},
        )  # fmt: skip
    return len(made)


def _shown(way: Way) -> str:
    """Return where a message goes, masked; of a postal address and a portal nothing."""
    return "" if way.channel in CLOSED else masked_address(way.address)


# --- batches --------------------------------------------------------------------------------


def work(campaign_id: UUID) -> int:
    """Queue what a campaign may send now; return how many people were dealt with."""
    rule = contact_rules.current()
    if contact_rules.is_quiet(rule, timezone.now()):
        return 0
    done = 0
    while taken := send_batch(campaign_id):
        done += taken
        context.current().forget_keys()
    return done


@transaction.atomic
def send_batch(campaign_id: UUID) -> int:
    """Ask again for the next people of a running campaign, then queue or leave out each; return how many."""
    row = Campaign.objects.select_related("segment").get(pk=campaign_id)
    if row.state != State.RUNNING:
        return 0
    if not campaigns.is_agreed(row):
        found = _take(campaign_id, State.RUNNING)
        if found is not None:
            _stop(found, "changed")
        return 0
    if LANES[row.lane].is_capped:
        # Campaigns that count wait for each other, so that together they do not pass the cap.
        ContactRule.objects.select_for_update(of=("self",)).first()
    waiting = row.recipients.filter(state=Person.WAITING).order_by("pk")
    people = list(waiting.select_for_update(of=("self",), skip_locked=True)[: _allowance(row)])
    if not people:
        return 0
    seen = {
        one.patient_id: one
        for one in audience.of_people([one.patient_id for one in people], audience.asking(row))
    }
    queued = [one for one in people if seen[one.patient_id].way is not None]
    messages = _queue(row, queued, seen)
    now = timezone.now()
    for one in people:
        if one.patient_id in messages:
            one.state, one.queued_at, one.reason = Person.QUEUED, now, ""
            one.message_id = messages[one.patient_id].pk
        else:
            one.state, one.reason = Person.SKIPPED, seen[one.patient_id].why
    _write(people)
    trail.record(
        "engagement.campaign.batch_queued", subjects=[one.patient_id for one in people], obj=row,
        counts={"queued": len(messages), "left_out": len(people) - len(messages)},
    )  # fmt: skip
    return len(people)


def _allowance(row: Campaign) -> int:
    """Return how many may be queued now: so many a minute, and never more on their way than that."""
    since = timezone.now() - MINUTE
    recent = Q(queued_at__gte=since) | Q(state=Person.QUEUED)
    under_way = row.recipients.filter(recent).count()
    return max(0, min(BATCH, row.per_minute - under_way))


def _write(people: Iterable[CampaignRecipient]) -> None:
    CampaignRecipient.objects.bulk_update(
        people, ["state", "reason", "message_id", "queued_at", "round"]
    )


def _queue(
    row: Campaign, people: Sequence[CampaignRecipient], seen: dict[UUID, Seen]
) -> dict[UUID, OutboxMessage]:
    purpose = LANES[row.lane].purpose
    ids = [one.patient_id for one in people]
    tokens = links.issue_opt_outs(
        subject_ids=ids, target_id=row.pk, purpose=purpose, channel=row.channel,
        expires_at=timezone.now() + WAY_OUT, by=None,
    )  # fmt: skip
    names, called = _names(row, ids), clinics()
    written = []
    for one in people:
        way = seen[one.patient_id].way
        if way is not None:
            values = {
                "name": names.get(one.patient_id, ""),
                "opt_out": addresses.link_to("opt_out", tokens[one.patient_id]),
            }
            key = f"campaign:{row.pk}:{one.patient_id}:{one.round}"
            content = content_for(row, way.language, values, called)
            written.append(Outgoing(way, content, key, one.pk))
    return outgoing.send_many(messages=written, purpose=purpose, by=None)


def _names(row: Campaign, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return how people are called, where the message says it: on closed ways alone."""
    if row.channel not in CLOSED or not wording.uses(row.content, "name"):
        return {}
    rows = Patient.objects.filter(pk__in=ids).only("pk", "version", "sealed_card")
    return {one.pk: display(one.names) for one in rows}


def content_for(
    row: Campaign, language: str, values: dict[str, str], called: Mapping[str, str]
) -> Content:
    """Return what a campaign says to somebody, with its fields filled."""
    title, text, spoken = wording.in_language(row.content, language)
    known = {"clinic": called[spoken], "portal": settings.BASE_URL} | values
    return Content(TOPIC, title.strip(), wording.merged(wording.with_way_out(text, spoken), known))


def clinics() -> Mapping[str, str]:
    """Return what the clinic is called in each language; one query."""
    found = ClinicProfile.objects.first()
    english = found.name if found else ""
    return {"en": english, "zh-hans": (found.name_zh if found else "") or english}


# --- what became of them --------------------------------------------------------------------


def settle(campaign_id: UUID) -> int:
    """Write down what became of the messages of a campaign; return how many people are settled."""
    done = 0
    while taken := _settle_batch(campaign_id):
        done += taken
    return done


@transaction.atomic
def _settle_batch(campaign_id: UUID) -> int:
    outcome = OutboxMessage.objects.filter(pk=OuterRef("message_id"))
    rows = CampaignRecipient.objects.filter(campaign_id=campaign_id, state=Person.QUEUED)
    told = rows.annotate(
        told=Subquery(outcome.values("state")[:1]), failure=Subquery(outcome.values("failure")[:1])
    ).filter(told__in=("sent", "failed", "skipped"))
    people = list(told.order_by("pk").select_for_update(of=("self",), skip_locked=True)[:BATCH])
    if not people:
        return 0
    refused = [one.patient_id for one in people if one.failure == "consent"]
    reasons = _why_refused(campaign_id, refused) if refused else {}
    for one in people:
        one.state = one.told
        if one.told != Person.SENT:
            one.reason = _reason(one.told, one.failure, reasons.get(one.patient_id))
    _write(people)
    return len(people)


def _reason(told: str, failure: str, refused: str | None) -> str:
    if told == Person.FAILED:
        if failure == UNKNOWN:
            return UNKNOWN
        return "bounced" if failure in audience.BOUNCES else "delivery"
    return refused or (failure if failure in exclusions.SENTENCES else "consent")


def _why_refused(campaign_id: UUID, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return why the door let people's messages not pass, in the words of consent."""
    row = Campaign.objects.get(pk=campaign_id)
    answers = standing.may_many(ids, LANES[row.lane].purpose, ASKED_AS[row.channel])
    return {
        one: exclusions.of_answer(answer) for one, answer in answers.items() if not answer.allowed
    }


@transaction.atomic
def finish(campaign_id: UUID) -> bool:
    """Close a campaign of which nobody waits any more; tell whether it is done."""
    row = _take(campaign_id, State.RUNNING)
    if row is None or not _finish_if_empty(row):
        return False
    row.version += 1
    row.save()
    trail.record("engagement.campaign.finished", changed=[row], obj=row)
    return True


def _finish_if_empty(row: Campaign) -> bool:
    open_states = (Person.WAITING, Person.QUEUED)
    if row.recipients.filter(state__in=open_states).exists():
        return False
    row.state, row.finished_at = State.DONE, timezone.now()
    return True


def _stop(row: Campaign, why: str) -> None:
    """Stop a campaign that is not what somebody agreed to."""
    row.state, row.stopped_why = State.STOPPED, why
    row.version += 1
    row.save()
    trail.record(
        "engagement.campaign.stopped", outcome="refused", changed=[row], obj=row, fields=[why]
    )


def may_leave(message: OutboxMessage) -> str:
    """Return "stopped" where the campaign that a message belongs to is not being sent any more."""
    if message.topic != TOPIC or message.origin_id is None:
        return ""
    running = (State.RUNNING, State.DONE)
    is_running = CampaignRecipient.objects.filter(
        pk=message.origin_id, campaign__state__in=running, message_id=message.pk
    )
    return "" if is_running.exists() else "stopped"


def install() -> None:
    """Hold back what a stopped campaign has in the outbox."""
    permits.add("campaign", may_leave)
