"""The list of a campaign as it may leave: masked, and of those alone who still allow it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.utils import timezone

from engagement.models import Campaign, CampaignRecipient
from engagement.queries import audience
from engagement.queries.campaigns import masked
from security import context
from security.models import User

BATCH = 500


def rows(campaign_id: UUID | str, reader: User) -> Iterator[list[str]]:
    """Yield name, state and time of each; asked again for every batch."""
    row = Campaign.objects.select_related("segment").get(pk=campaign_id, segment__is_clinical=False)
    asked = audience.asking(row)
    # Who got enough meanwhile may still be told of; who shares an address got it through the other.
    people = row.recipients.exclude(state=CampaignRecipient.State.SKIPPED).order_by("pk")
    last: UUID | None = None
    while page := list((people.filter(pk__gt=last) if last else people)[:BATCH]):
        last = page[-1].pk
        context.current().forget_keys()
        open_to = {
            one.patient_id
            for one in audience.of_people([one.patient_id for one in page], asked)
            if one.way is not None or one.why in {"cap", "same_address", "bounced", "no_address"}
        }
        kept = [one for one in page if one.patient_id in open_to]
        for one, who in zip(kept, masked([one.patient_id for one in kept], reader), strict=True):
            at = (
                timezone.localtime(one.queued_at).strftime("%Y-%m-%d %H:%M")
                if one.queued_at
                else ""
            )
            yield [str(who.get("name", "")), str(one.get_state_display()), at]
