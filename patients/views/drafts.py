"""Keeping what is being typed: the page sends its form now and then, and nothing stays in the browser."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients.models import PatientRecord
from patients.queries.drafts import FORMS, WITHOUT_CHART
from patients.services import drafts
from patients.views.chart import chart_of
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

# What a page sends beside the fields of its form.
BESIDE = {"csrfmiddlewaretoken", "version", "draft_target", "draft_restricted", "draft_writer"}
# What the column holds.
MOST_VERSIONS = 2**31 - 1
WRITE = (Permission.CLINICAL_WRITE, Permission.DEMOGRAPHICS_WRITE, Permission.BILLING_WRITE)


@require_POST
@requires(*WRITE, of="patient_id")
def keep(request: SignedInRequest, patient_id: UUID, form: str) -> HttpResponse:
    """Keep the draft of a form about one patient."""
    permission, _label = _known(form)
    if form in WITHOUT_CHART - {"patient"}:
        raise Http404
    if not chart_of(request, patient_id).may(permission):
        raise Refused(_("Your role does not include this."))
    return _kept(request, patient_id, form)


@require_POST
@requires(Permission.DEMOGRAPHICS_WRITE, Permission.CLINICAL_REQUEST)
def keep_new(request: SignedInRequest, form: str) -> HttpResponse:
    """Keep the draft of a form about somebody who is not registered yet, or whose chart is not open."""
    permission, _label = _known(form)
    if form not in WITHOUT_CHART:
        raise Http404
    if reach_of_user(request.user, permission) is Reach.NONE:
        raise Refused(_("Your role does not include this."))
    return _kept(request, None, form)


def _known(form: str) -> tuple[Permission, object]:
    try:
        return FORMS[form]
    except KeyError:
        raise Http404 from None


def require_writer(request: SignedInRequest) -> None:
    """Refuse what one person typed and another would send, who signed in at the same browser meanwhile."""
    if request.POST.get("draft_writer", str(request.user.pk)) != str(request.user.pk):
        raise Refused(_("Somebody else signed in at this browser. Nothing was saved in your name."))


def _kept(request: SignedInRequest, patient_id: UUID | None, form: str) -> HttpResponse:
    require_writer(request)
    target, version = request.POST.get("draft_target"), request.POST.get("version")
    try:
        target_id = UUID(target) if target else None
        number = int(version) if version else None
    except ValueError:
        raise Http404 from None
    if number is not None and not 0 < number <= MOST_VERSIONS:
        raise Http404
    drafts.keep(
        form=form,
        patient_id=patient_id,
        target_id=target_id,
        target_version=number,
        content=_content(request.POST),
        # An entry that is to be restricted is so from its first draft on.
        is_restricted=request.POST.get("draft_restricted") == "1"
        or request.POST.get("confidentiality") == PatientRecord.Confidentiality.RESTRICTED,
        by=request.user,
    )
    said = _("Draft kept at %(time)s") % {"time": time_format(timezone.localtime(), "TIME_FORMAT")}
    return JsonResponse({"said": said})


def _content(sent: QueryDict) -> dict[str, object]:
    return {
        name: values if len(values) > 1 else values[0]
        for name, values in sent.lists()
        if name not in BESIDE and values
    }
