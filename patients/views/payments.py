"""Payments, refunds, the statement, and the codes on claims, each a deed of its own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients import printing
from patients.forms import billing as forms
from patients.models import Refund
from patients.queries import statements as statement_queries
from patients.queries.chart import banner
from patients.services import payments, refunds, reveals, statements
from patients.views import account
from patients.views.chart import chart_of
from patients.views.invoices import found
from patients.views.reveal import HIDE_AFTER
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

LANGUAGES = {"en": "en", "zh": "zh-hans"}


@require_POST
@requires(Permission.BILLING_WRITE, of="patient_id")
def pay(request: SignedInRequest, patient_id: UUID, invoice_id: UUID) -> HttpResponseBase:
    """Record a payment."""
    chart, row = found(request, patient_id, invoice_id)
    form = forms.Payment(request.POST)
    if form.is_valid():
        try:
            payments.take(invoice_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The payment is recorded."))
            return redirect("patients:invoice", patient_id, row.pk)
    return account.show(request, chart, row, payment=form)


@require_POST
@requires(Permission.BILLING_WRITE, of="patient_id")
def refund(request: SignedInRequest, patient_id: UUID, invoice_id: UUID) -> HttpResponseBase:
    """Pay back, or ask a second person beyond the limit."""
    chart, row = found(request, patient_id, invoice_id)
    form = forms.RefundRequest(request.POST)
    if form.is_valid():
        try:
            made = refunds.request(invoice_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            if made.status == Refund.Status.PAID:
                messages.success(request, _("The refund is paid back."))
            else:
                messages.info(request, _("Beyond the limit: somebody else must approve it first."))
            return redirect("patients:invoice", patient_id, row.pk)
    return account.show(request, chart, row, refund=form)


@require_POST
@requires(Permission.BILLING_WRITE, of="patient_id", step_up=True)
def decide(request: SignedInRequest, patient_id: UUID, refund_id: UUID) -> HttpResponseBase:
    """Approve or refuse somebody else's request, with a fresh factor."""
    row = Refund.objects.filter(pk=refund_id, patient_id=patient_id).only("pk").first()
    if row is None:
        raise Http404
    form = forms.RefundDecision(request.POST)
    if not form.is_valid():
        sentence = next(iter(next(iter(form.errors.values()))))
        messages.error(request, str(sentence))
        return redirect("patients:refunds")
    try:
        if form.cleaned_data["decision"] == "approve":
            refunds.approve(refund_id=row.pk, by=request.user)
            messages.success(request, _("The refund is approved and paid back."))
        else:
            reason = form.cleaned_data["reason"]
            refunds.refuse(refund_id=row.pk, reason=reason, by=request.user)
            messages.success(request, _("The refund is refused."))
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    return redirect("patients:refunds")


@require_POST
@requires(Permission.BILLING_WRITE, of="patient_id")
def statement(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Give out a statement of account as PDF; it is made in memory and kept nowhere."""
    chart = chart_of(request, patient_id)
    language = LANGUAGES.get(request.POST.get("language", ""), translation.get_language() or "en")
    try:
        with translation.override(language):
            page = statement_queries.of(chart.patient, clinic=statement_queries.clinic_name())
            written = printing.pdf("statement", page)
    except statement_queries.TooLong:
        raise Refused(_("There are too many open invoices for one statement.")) from None
    except printing.NotPrintable:
        return render(request, "503.html", status=503)
    statements.give_out(patient_id=patient_id, bills=len(page["bills"]), by=request.user)
    headers = {
        "Content-Disposition": 'attachment; filename="statement.pdf"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(written, content_type="application/pdf", headers=headers)


@require_POST
@requires(Permission.BILL_DIAGNOSIS_READ, of="patient_id", step_up=True)
def reveal_code(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show the diagnosis code of one line of a claim: in its place, or as a page without script."""
    chart = chart_of(request, patient_id)
    try:
        shown = reveals.reveal_code(
            chart=chart, field=request.POST.get("field", ""), by=request.user
        )
    except reveals.NothingThere:
        return render(request, "400.html", status=400)
    page = {"value": shown.value, "what": shown.what, "hide_after": HIDE_AFTER}
    if request.headers.get("HX-Request") == "true":
        return render(request, "patients/_reveal.html", page)
    page |= {"banner": banner(chart), "back_url": chart.url("billing")}
    return render(request, "patients/reveal.html", page)
