"""What pages show of campaigns, segments and who is on their lists; people stand masked, as decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement import criteria
from engagement.lanes import CHANNELS, LANES
from engagement.models import Campaign, CampaignRecipient, MessageLink, Segment
from engagement.queries import audience, contact_rules, exclusions
from engagement.queries.audience import Counts
from engagement.queries.segment_words import Names, described, joined_by
from patients.models import Patient
from patients.queries import people as patients
from security.models import User
from security.pages import Place, ascending
from security.people import called
from security.sealing import SealBroken

PAGE = 25
State, Person = Campaign.State, CampaignRecipient.State
TONES = {
    State.DRAFT: "neutral", State.SUBMITTED: "warn", State.APPROVED: "info", State.RUNNING: "info",
    State.STOPPED: "danger", State.DONE: "good", State.CANCELLED: "neutral",
}  # fmt: skip
PERSON_TONES = {"sent": "good", "queued": "info", "failed": "danger", "skipped": "neutral"}
GROUPS = {
    "open": (State.DRAFT, State.SUBMITTED, State.APPROVED, State.RUNNING, State.STOPPED),
    "over": (State.DONE, State.CANCELLED),
}


def listed(show: str) -> list[dict[str, Any]]:
    """Return campaigns, the latest first, with what became of them; two queries."""
    rows = Campaign.objects.filter(state__in=GROUPS[show]).select_related("segment", "changed_by")
    counted = rows.annotate(
        people=Count("recipients"),
        sent=Count("recipients", filter=Q(recipients__state=Person.SENT)),
        out=Count("recipients", filter=Q(recipients__state=Person.SKIPPED)),
    )
    return [shown(row) for row in counted.order_by("-changed_at", "-pk")[:200]]


def shown(row: Campaign) -> dict[str, Any]:
    """Return a campaign with its words for people."""
    return {
        "row": row,
        "lane": LANES[row.lane],
        "channel": CHANNELS[row.channel],
        "tone": TONES[State(row.state)],
        "who": called(row.changed_by) or _("The calendar"),
    }


def waiting(reader: User) -> int:
    """Return how many campaigns and segments wait for the agreement of a person."""
    rows = Campaign.objects.filter(state=State.SUBMITTED).exclude(authors__contains=[reader.pk])
    groups = unagreed().exclude(authors__contains=[reader.pk])
    return int(rows.count() + groups.count())


def unagreed() -> Any:
    """Return the segments in use that look at the record and that nobody agreed to."""
    return Segment.objects.in_use().filter(is_clinical=True, approved_at__isnull=True)


def results(row: Campaign) -> dict[str, Any]:
    """Return what became of everybody on the list of a campaign; two queries."""
    counted = row.recipients.values_list("state", "reason").annotate(number=Count("pk"))
    states: dict[str, int] = dict.fromkeys(Person.values, 0)
    reasons: dict[tuple[str, str], int] = {}
    for state, reason, number in counted:
        states[state] += number
        if reason:
            reasons[state, reason] = number
    links = MessageLink.objects.filter(kind=MessageLink.Kind.OPT_OUT, target_id=row.pk)
    return {
        "total": sum(states.values()),
        "states": [
            {"label": label, "number": states[key], "tone": PERSON_TONES.get(key, "neutral")}
            for key, label in Person.choices
        ],
        "reasons": _reasons(
            ((why, number) for (state, why), number in reasons.items() if state == Person.SKIPPED),
            row.segment,
        ),
        "failures": _reasons(
            ((why, number) for (state, why), number in reasons.items() if state == Person.FAILED),
            row.segment,
        ),
        "opted_out": links.filter(used_at__isnull=False).count(),
        "quiet_until": _quiet(row),
    }


def _quiet(row: Campaign) -> Any:
    if row.state != State.RUNNING:
        return None
    return contact_rules.quiet_until(contact_rules.current(), timezone.now())


def _reasons(found: Iterable[tuple[str, int]], segment: Segment) -> list[dict[str, Any]]:
    ordered = sorted(found, key=lambda one: (-one[1], one[0]))
    return [
        {"text": exclusions.sentence(why), "number": number, "is_few": _is_few(number, segment)}
        for why, number in ordered
    ]


def _is_few(number: int, segment: Segment) -> bool:
    """Tell whether a number of a clinical group is too small to be told."""
    return segment.is_clinical and 0 < number < audience.SMALL


def preview(found: Counts, segment: Segment, reader: User) -> dict[str, Any]:
    """Return an audience for people: numbers, reasons, and some of those who get it, masked."""
    return {
        "people": found.people,
        "reached": found.reached,
        "is_few": _is_few(found.reached, segment),
        "left_out": found.people - found.reached,
        "reasons": _reasons(found.left_out.items(), segment),
        # Who belongs to a group that the record chose is shown to nobody here.
        "some": [] if segment.is_clinical else masked(found.some, reader),
        "hides": segment.is_clinical,
    }


def masked(ids: Sequence[UUID], reader: User) -> list[dict[str, Any]]:
    """Return people as a reader may see them, in the order given; of whom nothing may be seen, nothing is."""
    seen = patients.sights(reader, ids)
    rows = {row.pk: row for row in Patient.objects.filter(pk__in=seen).only("pk", *patients.CARD)}
    return [patients.row(rows[one], seen[one]) if one in rows else {"hidden": True} for one in ids]


def recipients(row: Campaign, state: str, after: str, reader: User) -> dict[str, Any]:
    """Return one page of the list of a campaign, masked: where each message went, what became of it."""
    rows = row.recipients.all()
    if state in Person.values:
        rows = rows.filter(state=state)
    found = list(ascending(rows, "created_at", Place.read(after))[: PAGE + 1])
    page = found[:PAGE]
    people = masked([one.patient_id for one in page], reader)
    is_more = len(found) > PAGE
    return {
        "items": [_recipient(one, who) for one, who in zip(page, people, strict=True)],
        "next": Place(page[-1].created_at, page[-1].pk).text() if is_more else "",
    }


def _recipient(row: CampaignRecipient, who: dict[str, Any]) -> dict[str, Any]:
    try:
        destination = "" if who.get("hidden") else row.destination
    except SealBroken:
        destination = ""
    return {
        "who": who,
        "state": row.get_state_display(),
        "tone": PERSON_TONES.get(row.state, "neutral"),
        "reason": exclusions.sentence(row.reason) if row.reason else "",
        "destination": destination,
        "at": row.queued_at,
    }


def segments_listed() -> list[dict[str, Any]]:
    """Return the segments in use with their descriptions; the same number of queries for any number."""
    rows = list(
        Segment.objects.in_use().select_related("authorisation", "approved_by").order_by("name")
    )
    names = Names(row.criteria for row in rows)
    return [segment_shown(row, names) for row in rows]


def segment_shown(row: Segment, names: Names | None = None) -> dict[str, Any]:
    """Return a segment with its words for people."""
    return {
        "row": row,
        "lines": described(row, names),
        "joined": joined_by(row),
        "is_several": len(list(criteria.leaves(row.criteria))) > 1,
        "approved_by": called(row.approved_by),
    }
