"""Consent on paper: a form is printed, signed, and its scan attached by the code on it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from consent import printing
from consent.forms.giving import Paper
from consent.queries import givers
from consent.queries import papers as queries
from consent.services import papers
from consent.services.acts import NotTaken
from consent.services.consents import Taken
from consent.views.consents import WRITE, asked_of, given_out, shown, tell
from patients.services.documents import NotAccepted
from patients.views.chart import chart_of
from security.access.gate import Refused, SignedInRequest, requires

PANEL = "consent/consents/_paper.html"


@require_POST
@requires(WRITE, of="patient_id")
def print_form(request: SignedInRequest, patient_id: UUID, form_id: UUID) -> HttpResponse:
    """Give out a form to be signed, bound to this patient and these words."""
    asked = asked_of(request, patient_id, form_id)
    paper = papers.print_form(
        patient_id=patient_id,
        words_id=asked.words.pk,
        channel=asked.channel,
        own_initiative=request.POST.get("own_initiative") == "on",
        by=request.user,
    )
    try:
        written = printing.pdf("form", queries.content(paper, asked.chart.patient))
    except printing.NotPrintable:
        raise Refused(_("The page can not be printed now.")) from None
    return given_out(written, f"consent-form-{queries.shown(paper.code)}", "pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def take_in(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Take in a signed form with its scan."""
    chosen = givers.of(chart_of(request, patient_id).patient)
    if request.method != "POST":
        start = {"signed_on": timezone.localdate(), "code": ""}
        return shown(request, patient_id, PANEL, {"form": Paper(initial=start, givers=chosen)})
    form = Paper(request.POST, request.FILES, givers=chosen)
    if form.is_valid():
        try:
            tell(request, _taken(request, patient_id, form))
        except NotTaken as refusal:
            form.add_error(None, str(refusal.reason))
        except NotAccepted as refusal:
            form.add_error("file", str(refusal.reason))
        else:
            return redirect("consent:consents", patient_id)
    return shown(request, patient_id, PANEL, {"form": form}, 422)


def _taken(request: SignedInRequest, patient_id: UUID, form: Paper) -> Taken:
    said, file = form.cleaned_data, form.cleaned_data["file"]
    title = _("Signed form %(code)s") % {"code": queries.shown(queries.read(said["code"]))}
    scan = papers.scan_of(file.name, file.read(), title=title, signed_on=said["signed_on"])
    return papers.attach(
        patient_id=patient_id, code=said["code"], answer=said["answer"],
        signed_on=said["signed_on"], incoming=scan, act=form.act(), by=request.user,
    )  # fmt: skip
