"""Forms as officers see them: what is asked, in which words, how complete they are."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef

from consent import elements
from consent.models import ConsentForm, ConsentFormVersion, ProcessingPurpose
from consent.queries import words

Shown = dict[str, Any]


def listed() -> list[Shown]:
    """Return every form with the state of its words by language, those in use first."""
    rows = ConsentForm.objects.select_related("purpose").order_by("retired_at", "key")
    found: dict[Any, dict[str, list[ConsentFormVersion]]] = defaultdict(lambda: defaultdict(list))
    versions = ConsentFormVersion.objects.filter(superseded_at__isnull=True)
    for version in versions.defer("elements"):
        found[version.form_id][version.language].append(version)
    return [
        {
            "row": row,
            "purpose": row.purpose.label,
            "languages": [_language(code, found[row.pk][code]) for code in _codes()],
        }
        for row in rows
    ]


def _codes() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]


def _language(code: str, versions: list[ConsentFormVersion]) -> Shown:
    shown = next((one for one in versions if one.published_at), None)
    draft = next((one for one in versions if not one.published_at), None)
    return {
        "code": code,
        "label": words.NAMES.get(code, code),
        "published": shown,
        "draft": draft,
    }


def shown(form: ConsentForm) -> Shown:
    """Return one form: per language the words in force and the draft with its checklist, then the history."""
    versions = list(form.versions.select_related("published_by", "written_by").order_by("-number"))
    languages = []
    for code in _codes():
        own = [one for one in versions if one.language == code and one.superseded_at is None]
        one = _language(code, own)
        checked = one["draft"] or one["published"]
        said = dict(checked.elements) if checked else {}
        languages.append(
            one
            | {
                "checklist": words.checklist(form, said),
                "missing": words.missing(checked, form) if checked else [],
                "parts": words.parts(checked) if checked else [],
                "title": checked.title if checked else "",
                "seen": words.digest(one["draft"]) if one["draft"] else "",
            }
        )
    past = [one for one in versions if one.superseded_at is not None]
    return {
        "row": form,
        "purpose": form.purpose.label,
        "languages": languages,
        "past": [
            {"row": one, "language": words.NAMES.get(one.language, one.language)} for one in past
        ],
    }


def draft_of(form: ConsentForm, language: str) -> dict[str, str]:
    """Return what the next words begin with: the draft, or the words in force."""
    rows = form.versions.filter(language=language, superseded_at__isnull=True).order_by("-number")
    row = rows.first()
    return {"title": row.title} | dict(row.elements) if row else {}


def needed(form: ConsentForm) -> set[str]:
    """Return the elements that a law of the clinic wants said."""
    found = elements.required(form.kind, words.laws(), words.traits(form.purpose))
    return {one.key for one in found}


def purposes_without() -> list[tuple[str, str]]:
    """Return the purposes for which no form is in use, as choices."""
    used = ConsentForm.objects.filter(purpose=OuterRef("pk"), retired_at__isnull=True)
    rows = ProcessingPurpose.objects.filter(~Exists(used)).order_by("key")
    rows = rows.exclude(state=ProcessingPurpose.State.RETIRED)
    return [(str(row.pk), row.label) for row in rows]
