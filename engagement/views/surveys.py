"""Surveys: what is asked, what was answered, and the page on which patients answer without signing in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.forms import feedback as forms
from engagement.models import MessageLink, Survey, SurveyAnswer
from engagement.queries import answers, leads
from engagement.services import links, surveys
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, public, requires
from security.access.permissions import Permission
from security.services import throttle

READ, WRITE = Permission.CAMPAIGNS_READ, Permission.CAMPAIGNS_WRITE
PARAMETER, KEPT = "t", "survey_link"


@require_http_methods(["GET", "HEAD", "POST"])
@public
def answer(request: HttpRequest) -> HttpResponse:
    """Open a link, then show its survey; only sending uses it up, so that no scanner of mail does."""
    if request.method != "POST" and PARAMETER in request.GET:
        return _open(request, request.GET[PARAMETER])
    link = _kept(request)
    row = _asked(link)
    if link is None or row is None:
        return render(request, "engagement/feedback/over.html", status=400)
    _speak(request, row)
    form = forms.Answer(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            surveys.answer(link=link, given=form.given())
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            del request.session[KEPT]
            return redirect("engagement:survey_thanks")
    page = {"form": form, "survey": row.survey}
    return render(
        request, "engagement/feedback/answer.html", page, status=422 if form.errors else 200
    )


def _open(request: HttpRequest, token: str) -> HttpResponse:
    opened = links.open_by(token=token, kind=MessageLink.Kind.SURVEY)
    if opened.link is None:
        request.session.pop(KEPT, None)
        if opened.wait:
            messages.warning(request, throttle.sentence(opened.wait))
    else:
        request.session[KEPT] = str(opened.link.pk)
    # Either way to an address without the token: it stays in no history and no Referer.
    return redirect("engagement:survey")


def _kept(request: HttpRequest) -> MessageLink | None:
    kept = request.session.get(KEPT)
    rows = MessageLink.objects.open().filter(kind=MessageLink.Kind.SURVEY, used_at=None)
    return rows.filter(pk=kept).first() if kept else None


def _asked(link: MessageLink | None) -> SurveyAnswer | None:
    if link is None or link.target_id is None:
        return None
    rows = SurveyAnswer.objects.open().filter(pk=link.target_id)
    row: SurveyAnswer | None = rows.select_related("survey").defer("sealed", "sealed_card").first()
    return row


def _speak(request: HttpRequest, row: SurveyAnswer) -> None:
    """Speak the language of the invitation to whoever chose none here."""
    if row.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(row.language)


@require_safe
@public
def thanks(request: HttpRequest) -> HttpResponse:
    """Thank for an answer; the page is the same for everybody."""
    return render(request, "engagement/feedback/thanks.html")


@require_safe
@requires(WRITE)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show what was answered, the newest first."""
    unread = request.GET.get("show", "new") != "all"
    found = answers.page(request.user, unread=unread, after=request.GET.get("after", ""))
    page: dict[str, Any] = {"rows": found["rows"], "unread": unread}
    page["count"] = answers.unread(request.user)
    if found["next"]:
        page["next_url"] = f"?show={'new' if unread else 'all'}&after={found['next']}"
    return render(request, "engagement/feedback/answers.html", page)


@require_POST
@requires(WRITE)
def look_at(request: SignedInRequest, answer_id: UUID) -> HttpResponse:
    """Note that an answer was read."""
    version = request.POST.get("version", "")
    row = answers.visible(request.user).filter(pk=answer_id).defer("sealed", "sealed_card").first()
    if row is None:
        raise Http404
    if version.isdecimal():
        surveys.look_at(answer_id=row.pk, version=int(version), by=request.user)
    return redirect("engagement:answers")


@require_safe
@requires(READ, WRITE)
def kept(request: SignedInRequest) -> HttpResponse:
    """Show what patients are asked."""
    page: dict[str, Any] = {"surveys": answers.surveys()}
    page["writes"] = reach_of_user(request.user, WRITE) is not Reach.NONE
    return render(request, "engagement/feedback/surveys.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def make(request: SignedInRequest) -> HttpResponse:
    """Begin to ask."""
    return _write(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def change(request: SignedInRequest, survey_id: UUID) -> HttpResponse:
    """Change what is asked, or stop asking."""
    try:
        return _write(request, answers.find_survey(survey_id))
    except Survey.DoesNotExist:
        raise Http404 from None


def _write(request: SignedInRequest, row: Survey | None) -> HttpResponse:
    form = forms.AboutSurvey(
        request.POST if request.method == "POST" else None,
        initial=forms.about(row) if row else None,
        services=leads.offered_to_staff(),
    )
    if form.is_valid():
        try:
            _written(request, form, row)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Saved."))
            return redirect("engagement:surveys")
    page = {"form": form, "survey": row}
    return render(
        request, "engagement/feedback/survey.html", page, status=422 if form.errors else 200
    )


def _written(request: SignedInRequest, form: forms.AboutSurvey, row: Survey | None) -> None:
    fields = form.fields_of()
    if row is None:
        surveys.create(fields=fields, by=request.user)
    else:
        version = form.cleaned_data["version"] or 0
        surveys.change(survey_id=row.pk, version=version, fields=fields, by=request.user)
