"""What the pages of entry forms have in common: their frame, drafts, and what a writer is warned of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.fhir import moments
from patients.forms.entries.entry import Entry
from patients.forms.entries.medication import Medication
from patients.models import PatientRecord
from patients.queries import cautions, drafts, entries
from patients.queries.chart import Chart, banner
from patients.queries.kinds import BY_KEY
from patients.services import drafts as deeds
from security.access.gate import Refused, SignedInRequest
from security.access.permissions import Permission
from security.sealing import SealBroken


def framed(chart: Chart, kind: str, row: Any = None) -> dict[str, Any]:
    """Return what stands around every page of an entry."""
    known = BY_KEY[kind]
    url = reverse("patients:draft", args=[chart.patient.pk, kind])
    return {
        "banner": banner(chart),
        "kind": kind,
        "one": known.one,
        "icon": known.icon,
        "row": row,
        "is_restricted": row is not None
        and row.confidentiality != PatientRecord.Confidentiality.NORMAL,
        "patient_id": chart.patient.pk,
        "may_write": chart.may(Permission.CLINICAL_WRITE),
        "back_url": f"{chart.url('clinical')}#section-{kind}",
        "draft_url": url,
    }


def opened(chart: Chart, model: type[Entry], row: Any) -> dict[str, Any]:
    """Return a form to fill in: as the row is, as the writer's draft left it, or with today's date."""
    may_restrict = row is None and chart.may(Permission.RESTRICTED_WRITE)
    kept = drafts.find(
        chart.reader,
        form=model.kind,
        patient_id=chart.patient.pk,
        target_id=row.pk if row is not None else None,
    )
    form = model(row=row, may_restrict=may_restrict)
    if kept is None:
        form.initial = _today(form) | dict(form.initial)
        return {"form": form, "kept_at": ""}
    form.initial = dict(form.initial) | _typed(form, kept.content)
    if row is not None and kept.target_version:
        # Whoever saved meanwhile is not overwritten unseen: the draft is of the version that was read.
        form.initial["version"] = kept.target_version
    return {
        "form": form,
        "kept_at": date_format(timezone.localtime(kept.updated_at), "DATETIME_FORMAT"),
    }


def reading(chart: Chart, model: type[Entry]) -> Callable[[Any], dict[str, Any]]:
    """Return how a form reads a row for this person; what a protected one says is uncovered in memory."""

    def read(row: Any) -> dict[str, Any]:
        entries.uncover(row, sees_restricted=chart.sees_restricted)
        return model.read(row)

    return read


def born(chart: Chart) -> str:
    """Return the day of birth as exactly as it is known, or nothing where it is not."""
    try:
        day, precision = chart.patient.birth_on, chart.patient.birth_precision
    except SealBroken:
        return ""
    return moments.write_day(day, precision or "day") if day else ""


def without_draft(request: SignedInRequest, patient_id: UUID, kind: str, row: Any) -> bool:
    """Throw the writer's draft away when that is what was asked for."""
    if "drop_draft" not in request.POST:
        return False
    target_id = row.pk if row is not None else None
    deeds.drop(form=kind, patient_id=patient_id, target_id=target_id, by=request.user)
    return True


def _typed(form: Entry, content: Any) -> dict[str, Any]:
    """Return what a draft holds as a form shows it."""
    sent = QueryDict(mutable=True)
    for name, value in content.items():
        sent.setlist(name, value if isinstance(value, list | tuple) else [value])
    return {
        name: field.widget.value_from_datadict(sent, {}, name)
        for name, field in form.fields.items()
        if name != "version"
    }


def _today(form: Entry) -> dict[str, Any]:
    """Return today as the first guess of dates that are needed."""
    if form.row is not None:
        return {}
    now = timezone.localtime()
    return {
        dated.name: now.strftime(
            "%Y-%m-%d %H:%M" if getattr(form.fields[dated.name], "has_time", False) else "%Y-%m-%d"
        )
        for dated in form.dates
        if form.fields[dated.name].required
    }


def again(request: SignedInRequest, page: dict[str, Any], form: Entry) -> HttpResponse:
    """Show a form once more, with what is wrong or to be considered."""
    shown = page | {"form": form, "kept_at": ""}
    return render(request, "patients/entries/form.html", shown, status=422)


def warned(chart: Chart, form: Entry) -> list[str] | None:
    """Return what the writer was warned of and saw; None where it has to be seen first."""
    if not form.speaks_up():
        return []
    code = form.cleaned_data["code"]
    against = cautions.of if isinstance(form, Medication) else cautions.ordered
    found = against(
        chart.patient.pk, text=code.text, coding=code.coding, sees_restricted=chart.sees_restricted
    )
    if found and form.data.get("seen") != str(code):
        form.cautions, form.cautioned = found, str(code)
        form.add_error(None, _("Please read the warning and confirm it."))
        return None
    return found


def restrictable(chart: Chart, row: Any) -> Any:
    """Return an entry that this person may change; a restricted one needs the right to write such."""
    is_normal = row.confidentiality == PatientRecord.Confidentiality.NORMAL
    if not is_normal and not chart.may(Permission.RESTRICTED_WRITE):
        raise Refused(_("This entry is restricted; your role does not change such entries."))
    return row
