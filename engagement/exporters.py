"""What can be exported of engagement; found at start-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from engagement.forms.figures import Days
from engagement.queries import figures
from security.access.permissions import Permission
from security.exports import Column, Exporter, register
from security.models import User


def rows(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the figures that this person may see; numbers of fewer than five people are left out."""
    yield from figures.sheet(user, int(parameters["days"]))


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
        rows=rows,
        form=Days,
        needs_approval=False,
    )
)
