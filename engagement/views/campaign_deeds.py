"""What is done with a campaign: laid before somebody, agreed to, given back, held, tried."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from engagement.forms import campaigns as forms
from engagement.forms.segments import Agree
from engagement.models import Campaign
from engagement.services import campaign_runs, campaigns, refusals
from engagement.views.campaigns import found, shown
from engagement.views.segments import APPROVE, WRITE
from security.access.gate import Refused, SignedInRequest, requires


def _do(
    request: SignedInRequest, campaign_id: UUID, deed: Callable[[Campaign], object], said: str
) -> HttpResponseBase:
    """Do one thing with a campaign, then show it again."""
    row = found(campaign_id)
    try:
        deed(row)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    else:
        messages.success(request, said)
    return redirect("engagement:campaign", row.pk)


@require_POST
@requires(WRITE)
def submit(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Lay a draft before a second person."""
    by, said = request.user, _("Laid before a colleague of the compliance desk.")
    return _do(request, campaign_id, lambda row: campaigns.submit(campaign_id=row.pk, by=by), said)


@require_POST
@requires(APPROVE, step_up=True)
def approve(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Agree to a campaign as it was read."""
    row, form = found(campaign_id), Agree(request.POST)
    if not form.is_valid():
        return shown(request, row, status=422)
    sha256 = form.cleaned_data["sha256"]
    return _do(
        request,
        row.pk,
        lambda row: campaigns.approve(campaign_id=row.pk, sha256=sha256, by=request.user),
        _("Agreed. It is sent from its hour on."),
    )


@require_POST
@requires(APPROVE, step_up=True)
def refuse(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Give a campaign back and say why."""
    row, form = found(campaign_id), forms.GiveBack(request.POST)
    if not form.is_valid():
        return shown(request, row, status=422, refuse=form)
    reason = form.cleaned_data["reason"]
    return _do(
        request,
        row.pk,
        lambda row: campaigns.refuse(campaign_id=row.pk, reason=reason, by=request.user),
        _("Given back to its authors."),
    )


@require_POST
@requires(WRITE, APPROVE)
def stop(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Stop a campaign at once."""
    by, said = request.user, _("Stopped. What waits in the outbox does not leave either.")
    return _do(
        request, campaign_id, lambda row: campaign_runs.stop(campaign_id=row.pk, by=by), said
    )


@require_POST
@requires(WRITE)
def resume(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Go on with a stopped campaign."""
    by, said = request.user, _("It goes on; everybody is asked for anew.")
    return _do(
        request, campaign_id, lambda row: campaign_runs.resume(campaign_id=row.pk, by=by), said
    )


@require_POST
@requires(WRITE)
def cancel(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Give a campaign up for good."""
    by, said = request.user, _("Given up. Whoever waited gets nothing.")
    return _do(
        request, campaign_id, lambda row: campaign_runs.cancel(campaign_id=row.pk, by=by), said
    )


@require_POST
@requires(WRITE)
def resend(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Try again those whom no message reached."""
    row = found(campaign_id)
    try:
        count = campaign_runs.resend(campaign_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    else:
        said = ngettext(
            "%(count)d person is asked for anew.", "%(count)d people are asked for anew.", count
        )
        messages.success(request, said % {"count": count})
    return redirect("engagement:campaign", row.pk)


@require_POST
@requires(WRITE)
def copy(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Begin another campaign with the same words."""
    row = campaigns.copy(campaign_id=found(campaign_id).pk, by=request.user)
    messages.success(
        request, _("Copied as a draft: nobody agreed to it, and nobody is on its list.")
    )
    return redirect("engagement:campaign_change", row.pk)


@require_POST
@requires(WRITE, APPROVE)
def try_out(request: SignedInRequest, campaign_id: UUID) -> HttpResponseBase:
    """Send a campaign to the own account, and to nobody else."""
    form = forms.TryOut(request.POST)
    language = form.cleaned_data["language"] if form.is_valid() else "en"
    return _do(
        request,
        campaign_id,
        lambda row: campaign_runs.try_out(campaign_id=row.pk, language=language, by=request.user),
        _("On its way to the address of your own account."),
    )
