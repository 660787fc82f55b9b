"""The officers' desk of forms: what is asked, in which words, and whether they say what the law wants."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent import keys
from consent.forms.words import NewForm, Publication, Words
from consent.models import ConsentForm, ConsentFormVersion
from consent.queries import forms as queries
from consent.queries.words import NAMES
from consent.services import forms
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, public, requires
from security.access.permissions import Permission
from security.models import User

READ, MANAGE = Permission.CONSENT_READ, Permission.CONSENT_MANAGE


def _may_manage(user: User) -> bool:
    return reach_of_user(user, MANAGE) is not Reach.NONE


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def add(request: SignedInRequest) -> HttpResponseBase:
    """Begin a form for a purpose that has none."""
    form = NewForm(
        request.POST if request.method == "POST" else None, purposes=queries.purposes_without()
    )
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = forms.add(purpose_id=UUID(said.pop("purpose")), by=request.user, **said)
        except forms.NotAForm as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("consent:form", made.pk)
    status = 422 if form.errors else 200
    return render(request, "consent/forms/add.html", {"form": form}, status=status)


@require_safe
@requires(READ)
def index(request: SignedInRequest) -> HttpResponse:
    """List the forms and how far their words are."""
    page = {"rows": queries.listed(), "may_manage": _may_manage(request.user)}
    return render(request, "consent/forms/list.html", page)


@require_POST
@requires(MANAGE)
def bring(request: SignedInRequest) -> HttpResponseBase:
    """Bring the forms that come with the product, as drafts."""
    count = len(forms.bring_shipped(by=request.user))
    said = ngettext(
        "%(count)d form was added as a draft.", "%(count)d forms were added as drafts.", count
    )
    messages.success(request, said % {"count": count})
    return redirect("consent:forms")


@require_safe
@requires(READ)
def form(request: SignedInRequest, form_id: UUID) -> HttpResponse:
    """Show one form: its words in each language, what they miss, and the versions before."""
    row = get_object_or_404(ConsentForm.objects.select_related("purpose"), pk=form_id)
    page = queries.shown(row) | {"may_manage": _may_manage(request.user), "form": Publication()}
    return render(request, "consent/forms/form.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def write(request: SignedInRequest, form_id: UUID, language: str) -> HttpResponseBase:
    """Write the words of a form in one language; they are a draft until they are published."""
    row = get_object_or_404(ConsentForm.objects.select_related("purpose"), pk=form_id)
    if language not in forms.LANGUAGES or row.retired_at is not None:
        raise Http404
    start, needed = queries.draft_of(row, language), queries.needed(row)
    sent = request.POST if request.method == "POST" else None
    form = Words(sent, initial=start, kind=row.kind, required=needed)
    if form.is_valid():
        said = forms.Words(language, form.cleaned_data["title"], form.said())
        forms.write(form_id=row.pk, words=said, by=request.user)
        messages.success(request, _("The draft is kept."))
        return redirect("consent:form", row.pk)
    page = {"form": form, "row": row, "language": NAMES.get(language, language), "code": language}
    return render(request, "consent/forms/write.html", page, status=422 if form.errors else 200)


@require_POST
@requires(MANAGE, step_up=True)
def publish(request: SignedInRequest, form_id: UUID, words_id: UUID) -> HttpResponseBase:
    """Show these words from now on."""
    row = get_object_or_404(ConsentFormVersion, pk=words_id, form_id=form_id)
    said = Publication(request.POST)
    is_material = said.is_valid() and said.cleaned_data["is_material"]
    seen = request.POST.get("seen", "")
    try:
        forms.publish(version_id=row.pk, is_material=is_material, seen=seen, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    else:
        messages.success(request, _("The words are published."))
    return redirect("consent:form", form_id)


@require_POST
@requires(MANAGE, step_up=True)
def retire(request: SignedInRequest, form_id: UUID) -> HttpResponseBase:
    """Ask nobody with this form any more."""
    row = get_object_or_404(ConsentForm, pk=form_id)
    try:
        forms.retire(form_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    else:
        messages.success(request, _("The form is no longer used."))
    return redirect("consent:forms")


@require_safe
@public
def receipt_key(request: SignedInRequest) -> HttpResponse:
    """Publish the key that receipts are verified with; it is no secret and names nobody."""
    try:
        line = f"{keys.read().public}\n"
    except keys.ReceiptKeyError:
        raise Http404 from None
    return HttpResponse(line, content_type="text/plain; charset=utf-8")
