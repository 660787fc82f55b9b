"""What can be exported of campaigns; found at start-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from engagement.forms.exports import OneCampaign
from engagement.queries import campaign_export
from security.access.permissions import Permission
from security.exports import Column, Exporter, register
from security.models import User


def rows(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the people whom a campaign may still reach, masked: never anybody who was left out."""
    yield from campaign_export.rows(parameters["campaign"], user)


register(
    Exporter(
        key="campaign",
        label=_("List of a campaign"),
        sentence=_("Masked names of those a campaign was sent to and may be; no address."),
        permission=Permission.CAMPAIGNS_READ,
        columns=(
            Column("patients.patient.names", _("Name")),
            Column("engagement.recipient.state", _("State")),
            Column("engagement.recipient.queued_at", _("Sent")),
        ),
        rows=rows,
        form=OneCampaign,
    )
)
