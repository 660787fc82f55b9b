"""Forms of imports: which file, and which column is which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.versioned import Versioned
from patients.imports import matching
from patients.imports.registry import Importer

ENCODINGS = (
    ("utf-8", "UTF-8"),
    ("gb18030", _("GB 18030 (GBK, GB2312)")),
    ("utf-16", "UTF-16"),
    ("utf-16-le", "UTF-16 LE"),
    ("utf-16-be", "UTF-16 BE"),
    ("windows-1252", _("Western European (Windows-1252)")),
)
DELIMITERS = (
    (",", _("Comma")),
    (";", _("Semicolon")),
    ("\t", _("Tab")),
    ("|", _("Bar")),
)
DAY_ORDERS = (
    ("", _("Only days that can not be mistaken, such as 1990-12-31")),
    ("dmy", _("Day first: 31/12/1990")),
    ("mdy", _("Month first: 12/31/1990")),
)


class Upload(forms.Form):
    """A file and what it holds."""

    importer = forms.ChoiceField(
        label=_("What the file holds"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what the file holds.")},
    )
    file = forms.FileField(
        label=_("CSV file"),
        allow_empty_file=True,
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        error_messages={"required": _("Choose a file.")},
    )

    def __init__(self, *args: Any, usable: Sequence[Importer], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["importer"]
        field.choices = [(one.key, one.label) for one in usable]
        if len(usable) == 1:
            field.initial = usable[0].key


class Layout(Versioned):
    """How the bytes of the file become cells."""

    encoding = forms.ChoiceField(label=_("Encoding"), choices=ENCODINGS)
    delimiter = forms.ChoiceField(label=_("Columns are parted by"), choices=DELIMITERS)


class Match(Versioned):
    """Which column of the file fills which field."""

    day_order = forms.ChoiceField(
        label=_("How days are written"), choices=DAY_ORDERS, required=False
    )

    def __init__(
        self, *args: Any, importer: Importer, headings: Sequence[str], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.importer = importer
        choices: list[tuple[str, Any]] = [("", _("not in the file"))]
        choices += [(str(place), name or f"({place + 1})") for place, name in enumerate(headings)]
        for column in importer.columns:
            field = forms.ChoiceField(label=str(column.label), choices=choices, required=False)
            self.fields[f"column_{column.key}"] = field
        self.order_fields([*(f"column_{one.key}" for one in importer.columns), "day_order"])

    @property
    def columns(self) -> list[tuple[Any, Any]]:
        """Return each column of the importer with its bound field."""
        return [(one, self[f"column_{one.key}"]) for one in self.importer.columns]

    def clean(self) -> dict[str, Any]:
        """Make sure that what is needed is matched, and no column twice."""
        said: dict[str, Any] = super().clean() or {}
        mapping = {
            name.removeprefix("column_"): int(place)
            for name, place in said.items()
            if name.startswith("column_") and place
        }
        for key in matching.missing(self.importer, mapping):
            self.add_error(f"column_{key}", _("Choose the column of the file that holds this."))
        for key, place in mapping.items():
            if list(mapping.values()).count(place) > 1:
                self.add_error(f"column_{key}", _("This column is chosen twice."))
        return said | {"mapping": mapping}


def initial_of(mapping: Mapping[str, int], *, version: int, day_order: str) -> dict[str, Any]:
    """Return what the form shows first."""
    places = {f"column_{key}": str(place) for key, place in mapping.items()}
    return {"version": version, "day_order": day_order, **places}
