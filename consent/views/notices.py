"""Notices: written and published by officers, read by everybody, told to patients."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit import persons
from consent.forms.notices import Publishing, Telling, Words
from consent.models import Notice, NoticeText
from consent.queries import notices as reads
from consent.services import notices
from patients.forms.versioned import Difference, differences
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import (
    Refused,
    SignedInRequest,
    has_fresh_factor,
    public,
    requires,
    send_to_step_up,
)
from security.access.permissions import Permission
from security.sealing import StaleRecord
from security.services import clinics

READ, WRITE, MANAGE = Permission.CONSENT_READ, Permission.CONSENT_WRITE, Permission.CONSENT_MANAGE


@require_safe
@requires(MANAGE, Permission.RIGHTS_READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show every version of the notices, and what waits to be begun."""
    profile = clinics.profile()
    rows = reads.versions()
    drafts = {row.law for row in rows if row.published_at is None}
    current = {row.pk for row in reads.in_force()}
    page: dict[str, Any] = {
        "rows": [{"row": row, "is_current": row.pk in current} for row in rows],
        "laws": [law for law in (profile.laws if profile else []) if law not in drafts],
        "untold": reads.to_tell(request.user).count(),
    }
    return render(request, "consent/notices/list.html", page)


@require_POST
@requires(MANAGE)
def begin(request: SignedInRequest) -> HttpResponseBase:
    """Begin the next version of a notice."""
    row = notices.begin(law=request.POST.get("law", ""), by=request.user)
    return redirect("consent:notice", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE, Permission.RIGHTS_READ)
def notice(request: SignedInRequest, notice_id: UUID) -> HttpResponseBase:
    """Show one version with what changed in it; publish a draft."""
    row = _found(notice_id)
    sent = request.POST if request.method == "POST" else None
    if sent is not None and not has_fresh_factor(request):
        return send_to_step_up(request)
    form = Publishing(sent)
    if form.is_valid():
        try:
            _publish(request, row, form)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Published."))
            return redirect("consent:notice", row.pk)
    page = _read(row) | {"row": row, "title": reads.title(row), "form": form}
    status = 422 if form.errors else 200
    return render(request, "consent/notices/notice.html", page, status=status)


def _read(row: Notice) -> dict[str, Any]:
    last, texts = reads.before(row), list(row.texts.order_by("language"))
    earlier = {text.language: text for text in last.texts.all()} if last else {}
    said = [
        {
            "text": text,
            "name": reads.language_name(text.language),
            "said": reads.read(text, row.law, earlier.get(text.language)),
        }
        for text in texts
    ]
    return {"texts": said, "before": last, "seen": reads.state(texts)}


def _publish(request: SignedInRequest, row: Notice, form: Publishing) -> None:
    if not may_manage(request):
        raise Refused(_("Your role reads notices and publishes none."))
    notices.publish(notice_id=row.pk, publication=form.publication(), by=request.user)


def may_manage(request: SignedInRequest) -> bool:
    """Tell whether this person writes and publishes notices."""
    return reach_of_user(request.user, MANAGE) is not Reach.NONE


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def words(request: SignedInRequest, text_id: UUID) -> HttpResponseBase:
    """Write the sections of a draft in one language."""
    text = NoticeText.objects.select_related("notice").filter(pk=text_id).first()
    if text is None or text.notice.published_at is not None:
        raise Http404
    said = request.POST if request.method == "POST" else None
    initial = {**text.sections, "version": text.version}
    form = Words(said, initial=initial, law=text.notice.law, language=text.language)
    others: list[Difference] = []
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            notices.write(text_id=text.pk, version=version, said=form.said(), by=request.user)
        except StaleRecord:
            others = _others(form, text)
        else:
            messages.success(request, _("Kept."))
            return redirect("consent:notice", text.notice_id)
    page = {"form": form, "text": text, "title": reads.title(text.notice), "others": others}
    page["language"] = reads.language_name(text.language)
    status = 409 if others else 422 if form.errors else 200
    return render(request, "consent/notices/words.html", page, status=status)


def _others(form: Words, text: NoticeText) -> list[Difference]:
    """Return what somebody else wrote meanwhile; the form then saves over what is stored now."""
    text.refresh_from_db()
    found = list(differences(form, read={}, stored=text.sections))
    sent = cast(QueryDict, form.data).copy()
    sent["version"] = str(text.version)
    form.data = sent
    return found


@require_safe
@public
def read(request: HttpRequest, law: str) -> HttpResponse:
    """Show everybody the notice in force under a law, in the reader's language."""
    row = next((one for one in reads.in_force() if one.law == law), None)
    if row is None:
        raise Http404
    language = reads.spoken("")
    text = next((one for one in row.texts.all() if one.language == language), None)
    if text is None:
        raise Http404
    profile = clinics.profile()
    page = {"row": row, "title": reads.title(row), "said": reads.read(text, row.law)}
    page |= {"text": text, "clinic": profile.name if profile else ""}
    return render(request, "consent/notices/public.html", page)


@require_safe
@requires(WRITE, MANAGE)
def to_tell(request: SignedInRequest) -> HttpResponse:
    """Show who must still be told of a notice in force."""
    found = reads.to_tell(request.user).order_by("-last_activity_at", "pk")
    shown = persons.register().shown(
        request.user, found.values_list("pk", flat=True)[: reads.SHOWN]
    )
    page = {"people": list(shown.items()), "notices": reads.shown(), "count": found.count()}
    page["may_tell"] = reach_of_user(request.user, WRITE) is not Reach.NONE
    return render(request, "consent/notices/to_tell.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def of_patient(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Show, as a part of the patient's page, of which notices the person was told; note that it was."""
    languages = [(code, reads.language_name(code)) for code in reads.languages()]
    form = Telling(request.POST if request.method == "POST" else None, languages=languages)
    if form.is_valid():
        notices.tell(patient_id=patient_id, told=form.told(), by=request.user)
        messages.success(request, _("Noted: the person was told."))
        return redirect("consent:patient_notices", patient_id)
    page: dict[str, Any] = {"form": form, "patient_id": patient_id}
    page["untold"] = [reads.title(one) for one in reads.untold(patient_id)]
    page["rows"] = [
        {"row": row, "title": reads.title(row.notice)} for row in reads.deliveries(patient_id)
    ]
    name = (
        "consent/notices/_patient.html"
        if request.headers.get("HX-Request")
        else "consent/notices/patient.html"
    )
    return render(request, name, page, status=422 if form.errors else 200)


def _found(notice_id: UUID) -> Notice:
    row = Notice.objects.filter(pk=notice_id).select_related("published_by").first()
    if row is None:
        raise Http404
    return row
