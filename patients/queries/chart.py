"""One patient's record as one person sees it: every part of it asks the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients.models import CareRelationship, Patient
from patients.queries import allergies, emergency, guardians, people, wording
from patients.tabs import added
from security import context
from security.access.decision import Decision, decide
from security.access.permissions import Permission
from security.access.registry import Basis
from security.classification import Category
from security.models import User
from security.sealing import SealBroken

# What comes after "You see this because".
BECAUSE: dict[Basis, Promise] = {
    Basis.ROLE: _("your role includes it"),
    Basis.TEAM: _("you belong to the care team"),
    Basis.RESPONSIBLE: _("you are responsible for this patient"),
    Basis.APPOINTMENT: _("you have seen this patient or have an appointment"),
    Basis.REFERRAL: _("the patient was referred to you"),
    Basis.CASE: _("a case is open"),
    Basis.REQUEST: _("your request for access was accepted"),
    Basis.THREAD: _("you write with this patient"),
    Basis.BREAK_GLASS: _("you opened the chart in an emergency"),
    Basis.PROXY: _("you represent this person"),
    Basis.SELF: _("it is your own record"),
    Basis.SYSTEM: _("the system needs it"),
}
# Key of a tab, its name, and the permission that opens it; None = whoever may know of the patient.
TABS: tuple[tuple[str, Promise, Permission | None], ...] = (
    ("summary", _("Summary"), None),
    ("timeline", _("Timeline"), Permission.CLINICAL_READ),
    ("clinical", _("Clinical"), Permission.CLINICAL_READ),
    ("notes", _("Notes"), Permission.CLINICAL_READ),
    ("documents", _("Documents"), Permission.CLINICAL_READ),
    ("billing", _("Billing"), Permission.BILLING_READ),
    ("contacts", _("Contacts"), Permission.DEMOGRAPHICS_READ),
    ("access", _("Access"), None),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A patient, who reads, and whether the reader's second factor is fresh."""

    patient: Patient
    reader: User
    is_fresh: bool

    def decision(self, permission: Permission) -> Decision:
        """Return the decision on this patient for the purpose in force."""
        return decide(self.reader, permission, self.patient.pk, context.current().purpose)

    def may(self, *permissions: Permission) -> bool:
        """Tell whether one of these permissions is open now."""
        made = map(self.decision, permissions)
        return any(one.allowed or (one.step_up and self.is_fresh) for one in made)

    @property
    def is_masked(self) -> bool:
        """Tell whether the person is shown without the name."""
        return not self.may(Permission.DEMOGRAPHICS_READ)

    @property
    def sees_restricted(self) -> bool:
        """Tell whether specially protected entries are open."""
        return self.may(Permission.RESTRICTED_READ)

    def url(self, tab: str) -> str:
        """Return the address of a tab."""
        name = "patient" if tab == "summary" else tab
        return reverse(f"patients:{name}", args=[self.patient.pk])


def find(reader: User, patient_id: UUID, *, is_fresh: bool) -> Chart:
    """Return the chart of a patient the reader may know of; raise Patient.DoesNotExist."""
    made = decide(reader, Permission.DEMOGRAPHICS_READ, patient_id, context.current().purpose)
    if made.allowed and made.basis is Basis.BREAK_GLASS:
        # An emergency opens one chart by its address; it stands in no list.
        return Chart(Patient.objects.get(pk=patient_id), reader, is_fresh)
    visible = Patient.objects.visible_to(reader, Category.DEMOGRAPHICS)
    return Chart(visible.get(pk=patient_id), reader, is_fresh)


def frame(chart: Chart, tab: str) -> dict[str, Any]:
    """Return what stands around every tab: the banner, the tabs, the template of the open one."""
    tabs = [
        {"key": key, "label": label, "url": chart.url(key), "active": key == tab}
        for key, label, permission in TABS
        if permission is None or chart.may(permission)
    ]
    # What apps above add stands before the last one, which is about the page itself.
    tabs[-1:-1] = [
        {
            "key": one.key,
            "label": one.label,
            "url": reverse(one.url, args=[chart.patient.pk]),
            "active": one.key == tab,
        }
        for one in added()
        if chart.may(*one.permissions)
    ]
    return {"banner": banner(chart, tab), "tabs": tabs, "panel": f"patients/_{tab}.html"}


def banner(chart: Chart, tab: str = "") -> dict[str, Any]:
    """Return who the patient is, what must never be overlooked, and why the reader sees it."""
    known = allergies.of(chart.patient.pk, chart.sees_restricted) if _is_clinical(chart) else None
    shown: dict[str, Any] = {
        "broken": False,
        "confidentiality": chart.patient.confidentiality,
        "allergies": None if known is None else known.items,
        "no_known_allergies": known is not None and known.is_none_known,
        "basis": _basis(chart, tab),
        "glass": emergency.of_chart(chart.reader, chart.patient.pk),
    }
    try:
        return shown | _person(chart) | _details(chart) | _guardian(chart, tab)
    except SealBroken:
        return shown | {"broken": True}


def _guardian(chart: Chart, tab: str) -> dict[str, Any]:
    """Tell where a minor has no guardian; it is said and blocks nothing, for an emergency may not wait."""
    if tab == "contacts" or chart.is_masked or not guardians.is_missing(chart.patient):
        return {}
    return {"guardian_missing": True, "contacts_url": chart.url("contacts")}


def _is_clinical(chart: Chart) -> bool:
    return chart.may(Permission.CLINICAL_READ)


def _person(chart: Chart) -> dict[str, Any]:
    facts = people.person(chart.patient, is_masked=chart.is_masked)
    number = facts.pop("record_number")
    other = facts.pop("other_name", "")
    return facts | {
        "other_names": [other] if other else [],
        "deceased": bool(chart.patient.deceased),
        "record_number": number
        and {"value": number, "masked": chart.is_masked, "reveal_url": None, "broken": False},
    }


def _details(chart: Chart) -> dict[str, Any]:
    if chart.is_masked:
        return {}
    try:
        died_at, language = chart.patient.deceased_at, chart.patient.language
    except SealBroken:
        return {"language": gettext("Unavailable")}
    return {"deceased_at": wording.day(died_at), "language": wording.language(language)}


def _basis(chart: Chart, tab: str) -> dict[str, str] | None:
    made = chart.decision(Permission.DEMOGRAPHICS_READ)
    if not made.is_reachable:
        made = chart.decision(Permission.DEMOGRAPHICS_READ_MASKED)
    if made.basis is None:
        return None
    # The red banner of an emergency counts the minutes itself.
    until = "" if made.basis in (Basis.ROLE, Basis.BREAK_GLASS) else _until(chart)
    url = "" if tab == "access" else chart.url("access")
    return {"text": str(BECAUSE[made.basis]), "until": until, "url": url}


def _until(chart: Chart) -> str:
    """Return the day on which the last relationship ends, or nothing if one of them is open."""
    held = CareRelationship.objects.in_force().filter(
        user_id=chart.reader.pk, patient_id=chart.patient.pk
    )
    ends = list(held.values_list("ends_at", flat=True))
    last = max((end for end in ends if end), default=None) if None not in ends else None
    return wording.day(last)
