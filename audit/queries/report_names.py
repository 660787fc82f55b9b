"""What an audit report and the keys in it are called, in the language in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from audit.periods import WEEKLY, Period
from audit.queries.report_numbers import BACKGROUND, LISTED, UNNAMED
from security.access.purposes import PURPOSE_LABELS
from security.access.registry import Basis
from security.access.roles import ROLES

# What monitoring found no ground for.
UNEXPLAINED = ""


def title(period: Period) -> str:
    """Return the heading of a report."""
    is_week = period.kind == WEEKLY
    if period.until is not None:
        return (
            gettext("Audit report of the running week")
            if is_week
            else gettext("Audit report of the running month")
        )
    return gettext("Weekly audit report") if is_week else gettext("Monthly audit report")


def span(period: Period) -> str:
    """Return from when to when a report goes."""
    days = {
        "first": date_format(period.starts_on, "DATE_FORMAT"),
        "last": date_format(period.last_day, "DATE_FORMAT"),
    }
    if period.until is None:
        return gettext("%(first)s to %(last)s") % days
    at = period.until.astimezone(ZoneInfo(period.zone))
    days["last"] = date_format(at, "DATETIME_FORMAT")
    return gettext("%(first)s to %(last)s, unfinished") % days


def cautions(content: Mapping[str, Any]) -> list[str]:
    """Return what a reader must know of the comparison."""
    since = content["trail_since"]
    if since is None:
        return [gettext("The trail was empty.")]
    if datetime.fromisoformat(since) > datetime.fromisoformat(content["before_starts_at"]):
        at = datetime.fromisoformat(since).astimezone(ZoneInfo(content["zone"]))
        return [
            gettext(
                "The trail begins on %(at)s: the period before is not whole, so the changes say little."
            )
            % {"at": date_format(at, "DATETIME_FORMAT")}
        ]
    return []


def role_words(key: str) -> str:
    """Return a set of roles in words; who holds several is counted under all of them together."""
    kinds = {"system": gettext("The system itself"), "": gettext("No role")}
    if key in kinds or key in {"staff", "visitor"}:
        return kinds.get(key, kinds[""])
    return " + ".join(str(ROLES[one].label) if one in ROLES else one for one in key.split("+"))


def purpose_words(key: str) -> str:
    """Return a purpose in words."""
    labels = {str(purpose): str(label) for purpose, label in PURPOSE_LABELS.items()}
    return labels.get(key, key) or gettext("None stated")


def ground_words(key: str) -> str:
    """Return a ground in words, as others read it of somebody."""
    words = {
        Basis.ROLE: gettext("Reach of the role alone"),
        Basis.TEAM: gettext("Care team"),
        Basis.RESPONSIBLE: gettext("Responsible for the patient"),
        Basis.APPOINTMENT: gettext("Appointment"),
        Basis.REFERRAL: gettext("Referral"),
        Basis.CASE: gettext("Open case"),
        Basis.REQUEST: gettext("Accepted request"),
        Basis.THREAD: gettext("Conversation with the patient"),
        Basis.BREAK_GLASS: gettext("Emergency access"),
        Basis.PROXY: gettext("Represents the person"),
        Basis.SELF: gettext("Own record"),
        Basis.SYSTEM: gettext("The system itself"),
        LISTED: gettext("Lists and searches"),
        BACKGROUND: gettext("Background work"),
        UNNAMED: gettext("No ground named"),
        # As reports of an earlier version call it.
        "unexplained": gettext("No ground named"),
    }
    return words.get(key, key)


def explanation_words(key: str) -> str:
    """Return what explains an access in words, as monitoring found it."""
    words = {
        "care": gettext("Care of the patient"),
        "visit": gettext("Visit"),
        "bill": gettext("Bill"),
        "referral": gettext("Referral"),
        "request": gettext("Accepted request"),
        "work": gettext("Own work on the record"),
        "emergency": gettext("Emergency access"),
        "case": gettext("Open case"),
        "system": gettext("The system itself"),
        "pair": gettext("Working pair"),
        UNEXPLAINED: gettext("Unexplained"),
    }
    return words.get(key, key)


_REFUSALS: dict[str, Callable[[], str]] = {
    "": lambda: gettext("The deed itself refused"),
    "role": lambda: gettext("The role does not include it"),
    "purpose": lambda: gettext("The role does not include the purpose"),
    "reach": lambda: gettext("The patient is out of reach"),
    "account": lambda: gettext("The account is disabled or over"),
    "clearance": lambda: gettext("A clearance is missing"),
    "confidential_chart": lambda: gettext("The chart is confidential"),
    "merged_record": lambda: gettext("The record was merged"),
    "own_record": lambda: gettext("The own record, or close family's"),
    "case_approval": lambda: gettext("A second officer has not agreed"),
    "consent": lambda: gettext("The person did not allow it, or objected"),
    "restriction": lambda: gettext("The use of the data is restricted"),
}


def refusal_words(key: str) -> str:
    """Return the rule that refused in words, its key where it is of another version."""
    return _REFUSALS[key]() if key in _REFUSALS else key
