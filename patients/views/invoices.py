"""One patient's invoices: written, changed, issued, cancelled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.forms import billing as forms
from patients.models import Invoice
from patients.queries import chart as charts
from patients.queries import invoices as queries
from patients.queries import prices
from patients.queries.chart import Chart
from patients.services import drafts, invoices
from patients.services.versions import Conflict, NothingChanged
from patients.views import account, conflicts
from patients.views.chart import chart_of
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

FORM = "invoice"


def found(request: SignedInRequest, patient_id: UUID, invoice_id: UUID) -> tuple[Chart, Invoice]:
    """Return an invoice of a patient that the reader may see; else it does not exist."""
    chart = chart_of(request, patient_id)
    try:
        return chart, queries.find(chart, invoice_id)
    except Invoice.DoesNotExist:
        raise Http404 from None


@require_safe
@requires(Permission.BILLING_READ, of="patient_id")
def invoice(request: SignedInRequest, patient_id: UUID, invoice_id: UUID) -> HttpResponse:
    """Show an invoice with what came in and what went back."""
    chart, row = found(request, patient_id, invoice_id)
    return account.show(request, chart, row)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.BILLING_WRITE, of="patient_id")
def new(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Write a new invoice."""
    chart = chart_of(request, patient_id)
    kept = account.kept(request, patient_id)
    form = forms.Bill(
        request.POST if request.method == "POST" else None,
        initial={"currency": settings.CURRENCY, **kept.content},
        services=prices.choices(),
        lines=_lines(request, max(forms.LINES, forms.lines_in(kept.content))),
    )
    if "more" not in request.POST and form.is_bound and form.is_valid():
        try:
            row = invoices.draft(patient_id=patient_id, by=request.user, **_said(form))
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            drafts.drop(form=FORM, patient_id=patient_id, by=request.user)
            return redirect("patients:invoice", patient_id, row.pk)
    return _form(request, chart, form, kept_at=kept.at)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.BILLING_WRITE, of="patient_id")
def edit(request: SignedInRequest, patient_id: UUID, invoice_id: UUID) -> HttpResponseBase:
    """Change the draft of an invoice."""
    chart, row = found(request, patient_id, invoice_id)
    if row.is_issued:
        return account.told(request, row, _("An issued invoice never changes."))
    form = _revision(request, row)
    if "more" not in request.POST and form.is_bound and form.is_valid():
        try:
            said = _said(form)
            version = form.cleaned_data["version"]
            invoices.revise(invoice_id=row.pk, version=version, changes=said, by=request.user)
        except NothingChanged:
            pass
        except Conflict as conflict:
            return _conflict(request, chart, conflict, form)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
            return _form(request, chart, form, row=row)
        return redirect("patients:invoice", patient_id, row.pk)
    return _form(request, chart, form, row=row)


@require_POST
@requires(Permission.BILLING_WRITE, of="patient_id")
def issue(request: SignedInRequest, patient_id: UUID, invoice_id: UUID) -> HttpResponseBase:
    """Give a draft its number."""
    return _settled(request, patient_id, invoice_id, invoices.issue, _("The invoice is issued."))


@require_POST
@requires(Permission.BILLING_WRITE, of="patient_id")
def discard(request: SignedInRequest, patient_id: UUID, invoice_id: UUID) -> HttpResponseBase:
    """Throw a draft away."""
    said = _("The draft was thrown away.")
    return _settled(request, patient_id, invoice_id, invoices.discard, said, goes_to="billing")


@require_POST
@requires(Permission.BILLING_WRITE, of="patient_id")
def cancel(request: SignedInRequest, patient_id: UUID, invoice_id: UUID) -> HttpResponseBase:
    """Cancel an issued invoice by a credit note."""
    chart, row = found(request, patient_id, invoice_id)
    form = forms.Cancellation(request.POST)
    if form.is_valid():
        try:
            note = invoices.cancel(invoice_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            said = _("Cancelled by credit note %(number)s.") % {"number": note.number}
            messages.success(request, said)
            return redirect("patients:invoice", patient_id, row.pk)
    return account.show(request, chart, row, cancellation=form)


def _settled(
    request: SignedInRequest,
    patient_id: UUID,
    invoice_id: UUID,
    deed: Any,
    said: str,
    goes_to: str = "",
) -> HttpResponseBase:
    """Do with a draft what its page asks for, unless somebody changed it meanwhile."""
    _chart, row = found(request, patient_id, invoice_id)
    form = forms.Deed(request.POST)
    if not form.is_valid():
        return account.told(request, row, _("The form was incomplete. Please try again."))
    try:
        deed(invoice_id=row.pk, version=form.cleaned_data["version"], by=request.user)
    except Conflict:
        changed = _("Somebody changed this draft meanwhile. Look at it again.")
        return account.told(request, row, changed)
    except Refused as refusal:
        return account.told(request, row, str(refusal.reason))
    messages.success(request, said)
    if goes_to:
        return redirect(f"patients:{goes_to}", patient_id)
    return redirect("patients:invoice", patient_id, row.pk)


def _lines(request: SignedInRequest, least: int) -> int:
    sent = forms.lines_in(request.POST)
    return max(least, sent + (forms.SPARE if "more" in request.POST else 0))


def _revision(request: SignedInRequest, row: Invoice) -> forms.Revision:
    start = queries.initial(row)
    return forms.Revision(
        request.POST if request.method == "POST" else None,
        initial=start | {"version": row.version},
        services=prices.choices(),
        lines=_lines(request, len(row.lines or ()) + forms.SPARE),
    )


def _said(form: forms.Bill) -> dict[str, Any]:
    data = form.cleaned_data
    return {
        "currency": data["currency"],
        "due_on": data["due_on"],
        "payer": data["payer"],
        "items": [invoices.Item(price, quantity) for price, quantity in form.items()],
    }


def _form(
    request: SignedInRequest,
    chart: Chart,
    form: forms.Bill,
    *,
    row: Invoice | None = None,
    kept_at: Any = None,
) -> HttpResponse:
    if "more" in request.POST:
        # More lines were asked for, nothing was sent: no mistakes are pointed out yet.
        form = account.unbound(form)
    page = {"banner": charts.banner(chart), "form": form, "invoice": row, "kept_at": kept_at}
    page |= {"back_url": chart.url("billing"), "patient_id": chart.patient.pk}
    status = 422 if form.errors else 200
    return render(request, "patients/desk/invoice_form.html", page, status=status)


def _conflict(
    request: SignedInRequest, chart: Chart, conflict: Conflict, form: forms.Revision
) -> HttpResponseBase:
    if conflict.row.is_issued:
        return account.told(request, conflict.row, _("Somebody issued this invoice meanwhile."))
    page = {
        "banner": charts.banner(chart),
        "title": _("Draft of an invoice"),
        "back_url": request.path,
    }
    return conflicts.show(request, conflict, form=form, initial_of=queries.initial, page=page)
