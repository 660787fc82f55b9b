"""Campaigns: the list, one of them, its form, its audience and its list, the library, the limits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from engagement import library, wording
from engagement.forms import campaigns as forms
from engagement.lanes import LANES
from engagement.models import Campaign, CampaignRecipient
from engagement.queries import campaigns as queries
from engagement.queries import contact_rules as rules
from engagement.queries.segment_words import described, joined_by
from engagement.services import campaigns, contact_rules, previews, refusals
from engagement.views.segments import APPROVE, READ, WRITE, decides, writes
from security.access.gate import Refused, SignedInRequest, requires
from security.people import called

FORM = "engagement/campaigns/form.html"


def found(campaign_id: UUID) -> Campaign:
    """Return a campaign, or 404."""
    rows = Campaign.objects.select_related("segment__authorisation", "changed_by", "approved_by")
    return get_object_or_404(rows, pk=campaign_id)


@require_safe
@requires(READ, APPROVE)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show campaigns: those under way, or those that are over."""
    show = "over" if request.GET.get("show") == "over" else "open"
    page = {"rows": queries.listed(show), "show": show, "writes": writes(request)}
    return render(request, "engagement/campaigns/list.html", page)


@require_safe
@requires(READ, APPROVE)
def campaign(request: SignedInRequest, campaign_id: UUID) -> HttpResponse:
    """Show a campaign: what it says, to whom, who agreed, and what became of it."""
    return shown(request, found(campaign_id))


def shown(
    request: SignedInRequest, row: Campaign, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Render the page of a campaign."""
    is_author = request.user.pk in row.authors or request.user.pk in row.segment.authors
    page = queries.shown(row) | {
        "lines": described(row.segment),
        "joined": joined_by(row.segment),
        "findings": campaigns.findings(row),
        "words": _words(row),
        "results": queries.results(row) if row.listed_at else None,
        "approved_by": called(row.approved_by),
        "agree": campaigns.digest(row),
        "writes": writes(request),
        "decides": decides(request) and not is_author,
        "is_author": is_author,
        "refuse": forms.GiveBack(),
        "try_out": forms.TryOut(),
    }
    return render(request, "engagement/campaigns/campaign.html", page | more, status=status)


def _words(row: Campaign) -> list[dict[str, Any]]:
    """Return what a campaign says in each language, with its way out as recipients read it."""
    found = []
    for key, label in wording.LANGUAGES.items():
        words = row.content.get(key) or {}
        if (words.get("text") or "").strip():
            text = wording.with_way_out(words["text"], key)
            found.append(
                {"label": label, "key": key, "title": words.get("title", ""), "text": text}
            )
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def add(request: SignedInRequest) -> HttpResponseBase:
    """Begin a campaign, with a text of the library where one is named."""
    data = request.POST if request.method == "POST" else None
    form = forms.Write(data, initial=_begin(request.GET.get("page", "")))
    if form.is_valid():
        row = campaigns.add(content=form.content(), by=request.user)
        messages.success(request, _("The draft is there. Look at what the check found."))
        return redirect("engagement:campaign", row.pk)
    return render(request, FORM, _form_page(form), status=422 if form.errors else 200)


def _begin(key: str) -> dict[str, Any]:
    now = timezone.localtime().replace(second=0, microsecond=0)
    page = library.PAGES.get(key)
    if page is None:
        return {"send_at": now, "lane": "tips"}
    said = {"send_at": now, "lane": page.lane, "name": page.label}
    return said | forms.words_of(page.content())


def _form_page(form: forms.Write, row: Campaign | None = None) -> dict[str, Any]:
    fields = [
        {"name": f"{{{{ {name} }}}}", "label": label, "is_sealed": name in wording.SEALED_FIELDS}
        for name, label in {**wording.PLAIN_FIELDS, **wording.SEALED_FIELDS}.items()
    ]
    return {"form": form, "row": row, "merge_fields": fields, "lanes": LANES.values()}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def change(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Write on a campaign."""
    row = found(campaign_id)
    data = request.POST if request.method == "POST" else None
    form = forms.Write(data, initial=forms.initial_of(row))
    if form.is_valid():
        version, content = form.cleaned_data["version"] or 0, form.content()
        try:
            campaigns.change(campaign_id=row.pk, version=version, content=content, by=request.user)
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, obj=row, by=request.user))
        else:
            messages.success(request, _("Saved as a draft. It needs the agreement of a colleague."))
            return redirect("engagement:campaign", row.pk)
    return render(request, FORM, _form_page(form, row), status=422 if form.errors else 200)


@require_safe
@requires(READ, APPROVE)
def audience(request: SignedInRequest, campaign_id: UUID) -> HttpResponse:
    """Show whom a campaign would reach now, and whom not and why."""
    row = found(campaign_id)
    try:
        counts = previews.of_campaign(campaign=row, by=request.user)
        more: dict[str, Any] = {"audience": queries.preview(counts, row.segment, request.user)}
    except Refused as refusal:
        more = {"refusal": refusals.note(refusal, obj=row, by=request.user)}
    return shown(request, row, **more)


@require_safe
@requires(READ, APPROVE)
def recipients(request: SignedInRequest, campaign_id: UUID) -> HttpResponse:
    """Show the list of a campaign, masked; of a clinical segment nobody sees the people."""
    row, state = found(campaign_id), request.GET.get("state", "")
    page: dict[str, Any] = {"row": row, "state": state, "states": CampaignRecipient.State.choices}
    if not row.segment.is_clinical:
        after = request.GET.get("after", "")
        page |= queries.recipients(row, state, after, request.user)
        page["next_url"] = f"?state={state}&after={page['next']}" if page["next"] else None
    return render(request, "engagement/campaigns/recipients.html", page)


@require_safe
@requires(READ, APPROVE)
def pages(request: SignedInRequest) -> HttpResponse:
    """Show the texts that come with the product."""
    groups = [
        {"lane": LANES["tips"], "pages": library.TIPS},
        {"lane": LANES["policy"], "pages": library.POLICIES},
    ]
    page = {"groups": groups, "writes": writes(request)}
    return render(request, "engagement/campaigns/library.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(READ, APPROVE)
def limits(request: SignedInRequest) -> HttpResponseBase:
    """Show how often and when people are written to; who agrees to campaigns sets it."""
    row, may = rules.current(), decides(request)
    data = request.POST if request.method == "POST" and may else None
    form = forms.Limits(data, initial=forms.limits_of(row))
    if form.is_valid():
        content = {name: form.cleaned_data[name] for name in contact_rules.FIELDS}
        version = form.cleaned_data["version"]
        try:
            contact_rules.set_limits(version=version, content=content, by=request.user)
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, obj=row, by=request.user))
        else:
            messages.success(request, _("The limits are set."))
            return redirect("engagement:limits")
    page = {"form": form, "row": row, "decides": may, "lanes": LANES.values()}
    return render(
        request, "engagement/campaigns/limits.html", page, status=422 if form.errors else 200
    )
