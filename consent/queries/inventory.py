"""The record of processing (GDPR 30, PIPL 55-56), put together from the register and the models."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consent import declarations, questions, vocabulary
from consent.laws import Law
from consent.models import ImpactAssessment, OverseasRecipient, ProcessingPurpose
from consent.queries import meter, purposes, transfers
from security.classification import CATEGORY_LABELS
from security.services import clinics

State = ProcessingPurpose.State


def head() -> dict[str, Any]:
    """Return who keeps the record, and what protects the data whatever they are used for."""
    profile = clinics.profile()
    is_chinese = (get_language() or "").startswith("zh")
    name = (profile.name_zh if is_chinese and profile.name_zh else profile.name) if profile else "–"
    return {
        "clinic": name,
        "laws": [purposes.SHORT_LAWS[Law(law)] for law in purposes.laws_of_clinic()],
        "measures": vocabulary.MEASURES,
    }


def of_controller() -> list[dict[str, Any]]:
    """Return what GDPR 30(1) asks of the clinic for each purpose in use; flat in queries."""
    laws = purposes.laws_of_clinic()
    rows = sorted(ProcessingPurpose.objects.active(), key=lambda row: row.label)
    abroad = transfers.of_purpose([row.pk for row in rows])
    fields = _fields()
    return [
        {
            "row": row,
            "grounds": purposes.ground_labels(row.grounds, laws),
            **purposes.said(purposes.content_of(row)),
            "models": meter.grouped(fields.get(row.key, ())),
            "abroad": [_abroad(one) for one in abroad.get(row.pk, ())],
        }
        for row in rows
    ]


def _fields() -> dict[str, list[declarations.Declared]]:
    found: dict[str, list[declarations.Declared]] = defaultdict(list)
    for one in declarations.fields():
        for key in declarations.REGISTERED.get(one.purpose, ()):
            found[key].append(one)
    return found


def _abroad(row: OverseasRecipient) -> str:
    return f"{row.label} ({row.country}): {row.get_mechanism_display()}"


def of_processors() -> list[dict[str, Any]]:
    """Return what GDPR 30(2) asks about each processor: for what, with which data, and where."""
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(ProcessingPurpose.objects.active(), key=lambda row: row.label):
        for one in row.recipients:
            if one.get("role") != "processor":
                continue
            entry = found.setdefault(
                one["name"], {"name": _named(one), "contact": one.get("contact", ""), "for": []}
            )
            entry["for"].append(
                {
                    "purpose": row,
                    "categories": purposes.words(CATEGORY_LABELS, row.categories),
                    "is_cross_border": row.is_cross_border,
                }
            )
    return [found[name] for name in sorted(found)]


def _named(recipient: Any) -> str:
    is_chinese = (get_language() or "").startswith("zh")
    return str(recipient.get("name_zh") if is_chinese else recipient["name"]) or recipient["name"]


def of_assessments() -> list[dict[str, Any]]:
    """Return what PIPL 55 makes necessary for each purpose, and the assessment that PIPL 56 asks to keep."""
    rows = sorted(ProcessingPurpose.objects.active(), key=lambda row: row.label)
    signed = ImpactAssessment.objects.filter(signed_at__isnull=False, superseded_at__isnull=True)
    newest = {one.purpose_id: one for one in signed}
    return [
        {
            "row": row,
            "triggers": purposes.words(questions.TRIGGERS, triggers_of(row)),
            "assessment": newest.get(row.pk),
        }
        for row in rows
    ]


def triggers_of(row: ProcessingPurpose) -> list[str]:
    """Return why a purpose needs an assessment, as far as the register itself tells."""
    found = []
    if transfers.is_sensitive(row.categories):
        found.append("sensitive")
    if row.recipients:
        found.append("disclosure")
    if row.is_cross_border:
        found.append("abroad")
    if "children" in row.people:
        found.append("children")
    return found


def sheet() -> list[list[str]]:
    """Return the record as the rows of a table, in the language in force."""
    measures = " ".join(str(one) for one in vocabulary.MEASURES)
    return [
        [
            item["row"].key,
            item["row"].label,
            item["row"].sentence,
            "; ".join(
                f"{one['law']}: {one['label']} ({one['article']})" for one in item["grounds"]
            ),
            ", ".join(item["people"]),
            ", ".join(item["categories"]),
            "; ".join(f"{one['label']}: {', '.join(one['fields'])}" for one in item["models"]),
            "; ".join(_named(one) for one in item["recipients"]) or _("Nobody outside"),
            "; ".join(item["abroad"]) or _("none"),
            "; ".join(item["kept"]),
            measures,
        ]
        for item in of_controller()
    ]
