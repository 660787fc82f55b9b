"""The entries of the navigation: which pages somebody opens daily, in groups, each for who may open it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.queries import trail
from engagement.queries import areas, work
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission as P
from security.models import User

PATIENTS, RELATIONSHIP, MONEY, WATCH, RUN = (
    _("Patients"), _("Relationship"), _("Data and money"), _("Compliance"), _("Running the clinic"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """One entry: its group, the name of its address, its label and icon, and whom it is for."""

    group: Promise
    name: str
    label: Promise
    icon: str
    permissions: tuple[P, ...]


PLACES = (
    Place(
        PATIENTS,
        "patients:unassigned",
        _("Waiting for a doctor"),
        "user-plus",
        (P.DEMOGRAPHICS_ASSIGN,),
    ),
    Place(
        PATIENTS, "patients:register", _("Register a patient"), "file-plus", (P.IDENTIFIERS_WRITE,)
    ),
    Place(
        PATIENTS, "patients:emergency", _("Emergency access"), "ambulance", (P.CLINICAL_REQUEST,)
    ),
    Place(
        PATIENTS, "patients:requests", _("Requests and referrals"), "send", (P.CLINICAL_REQUEST,)
    ),
    Place(
        PATIENTS,
        "patients:handover",
        _("Handover"),
        "users-group",
        (P.CLINICAL_WRITE, P.DEMOGRAPHICS_ASSIGN),
    ),
    Place(PATIENTS, "patients:teams", _("My teams"), "hierarchy", (P.CLINICAL_REQUEST,)),
    Place(PATIENTS, "audit:to_tell", _("Patients to be told"), "message", (P.DEMOGRAPHICS_ASSIGN,)),
    Place(RELATIONSHIP, "engagement:tasks", _("My tasks"), "list-check", ()),
    Place(RELATIONSHIP, "engagement:day", _("Appointments"), "calendar", (P.APPOINTMENTS_READ,)),
    Place(RELATIONSHIP, "engagement:inbox", _("Messages"), "inbox", (P.MESSAGES_READ,)),
    Place(
        RELATIONSHIP,
        "engagement:leads",
        _("Enquiries"),
        "user-plus",
        (P.CAMPAIGNS_WRITE, P.IDENTIFIERS_WRITE),
    ),
    Place(
        RELATIONSHIP,
        "engagement:campaigns",
        _("Campaigns"),
        "speakerphone",
        (P.CAMPAIGNS_READ, P.CAMPAIGNS_APPROVE),
    ),
    Place(
        RELATIONSHIP,
        "engagement:complaints",
        _("Complaints"),
        "message-circle",
        (P.CAMPAIGNS_WRITE, P.RIGHTS_MANAGE),
    ),
    Place(
        RELATIONSHIP, "engagement:figures", _("Figures"), "chart-bar", (P.APPOINTMENTS_AGGREGATE,)
    ),
    Place(
        RELATIONSHIP,
        "engagement:home",
        _("Engagement"),
        "calendar-event",
        (P.APPOINTMENTS_WRITE, P.CAMPAIGNS_READ),
    ),
    Place(MONEY, "patients:desk", _("Billing desk"), "cash", (P.BILLING_WRITE,)),
    Place(
        MONEY,
        "patients:imports",
        _("Imports"),
        "file-import",
        (P.IDENTIFIERS_WRITE, P.BILLING_WRITE),
    ),
    Place(
        MONEY, "security:exports", _("Exports"), "file-export", (P.EXPORT_REQUEST, P.EXPORT_APPROVE)
    ),
    Place(
        WATCH,
        "consent:home",
        _("Consent and rights"),
        "file-certificate",
        (P.CONSENT_MANAGE, P.RIGHTS_READ, P.RIGHTS_REQUEST),
    ),
    Place(WATCH, "audit:alerts", _("Alerts"), "bell", (P.INCIDENTS_READ,)),
    Place(WATCH, "audit:reviews", _("Access reviews"), "clipboard-check", (P.INCIDENTS_READ,)),
    Place(WATCH, "audit:cases", _("Cases"), "folder", (P.INCIDENTS_READ,)),
    Place(WATCH, "audit:rules", _("Rules"), "adjustments", (P.INCIDENTS_READ,)),
    Place(WATCH, "audit:reports", _("Audit reports"), "chart-bar", (P.INCIDENTS_READ,)),
    Place(WATCH, "audit:trail", _("Audit trail"), "history", ()),
    Place(
        WATCH,
        "audit:ledger",
        _("Ledger"),
        "shield-check",
        (P.INCIDENTS_READ, P.INCIDENTS_READ_MASKED),
    ),
    Place(
        WATCH,
        "security:posture",
        _("Posture"),
        "shield-check",
        (P.ADMINISTRATION_READ, P.INCIDENTS_READ),
    ),
    Place(RUN, "patients:teams", _("Care teams"), "hierarchy", (P.ADMINISTRATION_MANAGE,)),
    Place(RUN, "patients:leaving", _("Leaving colleagues"), "user-off", (P.DEMOGRAPHICS_ASSIGN,)),
    Place(
        RUN,
        "engagement:planning",
        _("Appointment set-up"),
        "calendar-time",
        (P.ADMINISTRATION_MANAGE,),
    ),
    Place(
        RUN,
        "engagement:templates",
        _("Templates of follow-up"),
        "clipboard-list",
        (P.ADMINISTRATION_MANAGE,),
    ),
    Place(RUN, "security:deliveries", _("Outgoing messages"), "send", (P.ADMINISTRATION_READ,)),
    Place(RUN, "security:backups", _("Backups"), "database", (P.ADMINISTRATION_READ,)),
    Place(RUN, "consent:erasures", _("Erasures"), "trash", (P.ADMINISTRATION_MANAGE,)),
    Place(RUN, "admin:index", _("Administration"), "settings", ()),
    Place(RUN, "crm:demo_post", _("Demo post"), "mail", ()),
)


def _is_open(user: User, place: Place) -> bool:
    if place.permissions:
        return any(reach_of_user(user, one) is not Reach.NONE for one in place.permissions)
    return _TOLD[place.name](user)


# For whom no one permission says it.
_TOLD: dict[str, Callable[[User], bool]] = {
    "engagement:tasks": lambda user: bool(areas.of(user)),
    "audit:trail": trail.watches,
    "admin:index": lambda user: user.is_staff,
    "crm:demo_post": lambda _user: settings.DEMO,
}


def entries(request: HttpRequest, user: User, reach: Reach) -> list[dict[str, Any]]:
    """Return what stands in somebody's navigation; the first entry of a group names the group."""
    found: list[tuple[str, str | Promise, str, str]] = [("crm:home", _("Home"), "home", "")]
    if reach is not Reach.NONE:
        whose = _("Patients") if reach is Reach.ALL else _("My patients")
        found = [
            ("crm:home", whose, "users", ""),
            ("crm:search", _("Find a patient"), "search", ""),
        ]
    known = {name for name, _label, _icon, _group in found}
    for place in PLACES:
        if place.name not in known and _is_open(user, place):
            known.add(place.name)
            found.append((place.name, place.label, place.icon, str(place.group)))
    addresses = [(name, reverse(name)) for name, _label, _icon, _group in found]
    current = _current(request, addresses)
    shown, group = [], ""
    for name, label, icon, its_group in found:
        shown.append(
            {
                "url": reverse(name),
                "label": label,
                "icon": icon,
                "group": its_group if its_group != group else "",
                "active": current.get(name, ""),
                "count": work.waits(user) if name == "engagement:tasks" else 0,
            }
        )
        group = its_group
    return shown


def _current(request: HttpRequest, addresses: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return which entry leads to this page, else the nearest part it belongs to, as ARIA says it."""
    here = request.resolver_match.view_name if request.resolver_match else ""
    if any(name == here for name, _url in addresses):
        return {here: "page"}
    parts = [
        (len(url), name) for name, url in addresses if url != "/" and request.path.startswith(url)
    ]
    return {max(parts)[1]: "true"} if parts else {}
