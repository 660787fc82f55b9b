"""What can be exported to somebody outside; found at start-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.forms.disclosures import OneDisclosure
from consent.models import Sharing
from consent.queries.leaving import SECTIONS
from consent.services import disclosures
from security.access.permissions import Permission
from security.exports import Column, Exporter, register
from security.models import User


def rows(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the items of a disclosure that were looked at, as they stand in the record now."""
    row = Sharing.objects.select_related("recipient", "processing").get(pk=parameters["disclosure"])
    for one in disclosures.chosen(row, user):
        yield [str(SECTIONS[one.section].label), one.on, one.text, one.detail]


register(
    Exporter(
        key=disclosures.EXPORTER,
        label=_("Disclosure to a third party"),
        sentence=_("Prepared on the page of a patient; the file is given out once."),
        permission=Permission.RIGHTS_READ,
        columns=(
            Column("consent.sharing.section", _("Part of the record")),
            Column("consent.sharing.on", _("Date")),
            Column("consent.sharing.text", _("Entry")),
            Column("consent.sharing.detail", _("Details")),
        ),
        rows=rows,
        form=OneDisclosure,
        check=disclosures.check,
        left=disclosures.left,
    )
)
