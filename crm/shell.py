"""What every page shows around its content: navigation, the person, the purpose, the appearance."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from audit.queries import ledger
from crm import navigation
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
    reach = patients_reach(user)
    purposes = [{"code": str(one), "label": one.label} for one in purposes_of(user)]
    return {
        "user_name": called(user),
        "user_roles": [ROLES[key].label for key in roles_of(user)],
        "purpose": {"code": purpose, "label": Purpose(purpose).label if purpose else ""},
        "purposes": purposes,
        "reach": reach.name,
        "nav": navigation.entries(request, user, reach),
        "alarms": ledger.alarms() if _watches(user) else [],
    }


def _watches(user: User) -> bool:
    """Tell whether a person is told that sealer or worker are silent: officers, auditors, administrators."""
    watching = (Permission.INCIDENTS_READ, Permission.INCIDENTS_READ_MASKED)
    return any(reach_of_user(user, one) is not Reach.NONE for one in watching)


def patients_reach(user: User) -> Reach:
    """Return whose names a person may see, in the clear or masked."""
    reading = (Permission.DEMOGRAPHICS_READ, Permission.DEMOGRAPHICS_READ_MASKED)
    return max(reach_of_user(user, one) for one in reading)
