"""Impact assessments as pages and paper show them: answers, risks, what is missing, what is due."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.utils import formats, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consent import questions
from consent.models import ImpactAssessment, ImpactRisk, ProcessingPurpose
from consent.queries import purposes
from security.people import called
from security.services import clinics

Conclusion = ImpactAssessment.Conclusion


def of(purpose: ProcessingPurpose) -> list[dict[str, Any]]:
    """Return the assessments of a purpose, the newest first."""
    rows = purpose.assessments.select_related("purpose", "written_by", "signed_by")
    return [_line(row) for row in rows.order_by("-number")]


def listed() -> list[dict[str, Any]]:
    """Return every assessment: drafts first, then by the day on which one is looked at again."""
    rows = ImpactAssessment.objects.select_related("purpose", "written_by", "signed_by")
    far = date.max
    return [
        _line(row)
        for row in sorted(
            rows, key=lambda row: (bool(row.superseded_at), row.review_on or far, -row.number)
        )
    ]


def _line(row: ImpactAssessment) -> dict[str, Any]:
    soon = timezone.localdate() + timedelta(days=questions.REMINDED_DAYS)
    is_open = row.signed_at is not None and row.superseded_at is None
    return {
        "row": row,
        "purpose": row.purpose.label,
        "written_by": called(row.written_by),
        "signed_by": called(row.signed_by),
        "is_due": is_open and row.review_on is not None and row.review_on <= soon,
    }


def due_count() -> int:
    """Return how many assessments must be looked at again within the days of the reminder."""
    by = timezone.localdate() + timedelta(days=questions.REMINDED_DAYS)
    return ImpactAssessment.objects.due(by).count()


def risks_of(row: ImpactAssessment) -> list[ImpactRisk]:
    """Return the risks of an assessment in their order."""
    return list(row.risks.order_by("place"))


def missing(row: ImpactAssessment, risks: list[ImpactRisk]) -> list[str]:
    """Return what keeps an assessment from its sign-off, as sentences."""
    today = timezone.localdate()
    open_ones = [
        str(heading)
        for key, (heading, _question) in questions.QUESTIONS.items()
        if not str(row.answers.get(key, "")).strip()
    ]
    found = []
    if open_ones:
        found.append(_("Not answered yet: %(names)s.") % {"names": ", ".join(open_ones)})
    if not risks:
        found.append(_("No risk is named. An assessment without a risk has not looked for one."))
    if not row.conclusion:
        found.append(_("There is no conclusion yet."))
    elif row.conclusion != Conclusion.STOP:
        found += _unbearable(row, risks)
    if row.review_on is None or row.review_on <= today:
        found.append(_("Name a day after today on which it is looked at again."))
    return found


def _unbearable(row: ImpactAssessment, risks: list[ImpactRisk]) -> list[str]:
    high = [risk for risk in risks if risk.after >= questions.HIGH]
    if not high or row.conclusion == Conclusion.CONSULTED:
        return []
    return [
        _("A high risk is left (%(number)d of 25): the authority is asked first (GDPR 36).")
        % {"number": max(risk.after for risk in high)}
    ]


def in_full(row: ImpactAssessment) -> dict[str, Any]:
    """Return one assessment as its page shows it."""
    risks = risks_of(row)
    return {
        **_line(row),
        "about": purposes.said(purposes.content_of(row.purpose)),
        "grounds": purposes.ground_labels(row.purpose.grounds, purposes.laws_of_clinic()),
        "triggers": purposes.words(questions.TRIGGERS, row.triggers),
        "answers": [
            {"heading": heading, "question": question, "text": str(row.answers.get(key, ""))}
            for key, (heading, question) in questions.QUESTIONS.items()
        ],
        "risks": [_risk(risk) for risk in risks],
        "missing": missing(row, risks) if row.signed_at is None else [],
    }


def _risk(risk: ImpactRisk) -> dict[str, Any]:
    return {
        "row": risk,
        "before_tone": questions.tone(risk.before),
        "after_tone": questions.tone(risk.after),
        "before": _product(risk.likelihood, risk.severity),
        "after": _product(risk.likelihood_after, risk.severity_after),
    }


def _product(likelihood: int, severity: int) -> str:
    return f"{likelihood} × {severity} = {likelihood * severity}"


def is_author(row: ImpactAssessment, user_id: UUID) -> bool:
    """Tell whether somebody wrote on an assessment, and so can not sign it off."""
    return user_id == row.written_by_id or user_id in row.authors


def paper(row: ImpactAssessment) -> dict[str, Any]:
    """Return an assessment as data for the printed page, in the language in force."""
    full, profile = in_full(row), clinics.profile()
    is_chinese = (get_language() or "").startswith("zh")
    clinic = (
        (profile.name_zh if is_chinese and profile.name_zh else profile.name) if profile else ""
    )
    signed = _day(row.signed_at) + (f" · {full['signed_by']}" if row.signed_at else "")
    about, none = full["about"], _("none")
    return {
        "language": "zh" if is_chinese else "en",
        "region": "cn" if is_chinese else "gb",
        "clinic": clinic,
        "title": _("Impact assessment"),
        "name": row.purpose.label,
        "sentence": row.purpose.sentence,
        "head": [
            [_("Version"), str(row.number)],
            [_("Written by"), f"{full['written_by']} · {_day(row.written_at)}"],
            [_("Signed off"), signed if row.signed_at else _("Draft, not signed off")],
            [_("Conclusion"), str(row.get_conclusion_display())],
            [_("Looked at again on"), _day(row.review_on)],
            [_("Kept until at least"), _day(row.keep_until)],
            [_("Why it is asked for"), "; ".join(full["triggers"]) or none],
            [_("Grounds"), "; ".join(f"{one['law']}: {one['label']}" for one in full["grounds"])],
            [_("Whose data"), ", ".join(about["people"])],
            [_("Data"), ", ".join(about["categories"])],
            [_("Kept"), "; ".join(about["kept"]) or none],
        ],
        "answers": [
            [str(one["heading"]), str(one["question"]), one["text"]] for one in full["answers"]
        ],
        "risks_title": _("Risks for people"),
        "risk_heads": [
            _("Risk"),
            _("Before measures"),
            _("What is done against it"),
            _("After measures"),
        ],
        "risks": [
            [one["row"].risk, one["before"], one["row"].measures, one["after"]]
            for one in full["risks"]
        ],
        "note": _("Likelihood × severity, each from 1 to 5; from 15 on a risk is high."),
    }


def _day(value: Any) -> str:
    return formats.date_format(value) if value else "–"
