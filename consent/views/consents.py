"""The consents of one patient: where each purpose stands, asking, agreeing, refusing, withdrawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit import persons
from consent.forms.giving import Giving, Withdrawing
from consent.models import Consent, ConsentEvent, ConsentForm, ConsentFormVersion, State
from consent.queries import channels, givers, words
from consent.queries import consents as queries
from consent.services import consents, receipts
from consent.services.acts import NotTaken, StaleWords
from patients.models import Patient
from patients.queries import colleagues, people
from patients.queries.chart import Chart
from patients.views.chart import chart_of, opened
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.classification import Category

READ, WRITE = Permission.CONSENT_READ, Permission.CONSENT_WRITE
TAB = "consents"


def shown(
    request: SignedInRequest, patient_id: UUID, panel: str, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render one page of the consents inside the patient's chart."""
    _chart, page = opened(request, patient_id, TAB)
    page |= {"panel": panel, "patient_id": patient_id} | more
    return render(request, "patients/patient.html", page, status=status)


@require_safe
@requires(READ, of="patient_id")
def index(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show where each purpose stands."""
    chart = chart_of(request, patient_id)
    return shown(
        request, patient_id, "consent/consents/_index.html", {"consents": queries.page(chart)}
    )


# --- asking ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody is asked: the words in force, on which channel, and how it stands."""

    chart: Chart
    words: ConsentFormVersion
    channel: str
    row: Consent | None

    @property
    def is_early(self) -> bool:
        """Tell whether the person refused and is to be left in peace for now."""
        return bool(self.row and self.row.ask_from and self.row.ask_from > timezone.now())


def asked_of(request: SignedInRequest, patient_id: UUID, form_id: UUID) -> Asked:
    """Return what the address asks about; what is not asked does not exist."""
    chart = chart_of(request, patient_id)
    sent = request.POST if request.method == "POST" else request.GET
    language = words.language_of(sent.get("language") or chart.patient.language)
    found, channel = queries.find_form(form_id, language), sent.get("channel", "")
    if found is None:
        raise Http404
    purpose = found.form.purpose
    if channel not in channels.of(purpose):
        raise Http404
    standing = queries.standing_of(patient_id, purpose=purpose, channel=channel)
    return Asked(chart, found, channel, standing.get((purpose.pk, channel)))


def _giving(asked: Asked, sent: Any = None) -> Giving:
    start = {"words": asked.words.pk, "channel": asked.channel}
    reader, purpose = str(asked.chart.reader.pk), asked.words.form.purpose
    form = Giving(
        sent,
        initial=start,
        givers=givers.of(asked.chart.patient),
        colleagues=[one for one in colleagues.staff() if one[0] != reader],
        is_early=asked.is_early,
        data=channels.data(purpose) if channels.is_per_recipient(purpose) else (),
    )
    if Category.RESTRICTED not in purpose.categories:
        form.fields.pop("with_restricted", None)
    return form


def _recipient(asked: Asked) -> channels.Outside | None:
    """Return who would get the data, as the person is told; nobody where it goes to none outside."""
    purpose = asked.words.form.purpose
    known = channels.outside(purpose) if channels.is_per_recipient(purpose) else ()
    return next((one for one in known if one.key == asked.channel), None)


def _languages(shown: ConsentFormVersion) -> list[dict[str, Any]]:
    """Return in which languages the words may be read."""
    return [
        {"code": code, "label": words.NAMES.get(code, code), "is_shown": code == shown.language}
        for code in queries.languages(shown.form_id)
    ]


def _ask(
    request: SignedInRequest, asked: Asked, form: Giving, *, stale: bool = False
) -> HttpResponse:
    status = 409 if stale else 422 if form.is_bound else 200
    more = {
        "form": form,
        "words": asked.words,
        "parts": words.parts(asked.words),
        "languages": _languages(asked.words),
        "purpose": asked.words.form.purpose.label,
        "channel": asked.channel,
        "channel_label": channels.label(asked.channel),
        "recipient": _recipient(asked),
        "early": queries.waits_until(asked.row) if asked.is_early and asked.row else "",
        "stale": stale,
        "is_signed": asked.words.form.kind == ConsentForm.Kind.AUTHORISATION,
        "ward": givers.is_ward(asked.chart.patient),
    }
    return shown(request, asked.chart.patient.pk, "consent/consents/_ask.html", more, status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def answer(request: SignedInRequest, patient_id: UUID, form_id: UUID) -> HttpResponseBase:
    """Show the words of a form, and take down what was said to them."""
    asked = asked_of(request, patient_id, form_id)
    if request.method != "POST":
        return _ask(request, asked, _giving(asked))
    form = _giving(asked, request.POST)
    if not form.is_valid():
        return _ask(request, asked, form)
    is_granted = form.cleaned_data["answer"] == State.GRANTED
    deed = consents.grant if is_granted else consents.decline
    try:
        taken = deed(
            patient_id=patient_id, words_id=form.cleaned_data["words"], channel=asked.channel,
            act=form.act(), by=request.user,
        )  # fmt: skip
    except StaleWords:
        return _ask(request, asked, _giving(asked), stale=True)
    except NotTaken as refusal:
        form.add_error(None, str(refusal.reason))
        return _ask(request, asked, form)
    tell(request, taken)
    return redirect("consent:consents", patient_id)


def tell(request: SignedInRequest, taken: consents.Taken) -> None:
    """Say what became of an act."""
    if taken.is_repeated:
        messages.info(request, _("This was taken down before; nothing changed."))
    elif not taken.is_effective:
        messages.warning(request, _("It is in the history; what was said later still holds."))
    else:
        label = {"state": State(taken.event.kind).label}
        messages.success(request, _("Taken down: %(state)s.") % label)


# --- one consent ----------------------------------------------------------------------------


@require_safe
@requires(READ, of="patient_id")
def consent(request: SignedInRequest, patient_id: UUID, consent_id: UUID) -> HttpResponse:
    """Show all that was said of one purpose, with the way to withdraw."""
    row = _row(patient_id, consent_id)
    return _one(request, patient_id, row, None)


def _row(patient_id: UUID, consent_id: UUID) -> Consent:
    rows = Consent.objects.filter(patient__in=persons.register().former(patient_id))
    return get_object_or_404(rows.select_related("purpose"), pk=consent_id)


def _one(
    request: SignedInRequest, patient_id: UUID, row: Consent, form: Withdrawing | None
) -> HttpResponse:
    chart = chart_of(request, patient_id)
    is_apart = row.patient_id != patient_id
    may_end = chart.may(WRITE) and row.state not in consents.NO and not is_apart
    if may_end and form is None:
        form = Withdrawing(givers=givers.of(chart.patient))
    more = {
        "row": row,
        "channel_label": channels.label(row.channel),
        "tone": queries.TONES.get(row.state, "neutral"),
        "events": queries.history(chart, row),
        "form": form if may_end else None,
        "may_write": chart.may(WRITE),
        "is_apart": is_apart,
        "is_signed": queries.is_authorised(row),
    }
    status = 422 if form is not None and form.is_bound else 200
    return shown(request, patient_id, "consent/consents/_consent.html", more, status)


@require_POST
@requires(WRITE, of="patient_id")
def withdraw(request: SignedInRequest, patient_id: UUID, consent_id: UUID) -> HttpResponseBase:
    """Withdraw one consent from now on."""
    row = get_object_or_404(Consent, pk=consent_id, patient_id=patient_id)
    form = Withdrawing(request.POST, givers=givers.of(chart_of(request, patient_id).patient))
    if form.is_valid():
        try:
            tell(request, consents.withdraw(consent_id=row.pk, act=form.act(), by=request.user))
        except NotTaken as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("consent:consents", patient_id)
    return _one(request, patient_id, row, form)


@require_POST
@requires(READ, of="patient_id")
def receipt(request: SignedInRequest, patient_id: UUID, act_id: UUID) -> HttpResponse:
    """Hand out the receipt of an act, as a signed file or on paper."""
    chart = chart_of(request, patient_id)
    rows = ConsentEvent.objects.filter(patient__in=persons.register().former(patient_id))
    rows = rows.select_related("consent__purpose", "words__form", "patient")
    event = get_object_or_404(rows, pk=act_id)
    if chart.is_masked:
        raise Http404
    as_file = request.POST.get("kind") == "json"
    written = receipts.hand_out(event=event, as_file=as_file, by=request.user)
    return given_out(written, f"consent-{event.pk}", "json" if as_file else "pdf")


def given_out(written: bytes, name: str, ending: str) -> HttpResponse:
    """Answer with a file that was made in memory and is kept nowhere."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{ending}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    kind = "application/json" if ending == "json" else "application/pdf"
    return HttpResponse(written, content_type=kind, headers=headers)


@require_safe
@requires(WRITE)
def renewals(request: SignedInRequest) -> HttpResponse:
    """List what ends within 30 days and may be renewed."""
    visible = Patient.objects.visible_to(request.user, Category.CONSENT)
    rows = queries.renewals(visible=visible.order_by().values("pk"))
    patients = {
        one.pk: one
        for one in visible.filter(pk__in={row.patient_id for row in rows}).only(*people.CARD)
    }
    sights = people.sights(request.user, list(patients))
    names = channels.names()
    page = [
        {"row": row, "person": people.row(patients[row.patient_id], sights[row.patient_id]),
         "channel": channels.label(row.channel, names)}
        for row in rows
        if row.patient_id in sights
    ]  # fmt: skip
    return render(request, "consent/consents/renewals.html", {"rows": page})
