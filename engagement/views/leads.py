"""Enquiries of the public: the open form, the board, one enquiry and its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.forms import leads as forms
from engagement.models import Lead
from engagement.queries import leads as reads
from engagement.queries import shown_notices
from engagement.services import leads
from engagement.services.leads import NotAgreed
from security import context
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, public, requires
from security.models import User
from security.services import clinics, throttle
from security.services.throttle import Counter

Page = dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
@public
def enquire(request: HttpRequest) -> HttpResponse:
    """Take an enquiry of anybody, after the notice; the answer is the same whoever asks."""
    notices = shown_notices.now()
    if not notices.agreed.notices:
        return render(request, "engagement/leads/closed.html", _clinic())
    given = request.POST if request.method == "POST" else None
    form = forms.Enquiry(given, agreed=notices.agreed, services=reads.offered())
    if given is not None and form.is_machine:
        # Whatever fills in what no person sees is told the same, and nothing is kept.
        return redirect("engagement:enquiry_thanks")
    if form.is_valid():
        wait = throttle.take([_counter()])
        if wait is None:
            leads.take_in(asked=form.asked(get_language() or ""), by=None)
            return redirect("engagement:enquiry_thanks")
        form.add_error(None, throttle.sentence(wait))
    page = {"form": form, "notices": notices.pages, "until": leads.keep_until()} | _clinic()
    return render(
        request, "engagement/leads/enquire.html", page, status=422 if form.errors else 200
    )


def _counter() -> Counter:
    return Counter(forms.ENQUIRIES, throttle.source_of(context.current().address))


def _clinic() -> Page:
    profile = clinics.profile()
    if profile is None:
        return {"clinic": ""}
    is_chinese = (get_language() or "").startswith("zh")
    return {"clinic": (is_chinese and profile.name_zh) or profile.name}


@require_safe
@public
def thanks(request: HttpRequest) -> HttpResponse:
    """Thank for an enquiry; the page is the same for everybody."""
    return render(request, "engagement/leads/thanks.html", _clinic())


@require_safe
@requires(*reads.WORK)
def board(request: SignedInRequest) -> HttpResponse:
    """Show where every enquiry stands."""
    page: Page = {"columns": reads.board(request.user)}
    return render(request, "engagement/leads/board.html", page)


@require_safe
@requires(*reads.WORK)
def column(request: SignedInRequest, lead_state: str) -> HttpResponse:
    """Show all enquiries of one column."""
    if lead_state not in Lead.State.values:
        raise Http404
    found = reads.page(request.user, state=lead_state, after=request.GET.get("after", ""))
    page: Page = {"rows": found["rows"], "label": Lead.State(lead_state).label}
    if found["next"]:
        page["next_url"] = f"?after={found['next']}"
    return render(request, "engagement/leads/column.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*reads.WORK)
def take_down(request: SignedInRequest) -> HttpResponse:
    """Write down an enquiry by phone, or a referral in."""
    notices = shown_notices.now()
    given = request.POST if request.method == "POST" else None
    form = forms.TakeDown(given, services=reads.offered_to_staff())
    if form.is_valid():
        asked = form.asked(get_language() or "", notices.agreed)
        try:
            row = leads.take_in(asked=asked, by=request.user)
        except (NotAgreed, leads.Incomplete) as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("engagement:lead", row.pk)
    page = {"form": form, "notices": notices.pages}
    return render(
        request, "engagement/leads/take_down.html", page, status=422 if form.errors else 200
    )


@require_safe
@requires(*reads.WORK)
def lead(request: SignedInRequest, lead_id: UUID) -> HttpResponse:
    """Show one enquiry, who may be the same person, and its steps."""
    return show(request, found(lead_id), {})


def found(lead_id: UUID) -> Lead:
    """Return an enquiry; what is not there is hidden."""
    try:
        return reads.find(lead_id)
    except Lead.DoesNotExist:
        raise Http404 from None


def show(request: SignedInRequest, row: Lead, refused: Page) -> HttpResponse:
    """Show one enquiry, with the form of a step that was refused."""
    page: Page = {"one": reads.one(request.user, row)}
    page["registers"] = reach_of_user(request.user, reads.REGISTER) is not Reach.NONE
    if row.patient_id is None:
        page |= {"twins": reads.twins(request.user, row), "same": reads.same(row)}
        page |= _steps(row)
    page |= refused
    status = 422 if refused else 200
    return render(request, "engagement/leads/lead.html", page, status=status)


def _steps(row: Lead) -> Page:
    start = {"version": row.version}
    names = ("name", "phone", "email", "referrer", "note")
    kept = {name: getattr(row, name) or "" for name in names} | {"owner": row.owner_id or ""}
    return {
        "change": forms.Change(initial=start | kept, owners=reads.owner_choices()),
        "move": forms.Move(initial=start | {"state": row.state}),
        "lose": forms.Lose(initial=start),
        "delete": forms.Delete(),
    }


def step(
    request: SignedInRequest,
    lead_id: UUID,
    key: str,
    form: django_forms.Form,
    deed: Callable[[Page], object],
) -> HttpResponse:
    """Do one step with an enquiry, or show why not."""
    row = found(lead_id)
    if form.is_valid():
        try:
            deed(form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("engagement:lead", row.pk)
    return show(request, found(lead_id), {key: form, "opened": key, "wrong": form})


@require_POST
@requires(*reads.WORK)
def change(request: SignedInRequest, lead_id: UUID) -> HttpResponse:
    """Correct what is known of somebody and note what was said."""
    form = forms.Change(request.POST, owners=reads.owner_choices())

    def deed(said: Page) -> None:
        to = User.objects.get(pk=said["owner"]) if said["owner"] else None
        leads.change(lead_id=lead_id, version=said["version"], said=said, to=to, by=request.user)

    return step(request, lead_id, "change", form, deed)


@require_POST
@requires(*reads.WORK)
def move(request: SignedInRequest, lead_id: UUID) -> HttpResponse:
    """Move an enquiry along."""

    def deed(said: Page) -> None:
        leads.move(lead_id=lead_id, version=said["version"], state=said["state"], by=request.user)

    return step(request, lead_id, "move", forms.Move(request.POST), deed)


@require_POST
@requires(*reads.WORK)
def lose(request: SignedInRequest, lead_id: UUID) -> HttpResponse:
    """Note that somebody will not come."""

    def deed(said: Page) -> None:
        leads.lose(lead_id=lead_id, version=said["version"], why=said["why"], by=request.user)

    return step(request, lead_id, "lose", forms.Lose(request.POST), deed)
