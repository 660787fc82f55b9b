"""What every page shows around its content: navigation, the person, the purpose, the appearance."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.queries import ledger, trail
from crm.demo import staff
from security import context
from security.access.categories import Reach
from security.access.decision import purposes_of, reach_of_user, roles_of
from security.access.gate import is_verified
from security.access.permissions import Permission
from security.access.purposes import Purpose
from security.access.roles import ROLES
from security.models import User
from security.people import called

# Places of the workspace, each for those who hold its permission.
PLACES = (
    (
        Permission.CLINICAL_REQUEST,
        "patients:emergency",
        gettext_lazy("Emergency access"),
        "ambulance",
    ),
    (
        Permission.CLINICAL_REQUEST,
        "patients:requests",
        gettext_lazy("Requests and referrals"),
        "send",
    ),
    (Permission.CLINICAL_WRITE, "patients:handover", gettext_lazy("Handover"), "users-group"),
    (Permission.DEMOGRAPHICS_ASSIGN, "patients:handover", gettext_lazy("Handover"), "users-group"),
    (Permission.CLINICAL_REQUEST, "patients:teams", gettext_lazy("My teams"), "hierarchy"),
    (Permission.ADMINISTRATION_MANAGE, "patients:teams", gettext_lazy("Care teams"), "hierarchy"),
    (Permission.INCIDENTS_READ, "audit:alerts", gettext_lazy("Alerts"), "bell"),
    (Permission.INCIDENTS_READ, "audit:reviews", gettext_lazy("Access reviews"), "clipboard-check"),
    (Permission.INCIDENTS_READ, "audit:cases", gettext_lazy("Cases"), "folder"),
    (Permission.INCIDENTS_READ, "audit:rules", gettext_lazy("Rules"), "adjustments"),
    (
        Permission.DEMOGRAPHICS_ASSIGN,
        "audit:to_tell",
        gettext_lazy("Patients to be told"),
        "message",
    ),
    (Permission.ADMINISTRATION_READ, "security:backups", gettext_lazy("Backups"), "database"),
    (
        Permission.ADMINISTRATION_READ,
        "security:deliveries",
        gettext_lazy("Outgoing messages"),
        "send",
    ),
    (Permission.ADMINISTRATION_READ, "security:posture", gettext_lazy("Posture"), "shield-check"),
    (Permission.INCIDENTS_READ, "security:posture", gettext_lazy("Posture"), "shield-check"),
    (Permission.INCIDENTS_READ, "audit:ledger", gettext_lazy("Ledger"), "shield-check"),
    (Permission.ADMINISTRATION_MANAGE, "consent:erasures", gettext_lazy("Erasures"), "trash"),
    (Permission.INCIDENTS_READ_MASKED, "audit:ledger", gettext_lazy("Ledger"), "shield-check"),
    (Permission.INCIDENTS_READ, "audit:reports", gettext_lazy("Audit reports"), "chart-bar"),
    (
        Permission.APPOINTMENTS_WRITE,
        "engagement:home",
        gettext_lazy("Engagement"),
        "calendar-event",
    ),
    (Permission.CAMPAIGNS_READ, "engagement:home", gettext_lazy("Engagement"), "calendar-event"),
    *(
        (one, "consent:home", gettext_lazy("Consent and rights"), "file-certificate")
        for one in (Permission.CONSENT_MANAGE, Permission.RIGHTS_READ, Permission.RIGHTS_REQUEST)
    ),
)
THEMES = ("light", "dark", "auto")
THEME_COOKIE = "theme"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the frame of a page; of the person only once the gate was passed."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    frame: dict[str, Any] = {
        "theme": theme if theme in THEMES else "auto",
        "languages": [{"code": "en", "label": "English"}, {"code": "zh-hans", "label": "中文"}],
        "demo": settings.DEMO,
        "demo_clinic": _demo_clinic() if settings.DEMO else None,
    }
    here = context.find()
    user = here.actor if here is not None and here.may_open and is_verified(request) else None
    if isinstance(user, User):
        frame |= _person(request, user, here.purpose if here else "")
    return {"shell": frame}


def _demo_clinic() -> dict[str, Any]:
    """Return what a stranger needs to sign in to the demo: it stands in the README as well."""
    roles = {account.role: ROLES[account.role].label for account in staff.ACCOUNTS}
    names = [
        {
            "role": label,
            "names": [account.email for account in staff.ACCOUNTS if account.role == key],
        }
        for key, label in roles.items()
    ]
    return {"accounts": names, "phrase": staff.KNOWN_PHRASE}


def _person(request: HttpRequest, user: User, purpose: str) -> dict[str, Any]:
    purposes = [{"code": str(one), "label": one.label} for one in purposes_of(user)]
    return {
        "user_name": called(user),
        "user_roles": [ROLES[key].label for key in roles_of(user)],
        "purpose": {"code": purpose, "label": Purpose(purpose).label if purpose else ""},
        "purposes": purposes,
        "reach": patients_reach(user).name,
        "nav": _navigation(request, user),
        "alarms": ledger.alarms() if _watches(user) else [],
    }


def _watches(user: User) -> bool:
    """Tell whether a person is told that sealer or worker are silent: officers, auditors, administrators."""
    watching = (Permission.INCIDENTS_READ, Permission.INCIDENTS_READ_MASKED)
    return any(reach_of_user(user, one) is not Reach.NONE for one in watching)


def _navigation(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    entries = []
    reach = patients_reach(user)
    if reach is not Reach.NONE:
        label = _("Patients") if reach is Reach.ALL else _("My patients")
        entries.append(("crm:home", label, "users", "/"))
        entries.append(("crm:search", _("Find a patient"), "search", reverse("crm:search")))
    else:
        entries.append(("crm:home", _("Home"), "home", "/"))
    if reach_of_user(user, Permission.DEMOGRAPHICS_ASSIGN) is not Reach.NONE:
        entries.append(
            (
                "patients:unassigned",
                _("Waiting for a doctor"),
                "user-plus",
                reverse("patients:unassigned"),
            )
        )
        entries.append(
            (
                "patients:leaving",
                _("Leaving colleagues"),
                "user-off",
                reverse("patients:leaving"),
            )
        )
    importing = (Permission.IDENTIFIERS_WRITE, Permission.BILLING_WRITE)
    if any(reach_of_user(user, one) is not Reach.NONE for one in importing):
        entries.append(
            ("patients:imports", _("Imports"), "file-import", reverse("patients:imports"))
        )
    exporting = (Permission.EXPORT_REQUEST, Permission.EXPORT_APPROVE)
    if any(reach_of_user(user, one) is not Reach.NONE for one in exporting):
        entries.append(
            ("security:exports", _("Exports"), "file-export", reverse("security:exports"))
        )
    if reach_of_user(user, Permission.BILLING_WRITE) is not Reach.NONE:
        entries.append(("patients:desk", _("Billing desk"), "cash", reverse("patients:desk")))
    if reach_of_user(user, Permission.IDENTIFIERS_WRITE) is not Reach.NONE:
        url = reverse("patients:register")
        entries.append(("patients:register", _("Register a patient"), "file-plus", url))
    places = {
        name: (name, str(label), icon, reverse(name))
        for permission, name, label, icon in PLACES
        if reach_of_user(user, permission) is not Reach.NONE
    }
    entries += places.values()
    if settings.DEMO:
        entries.append(("crm:demo_post", _("Demo post"), "mail", reverse("crm:demo_post")))
    entries += _watching(user)
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        {"url": url, "label": label, "icon": icon, "active": _current(request, here, name, url)}
        for name, label, icon, url in entries
    ]


def _current(request: HttpRequest, here: str, name: str, url: str) -> str:
    """Return whether an entry leads to this page or to the part it belongs to, as ARIA says it."""
    if here == name:
        return "page"
    return "true" if url != "/" and request.path.startswith(url) else ""


def _watching(user: User) -> list[tuple[str, str, str, str]]:
    entries = []
    if trail.watches(user):
        entries.append(("audit:trail", _("Audit trail"), "history", reverse("audit:trail")))
    if user.is_staff:
        entries.append(("admin:index", _("Administration"), "settings", reverse("admin:index")))
    return entries


def patients_reach(user: User) -> Reach:
    """Return whose names a person may see, in the clear or masked."""
    reading = (Permission.DEMOGRAPHICS_READ, Permission.DEMOGRAPHICS_READ_MASKED)
    return max(reach_of_user(user, one) for one in reading)
