"""Forms that change a row: they carry the version that was read, so that no writer is overwritten unseen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Versioned(forms.Form):
    """A form on a row that exists; `version` is the one the person looked at."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class Reasoned(Versioned):
    """A correction: it says why."""

    reason = forms.CharField(
        label=_("Reason for the correction"),
        max_length=500,
        error_messages={"required": _("Say why this is corrected.")},
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One field on which two writers differ: what both read, what is stored now, what I typed."""

    name: str
    label: str
    read: str
    stored: str
    mine: str


def differences(
    form: forms.Form, *, read: Mapping[str, Any], stored: Mapping[str, Any]
) -> Iterator[Difference]:
    """Yield the fields that somebody else changed or that I would change, each in three states."""
    for bound in form:
        if bound.name in {"version", "reason"}:
            continue
        mine = form.cleaned_data.get(bound.name, bound.data)
        was, now = read.get(bound.name), stored.get(bound.name)
        if _same(was, now) and _same(now, mine):
            continue
        words = [worded(bound.field, value) for value in (was, now, mine)]
        yield Difference(bound.name, str(bound.label), *words)


def _same(one: Any, other: Any) -> bool:
    return one == other or (one in (None, "", [], ()) and other in (None, "", [], ()))


def worded(field: forms.Field, value: Any) -> str:
    """Return a value of a form in words."""
    if value in (None, "", [], ()):
        return "–"
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(field, forms.ChoiceField):
        names = {str(key): str(label) for key, label in _flat(field.choices)}
        chosen = value if isinstance(value, list | tuple) else [value]
        return ", ".join(names.get(str(one), str(one)) for one in chosen)
    return str(formats.localize(value))


def _flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield key, label
