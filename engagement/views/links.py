"""Pages behind links in messages: no sign-in, one thing each; looking at them changes nothing."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from audit import working_days
from consent.models import ProcessingPurpose
from consent.queries import register
from engagement.models import Appointment, MessageLink
from engagement.services import answers, links, optouts
from security.access.gate import Refused, public
from security.delivery.desk import CHANNELS
from security.services import throttle

Kind = MessageLink.Kind
PARAMETER = "t"
# Where the session keeps which link was opened, by its kind.
KEPT = "message_link"


def _keep(request: HttpRequest, kind: str, here: str) -> HttpResponseBase:
    """Open a link and send on to an address without the token: it stays in no history and no Referer."""
    answer = links.open_by(token=request.GET[PARAMETER], kind=kind)
    kept = dict(request.session.get(KEPT) or {})
    kept.pop(kind, None)
    if answer.link is not None:
        kept[kind] = str(answer.link.pk)
    elif answer.wait:
        messages.warning(request, throttle.sentence(answer.wait))
    request.session[KEPT] = kept
    return redirect(here)


def _kept(request: HttpRequest, kind: str) -> MessageLink | None:
    found = (request.session.get(KEPT) or {}).get(kind)
    rows = MessageLink.objects.open().filter(kind=kind)
    return rows.filter(pk=UUID(found)).first() if isinstance(found, str) else None


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "engagement/links/over.html", status=400)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@public
def answer(request: HttpRequest) -> HttpResponseBase:
    """Show an appointment to whoever has its link, and take down whether the person comes."""
    if request.method != "POST" and PARAMETER in request.GET:
        return _keep(request, Kind.APPOINTMENT, "engagement:answer")
    link = _kept(request, Kind.APPOINTMENT)
    if link is None or link.target_id is None:
        return _over(request)
    said = request.POST.get("answer", "") if request.method == "POST" else ""
    refusal = _answered(link, said) if said else ""
    rows = Appointment.objects.defer("sealed").select_related("service")
    row = rows.filter(pk=link.target_id, patient_id=link.subject_id).first()
    if row is None:
        return _over(request)
    page = {
        "row": row,
        "local": row.starts_at.astimezone(working_days.zone()),
        "is_open": answers.is_open(row),
        "may_cancel": answers.may_cancel(row),
        "refusal": refusal,
    }
    return render(request, "engagement/links/answer.html", page, status=409 if refusal else 200)


def _answered(link: MessageLink, said: str) -> str:
    deeds = {"comes": answers.confirm, "cancels": answers.cancel}
    if said not in deeds or link.target_id is None:
        return ""
    try:
        deeds[said](appointment_id=link.target_id, way="link")
        links.use(link=link)
    except Refused as refusal:
        return str(refusal.reason)
    return ""


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@public
def opt_out(request: HttpRequest) -> HttpResponseBase:
    """Show which messages a link ends, and end them."""
    if request.method != "POST" and PARAMETER in request.GET:
        return _keep(request, Kind.OPT_OUT, "engagement:opt_out")
    link = _kept(request, Kind.OPT_OUT)
    known = next(iter(register.active(key=link.purpose)), None) if link else None
    if link is None or known is None:
        return _over(request)
    is_stopped = None
    if request.method == "POST":
        is_stopped = optouts.stop(
            patient_id=link.subject_id, purpose=link.purpose, channel=link.channel, way="link"
        )
        links.use(link=link)
    page = {
        "purpose": ProcessingPurpose.objects.get(pk=known.id).label,
        "channel": CHANNELS.get(link.channel, ""),
        "is_stopped": is_stopped,
        "is_by_consent": known.needs_consent,
    }
    return render(request, "engagement/links/opt_out.html", page)
