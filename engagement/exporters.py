"""What can be exported of engagement; found at start-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from engagement.forms.exports import OneCampaign
from engagement.forms.figures import Days
from engagement.queries import campaign_export, figures
from security.access.permissions import Permission
from security.exports import Column, Exporter, register
from security.models import User


def figure_rows(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the figures that this person may see; numbers of fewer than five people are left out."""
    yield from figures.sheet(user, int(parameters["days"]))


def campaign_rows(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the people whom a campaign may still reach, masked: never anybody who was left out."""
    yield from campaign_export.rows(parameters["campaign"], user)


register(
    Exporter(
        key="figures",
        label=_("Figures of the dashboards"),
        sentence=_("Numbers alone; those of fewer than five people are left out."),
        permission=Permission.APPOINTMENTS_AGGREGATE,
        columns=(
            Column("engagement.figure.label", _("Figure")),
            Column("engagement.figure.line", _("Line")),
            Column("engagement.figure.column", _("Column")),
            Column("engagement.figure.value", _("Value")),
        ),
        rows=figure_rows,
        form=Days,
        needs_approval=False,
    )
)
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
        rows=campaign_rows,
        form=OneCampaign,
    )
)
