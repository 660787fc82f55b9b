"""Why somebody can see a chart, who else cares for the patient, and what other roles may."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients.models import CareRelationship
from patients.queries.chart import BECAUSE, Chart
from patients.queries.colleagues import unit_name
from security import context
from security.access.categories import Action, Reach
from security.access.permissions import PATIENT_READING, Permission
from security.access.purposes import Purpose
from security.access.registry import Basis
from security.access.roles import ROLES, Role
from security.classification import Category
from security.people import called

RELATIONSHIPS = 50
READING: dict[Category, list[Permission]] = {
    category: [one for one in Permission if one in PATIENT_READING and one.category is category]
    for category in Category
    if any(one.category is category for one in PATIENT_READING)
}
RULES: dict[str, Promise] = {
    "account": _("state of the account"),
    "role": _("role"),
    "purpose": _("purpose"),
    "reach": _("reach of the role"),
    "care_relationship": _("care relationship"),
    "portal_account": _("portal account"),
    "clearance": _("clearance"),
    "confidential_chart": _("confidential chart"),
    "break_glass": _("emergency access"),
    "own_record": _("own record or close family"),
    "consent": _("consent of the person"),
    "restriction": _("restriction of processing"),
}


def explained(chart: Chart) -> dict[str, Any]:
    """Return the decisions on every category of a record, computed now, and what stands around them."""
    purpose = context.current().purpose
    return {
        "purpose": Purpose(purpose).label if purpose else "",
        "decisions": [_decision(chart, category) for category in READING],
        "relationships": _relationships(chart),
        "is_masked": chart.is_masked,
        "ways": _ways(chart),
        "who_saw_url": _who_saw(chart),
        "limits_url": _limits(chart),
        "requests_url": _requests(chart),
        "others": others(),
    }


def others() -> list[dict[str, Any]]:
    """Return what each role may read of patients, in words, from the grants that decide."""
    return [row for role in ROLES.values() if (row := _other(role))]


def _who_saw(chart: Chart) -> str:
    """Return where it stands who saw this record, for whoever reads the whole trail."""
    if not chart.may(Permission.TRAIL_READ):
        return ""
    return reverse("audit:who_saw", args=[chart.patient.pk])


def _limits(chart: Chart) -> str:
    """Return where it stands what is restricted of this record, for whoever works on rights."""
    if not chart.may(Permission.RIGHTS_READ, Permission.RIGHTS_REQUEST):
        return ""
    return reverse("consent:restrictions_of", args=[chart.patient.pk])


def _requests(chart: Chart) -> str:
    """Return where it stands what was asked about the data of this patient."""
    if not chart.may(Permission.RIGHTS_READ, Permission.RIGHTS_REQUEST):
        return ""
    return reverse("consent:requests_of", args=[chart.patient.pk])


def _decision(chart: Chart, category: Category) -> dict[str, Any]:
    made = [(permission, chart.decision(permission)) for permission in READING[category]]
    permission, best = next((pair for pair in made if pair[1].is_reachable), made[0])
    is_masked = permission.action is Action.READ_MASKED
    label = category.label
    return {
        "label": gettext("%(category)s, masked") % {"category": label} if is_masked else label,
        # Behind a step-up the page itself is open only with a fresh factor; the words say so.
        "allowed": best.allowed or best.step_up,
        "step_up": best.step_up,
        "rule": RULES.get(best.rule, best.rule),
        "reason": best.reason,
        "because": BECAUSE[best.basis] if best.basis and not best.glass else "",
        "basis": best.basis.label if best.step_up and best.basis else "",
        # The consent event or the restriction that says so.
        "source": best.source,
    }


def _ways(chart: Chart) -> list[dict[str, Any]]:
    """Return where access to this record is given or kept from somebody."""
    patient, ways = [chart.patient.pk], []
    is_own = chart.decision(Permission.CLINICAL_READ).basis is not Basis.BREAK_GLASS
    if is_own and chart.may(Permission.CLINICAL_WRITE):
        url = reverse("patients:refer", args=patient)
        ways.append({"url": url, "label": gettext("Refer to a colleague"), "icon": "send"})
    if chart.may(Permission.DEMOGRAPHICS_ASSIGN):
        url = reverse("patients:staff_links", args=patient)
        label = gettext("Colleague or close family of one")
        ways.append({"url": url, "label": label, "icon": "id"})
    if chart.may(Permission.RIGHTS_READ):
        url = reverse("patients:disclosures", args=patient)
        label = gettext("Accounting of disclosures")
        ways.append({"url": url, "label": label, "icon": "file-text"})
        url = reverse("consent:disclosures_of", args=patient)
        label = gettext("Disclosures to third parties")
        ways.append({"url": url, "label": label, "icon": "send"})
    elif chart.may(Permission.RIGHTS_REQUEST):
        url = reverse("patients:disclosure_note", args=patient)
        ways.append({"url": url, "label": gettext("Note a disclosure"), "icon": "file-plus"})
    if chart.may(Permission.INCIDENTS_MANAGE):
        query = urlencode({"kind": "request", "patients": chart.patient.pk})
        url = f"{reverse('audit:case_new')}?{query}"
        ways.append({"url": url, "label": gettext("Open a case"), "icon": "folder"})
    return ways


def _relationships(chart: Chart) -> list[dict[str, Any]]:
    """Return who cares for the patient; only the own relationships to whoever sees the person masked."""
    now = timezone.now()
    rows = CareRelationship.objects.filter(patient_id=chart.patient.pk)
    if chart.is_masked:
        rows = rows.filter(user_id=chart.reader.pk)
    found = rows.select_related("user", "granted_by", "unit").order_by("-starts_at", "-pk")
    return [
        {
            "who": called(row.user),
            "role": unit_name(row.unit),
            "source": row.get_source_display(),
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
            "granted_by": called(row.granted_by),
            "active": row.starts_at <= now and (row.ends_at is None or row.ends_at > now),
        }
        for row in found[:RELATIONSHIPS]
    ]


def _other(role: Role) -> dict[str, Any] | None:
    """Return what a role may read of patients, by how far it reaches."""
    by_reach: dict[Reach, list[str]] = {}
    for category, permissions in READING.items():
        reaches = {one: role.grants.get(one, Reach.NONE) for one in permissions}
        for permission, reach in reaches.items():
            if reach is not Reach.NONE:
                by_reach.setdefault(reach, []).append(_label(category, permission))
    text = "; ".join(f"{reach.label}: {', '.join(found)}" for reach, found in by_reach.items())
    return {"role": role.label, "text": text} if text else None


def _label(category: Category, permission: Permission) -> str:
    if permission.action is Action.READ_MASKED:
        return gettext("%(category)s, masked") % {"category": category.label}
    return str(category.label)
