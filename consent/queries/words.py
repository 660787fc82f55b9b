"""The words of a form: their one spelling and its digest, what the law still misses, how they are shown."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from consent import elements, verifier
from consent.models import ConsentForm, ConsentFormVersion, ProcessingPurpose
from patients.queries.statements import clinic_name
from security.models import ClinicProfile

NAMES = {"en": "English", "zh-hans": "中文"}


def spelling(row: ConsentFormVersion) -> dict[str, Any]:
    """Return the words as they are spelled for their digest."""
    return {
        "form": row.form.key,
        "number": row.number,
        "language": row.language,
        "title": row.title,
        "elements": dict(row.elements),
    }


def digest(row: ConsentFormVersion) -> str:
    """Return the SHA-256 of the words."""
    return verifier.digest(spelling(row))


def laws() -> list[str]:
    """Return the laws that the clinic works under; every law where it was not set up."""
    profile = ClinicProfile.objects.first()
    return list(profile.laws) if profile else list(ClinicProfile.Law.values)


def clinic(language: str) -> str:
    """Return the clinic's name in a language."""
    with translation.override(language):
        return clinic_name() or gettext("The clinic")


def traits(purpose: ProcessingPurpose) -> frozenset[str]:
    """Return what about a purpose makes elements necessary."""
    return elements.traits(
        level=purpose.level,
        has_recipients=bool(purpose.recipients),
        is_abroad=purpose.is_cross_border,
    )


def missing(row: ConsentFormVersion, form: ConsentForm) -> list[elements.Element]:
    """Return what the laws of the clinic want said and these words do not say."""
    return elements.missing(row.elements, form.kind, laws(), traits(form.purpose))


def checklist(form: ConsentForm, said: dict[str, str]) -> list[dict[str, Any]]:
    """Return each element that a form may have: whether a law wants it, where, and whether it is said."""
    known, marks = laws(), traits(form.purpose)
    needed = {one.key for one in elements.required(form.kind, known, marks)}
    return [
        {
            "key": one.key,
            "label": one.label,
            "articles": one.article(form.kind, known) if one.key in needed else "",
            "is_required": one.key in needed,
            "is_said": bool(str(said.get(one.key, "")).strip()),
        }
        for one in elements.offered(form.kind)
    ]


def parts(row: ConsentFormVersion) -> list[dict[str, str]]:
    """Return the words as headings and texts in the language they were written in."""
    with translation.override(row.language):
        return [
            {"key": one.key, "heading": str(one.label), "text": row.elements[one.key]}
            for one in elements.ELEMENTS
            if row.elements.get(one.key)
        ]


def language_of(code: str | None) -> str:
    """Return the language of the clinic that fits what is known of somebody's, by default the first."""
    wanted = (code or "").lower()
    known = [one for one, _name in settings.LANGUAGES]
    return next((one for one in known if wanted.split("-")[0] == one.split("-")[0]), known[0])
