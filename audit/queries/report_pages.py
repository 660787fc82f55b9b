"""What the pages and the paper of audit reports show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from audit.models import AuditReport, ReportSchedule
from audit.models.report import Kind
from audit.queries import report_names, report_words
from audit.queries import reports as queries
from audit.queries.report_parts import Part
from security.access.roles import ROLES
from security.models import ClinicProfile
from security.people import called

Shown = dict[str, Any]
# A table of more lines is folded under its chart.
LONG = 14


def index() -> Shown:
    """Return the newest reports and the schedules."""
    rows = [{"report": row, "head": head(row)} for row in queries.latest()]
    return {"rows": rows, "schedules": [schedule(row) for row in queries.schedules()]}


def head(row: AuditReport) -> Shown:
    """Return how a report is called and what time it is of."""
    return {"title": report_names.title(row.period), "span": report_names.span(row.period)}


def schedule(row: ReportSchedule) -> Shown:
    """Return a schedule in words."""
    zone = queries.clinic_zone()
    next_at = queries.next_of(row, zone)
    is_week = row.kind == Kind.WEEKLY
    roles = [str(ROLES[key].label) for key in row.recipients if key in ROLES]
    return {
        "row": row,
        "title": gettext("Weekly audit report") if is_week else gettext("Monthly audit report"),
        "when": _when(row),
        "zone": zone,
        "next": _local(next_at, zone) if next_at else "",
        "roles": ", ".join(roles),
        "changed_by": called(row.changed_by),
    }


def _when(row: ReportSchedule) -> str:
    if not row.is_on:
        return gettext("Switched off")
    hour = f"{row.hour:02d}:00"
    if row.kind == Kind.WEEKLY:
        return gettext("Every week on %(day)s from %(hour)s") % {
            "day": row.get_weekday_display(),
            "hour": hour,
        }
    return gettext("Every month on day %(day)d from %(hour)s") % {"day": row.day, "hour": hour}


def _local(at: Any, zone: str) -> str:
    return date_format(timezone.localtime(at, ZoneInfo(zone)), "DATETIME_FORMAT")


def report(row: AuditReport) -> Shown:
    """Return a report that is made: its parts, and whether it is still what was made."""
    proof = queries.proof(row)
    content = row.content if isinstance(row.content, dict) else {}
    parts = report_words.parts(content)
    return {
        "report": row,
        "head": head(row),
        "proof": proof,
        "cautions": report_names.cautions(content),
        "parts": [
            {
                "part": part,
                "lines": _lines(part),
                "folds": part.chart is not None and len(part.rows) > LONG,
                "drawing": _drawing(part),
            }
            for part in parts
        ],
        "made_at": _local(row.made_at, row.zone),
        "asked_by": called(row.asked_by),
    }


def _drawing(part: Part) -> Shown | None:
    return asdict(part.chart) if part.chart else None


def _lines(part: Part) -> list[Shown]:
    """Return the lines of a table, each cell with its heading: narrow screens set it before the cell."""
    return [
        {
            "name": name,
            "cells": [
                {"head": head, "text": text}
                for head, text in zip(part.heads[1:], cells, strict=True)
            ],
        }
        for name, *cells in part.rows
    ]


def paper(row: AuditReport) -> Shown:
    """Return a report as the content of its paper, in the language in force."""
    shown = report(row)
    is_chinese = (get_language() or "").startswith("zh")
    return {
        "language": "zh" if is_chinese else "en",
        "region": "cn" if is_chinese else "gb",
        "clinic": _clinic(is_chinese),
        "title": shown["head"]["title"],
        "span": shown["head"]["span"],
        "cautions": _cautions(shown),
        "parts": [asdict(one["part"]) for one in shown["parts"]],
        "foot": [
            [gettext("Made"), f"{shown['made_at']} ({row.zone})"],
            [gettext("Report"), str(row.pk)],
            ["SHA-256", row.digest],
            [gettext("Event in the trail"), str(shown["proof"].event.pk) if shown["proof"].event else "–"],
            [gettext("Check it with"), f"manage.py verify_report {row.pk}"],
        ],
        "foot_title": gettext("How to check this report"),
    }  # fmt: skip


def _cautions(shown: Shown) -> list[str]:
    if shown["proof"].fault is None:
        return list(shown["cautions"])
    altered = gettext("This report is not what was made. Its numbers prove nothing.")
    return [altered, *shown["cautions"]]


def _clinic(is_chinese: bool) -> str:
    profile = ClinicProfile.objects.first()
    if profile is None:
        return ""
    return (profile.name_zh or profile.name) if is_chinese else profile.name


def differences(form: Any, stored: Mapping[str, Any]) -> list[Shown]:
    """Return the fields in which what was typed is not what is stored now."""
    return list(_differing(form, stored))


def _differing(form: Any, stored: Mapping[str, Any]) -> Iterator[Shown]:
    for bound in form:
        mine, now = form.cleaned_data.get(bound.name), stored.get(bound.name)
        if bound.name == "version" or mine == now:
            continue
        words = [_worded(bound.field, value) for value in (now, mine)]
        yield {"label": bound.label, "stored": words[0], "mine": words[1]}


def _worded(field: Any, value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    names = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    chosen = value if isinstance(value, list | tuple) else [value]
    return ", ".join(names.get(str(one), str(one)) for one in chosen) or "–"
