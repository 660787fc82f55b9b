"""What can be exported of the registers; found at start-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext, gettext_noop, override
from django.utils.translation import gettext_lazy as _

from consent.queries import inventory
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
