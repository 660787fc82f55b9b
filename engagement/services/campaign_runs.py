"""Holding a campaign: stopped, gone on with, given up, tried again, and tried out on oneself."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from engagement.models import Campaign, CampaignRecipient
from engagement.queries import addresses
from engagement.services import campaigns, sendings
from engagement.services.campaigns import NotOpen
from security import context, trail
from security.access.gate import Refused
from security.classification import SubjectKind
from security.delivery import outbox
from security.models import OutboxMessage, User

State, Person = Campaign.State, CampaignRecipient.State
# Why it stopped -> why it can not simply go on.
CHANGED = "changed"


class NoOwnAddress(Refused):
    """The account of who tries it out has no address."""


@transaction.atomic
def stop(*, campaign_id: UUID, by: User) -> Campaign:
    """Stop a campaign at once: what waits in the outbox does not leave either."""
    row = campaigns.locked(campaign_id)
    if row.state not in {State.RUNNING, State.APPROVED}:
        raise NotOpen(_("This campaign is not being sent."))
    row.state, row.stopped_why = State.STOPPED, "person"
    return _saved("engagement.campaign.stopped", row, by)


@transaction.atomic
def resume(*, campaign_id: UUID, by: User) -> Campaign:
    """Go on with a campaign that is still what was agreed to; who was held back is asked for again."""
    row = campaigns.locked(campaign_id)
    if row.state != State.STOPPED:
        raise NotOpen(_("This campaign was not stopped."))
    if not campaigns.is_agreed(row):
        raise NotOpen(
            _("It is not what was agreed to any more. Copy it and ask for a new approval.")
        )
    held = row.recipients.filter(state=Person.SKIPPED, reason="stopped")
    held.update(state=Person.WAITING, reason="", round=F("round") + 1, message_id=None)
    row.state = State.RUNNING if row.listed_at else State.APPROVED
    row.stopped_why = ""
    return _saved("engagement.campaign.resumed", row, by)


@transaction.atomic
def cancel(*, campaign_id: UUID, by: User) -> Campaign:
    """Give a campaign up for good; whoever waited gets nothing."""
    row = campaigns.locked(campaign_id)
    if row.state in {State.DONE, State.CANCELLED}:
        raise NotOpen(_("This campaign is over."))
    row.recipients.filter(state=Person.WAITING).update(state=Person.SKIPPED, reason="stopped")
    row.state, row.stopped_why = State.CANCELLED, "person"
    return _saved("engagement.campaign.cancelled", row, by)


@transaction.atomic
def resend(*, campaign_id: UUID, by: User) -> int:
    """Try again those whom no message reached; each is asked for anew. Returns how many."""
    row = campaigns.locked(campaign_id)
    if row.state not in {State.DONE, State.RUNNING}:
        raise NotOpen(_("Only what was sent can be tried again."))
    if not campaigns.is_agreed(row):
        raise NotOpen(
            _("It is not what was agreed to any more. Copy it and ask for a new approval.")
        )
    failed = row.recipients.filter(state=Person.FAILED).exclude(reason=sendings.UNKNOWN)
    count = failed.update(state=Person.WAITING, reason="", round=F("round") + 1, message_id=None)
    if not count:
        raise NotOpen(_("No message of this campaign failed."))
    row.state, row.finished_at = State.RUNNING, None
    _saved("engagement.campaign.resent", row, by, counts={"people": count})
    return count


@transaction.atomic
def try_out(*, campaign_id: UUID, language: str, by: User) -> OutboxMessage:
    """Send a campaign to the own account of who asks, by e-mail, with made-up values; to nobody else."""
    row = Campaign.objects.select_related("segment").get(pk=campaign_id)
    if any(one.stops for one in campaigns.findings(row)):
        raise campaigns.NotFit(_("Mend what the check of the text found first."))
    with context.matching():
        address = by.email
    if not address:
        raise NoOwnAddress(_("Your account has no e-mail address."))
    values = {"name": _now("Mia Example"), "opt_out": addresses.link_to("opt_out", "example")}
    said = sendings.content_for(row, language, values, sendings.clinics())
    message = outbox.Message(
        channel="email", topic="engagement.trial", address=address, text=said.text,
        title=(_now("Trial: %(title)s") % {"title": said.title})[:200],
    )  # fmt: skip
    made = outbox.queue(message=message, recipient=by.pk, kind=SubjectKind.USER, by=by)
    trail.record("engagement.campaign.tried_out", by=by, obj=row)
    return made


def _saved(
    action: str, row: Campaign, by: User, *, counts: dict[str, int] | None = None
) -> Campaign:
    row.version += 1
    row.save()
    trail.record(action, by=by, changed=[row], obj=row, counts=counts)
    return row
