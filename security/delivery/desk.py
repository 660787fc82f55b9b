"""What leaves the house as people watch it: how many wait, what failed and why; no address, no word of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security.classification import SubjectKind
from security.models import OutboxMessage
from security.pages import Place, descending

State = OutboxMessage.State
PAGE = 50
CHANNELS: Mapping[str, Promise] = {
    "email": _("E-mail"),
    "sms": _("Text message"),
    "wechat": _("WeChat"),
    "wecom": _("WeCom"),
    "portal": _("Portal"),
    "letter": _("Letter"),
}
# First part of a topic -> what it is about, in words.
TOPICS: Mapping[str, Promise] = {
    "account": _("Account"),
    "audit": _("Audit trail"),
    "engagement": _("Engagement"),
    "incidents": _("Alert"),
    "rights": _("Requests about data"),
}
# One word of a row -> what it means; other words are kinds of technical errors and stand as they are.
REASONS: Mapping[str, Promise] = {
    "address": _("The address can not be one."),
    "answer": _("The gateway answered what nobody understands."),
    "bounced": _("It came back: the address reaches nobody."),
    "certificate": _("The certificate of the server is not valid."),
    "channel": _("This way of sending is not set up."),
    "consent": _("The person does not allow it any more."),
    "ConnectionRefusedError": _("The server takes no connections."),
    "gone": _("What it is about is over or was moved."),
    "header": _("The address or the title holds characters that are not allowed."),
    "interrupted": _("The worker was stopped in between; nobody knows whether it left."),
    "recipient": _("The address is refused: it reaches nobody."),
    "redirect": _("The gateway sends on to another address; that is not followed."),
    "refused": _("The server refused the message."),
    "seal": _("The message can not be opened."),
    "stopped": _("Somebody stopped it."),
    "timeout": _("The server did not answer in time."),
    "token": _("The platform gave no access."),
    "unchecked": _("Whether it may leave could not be checked."),
}
TONES = {State.FAILED: "danger", State.SKIPPED: "neutral", State.SENT: "good"}
# The tabs of the page, in their order.
SHOWN = {
    "failed": (State.FAILED,),
    "waiting": (State.WAITING, State.SENDING),
    "skipped": (State.SKIPPED,),
    "sent": (State.SENT,),
}


def rows(*, of_patients: bool) -> QuerySet[OutboxMessage]:
    """Return all messages, or those to patients alone; nothing sealed is fetched."""
    found = OutboxMessage.objects.defer("sealed")
    return found.filter(recipient_kind=SubjectKind.PATIENT) if of_patients else found


def figures(*, of_patients: bool) -> dict[str, Any]:
    """Return how many messages stand where, and since when the oldest one is overdue."""
    now = timezone.now()
    return rows(of_patients=of_patients).aggregate(
        oldest=Min("next_at", filter=Q(state=State.WAITING, next_at__lt=now) & ~Q(channel="letter")),
        **{key: Count("pk", filter=Q(state__in=states)) for key, states in SHOWN.items()},
    )  # fmt: skip


def page(*, of_patients: bool, show: str, after: str = "") -> dict[str, Any]:
    """Return one page of the messages in a state, the newest first."""
    chosen = show if show in SHOWN else "failed"
    wanted = rows(of_patients=of_patients).filter(state__in=SHOWN[chosen])
    found = list(descending(wanted, "created_at", Place.read(after))[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    place = Place(last.created_at, last.pk).text() if last else ""
    return {
        "rows": [described(row) for row in found[:PAGE]],
        "show": chosen,
        "next_url": f"?show={chosen}&after={place}" if place else None,
    }


def described(row: OutboxMessage) -> dict[str, Any]:
    """Return one message as a line of a list: when, what kind, where it stands and why."""
    is_waiting = row.state in (State.WAITING, State.SENDING)
    return {
        "id": row.pk,
        "channel": CHANNELS.get(row.channel, row.channel),
        "topic": TOPICS.get(row.topic.partition(".")[0], row.topic),
        "to_patient": row.recipient_kind == SubjectKind.PATIENT,
        "state": row.get_state_display(),
        "tone": "good" if row.delivered_at else TONES.get(State(row.state), "info"),
        "created_at": row.created_at,
        "sent_at": row.sent_at,
        "delivered_at": row.delivered_at,
        "next_at": row.next_at if is_waiting and row.channel != "letter" else None,
        "attempts": row.attempts,
        "reason": REASONS.get(row.failure, row.failure),
        "may_retry": row.state == State.FAILED and row.failure not in {"seal", "header"},
        "may_stop": row.state in (State.WAITING, State.FAILED),
    }
