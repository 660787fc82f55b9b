"""What can be exported of the registers; found at start-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext, gettext_noop, override
from django.utils.translation import gettext_lazy as _

from consent.forms.disclosures import OneDisclosure
from consent.models import Sharing
from consent.queries import inventory
from consent.queries.leaving import part_of
from consent.services import disclosures
from security.access.permissions import Permission
from security.exports import Column, Exporter, register
from security.models import User

# Key of the export -> the language of the whole file, whatever its reader speaks.
LANGUAGES = {"processing-en": "en", "processing-zh": "zh-hans"}
LABELS = {
    "processing-en": _("Record of processing, in English"),
    "processing-zh": _("Record of processing, in Chinese"),
}
COLUMNS = (
    ("key", gettext_noop("Key")),
    ("name", gettext_noop("Purpose")),
    ("description", gettext_noop("What it is about")),
    ("grounds", gettext_noop("Grounds")),
    ("people", gettext_noop("Whose data")),
    ("categories", gettext_noop("Data")),
    ("fields", gettext_noop("Fields")),
    ("recipients", gettext_noop("Recipients")),
    ("abroad", gettext_noop("Recipients abroad")),
    ("kept", gettext_noop("Kept")),
    ("measures", gettext_noop("Measures")),
)


def _in(language: str, text: str) -> str:
    with override(language):
        return gettext(text)


def _heading(language: str, text: str) -> Promise:
    return lazy(_in, str)(language, text)  # type: ignore[return-value]


def _exporter(key: str, language: str) -> Exporter:
    def rows(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        with override(language):
            found = inventory.sheet()
        yield from found

    return Exporter(
        key=key,
        label=LABELS[key],
        sentence=_("What data are used for, as GDPR 30 and PIPL 55 list it; no data of a person."),
        permission=Permission.CONSENT_READ,
        columns=tuple(
            Column(f"consent.processingpurpose.{name}", _heading(language, heading))
            for name, heading in COLUMNS
        ),
        rows=rows,
        needs_approval=False,
        asked_by=(Permission.EXPORT_REQUEST, Permission.EXPORT_APPROVE),
    )


for _key, _language in LANGUAGES.items():
    register(_exporter(_key, _language))


def rows(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the items of a disclosure that were looked at, as they stand in the record now."""
    row = Sharing.objects.select_related("recipient", "processing").get(pk=parameters["disclosure"])
    for one in disclosures.chosen(row, user):
        yield [part_of(one), one.on, one.text, one.detail]


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
