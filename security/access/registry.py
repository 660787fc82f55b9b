"""The two registries of rules: reach rules may grant and name a basis, restrictions may only refuse.

A rule is set-based: it takes many patients and answers with a constant number of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from security.access.categories import Reach
from security.access.permissions import Permission
from security.classification import Category


class Basis(StrEnum):
    """On what ground somebody reaches a record."""

    ROLE = "role"
    TEAM = "team"
    RESPONSIBLE = "responsible"
    APPOINTMENT = "appointment"
    REFERRAL = "referral"
    CASE = "case"
    REQUEST = "request"
    THREAD = "thread"
    BREAK_GLASS = "break_glass"
    PROXY = "proxy"
    SELF = "self"
    SYSTEM = "system"

    @property
    def label(self) -> Promise:
        """Return the ground in words."""
        return BASIS_LABELS[self]


BASIS_LABELS: dict[Basis, Promise] = {
    Basis.ROLE: _("your role"),
    Basis.TEAM: _("your care team"),
    Basis.RESPONSIBLE: _("you are responsible for this patient"),
    Basis.APPOINTMENT: _("an appointment"),
    Basis.REFERRAL: _("a referral"),
    Basis.CASE: _("an open case"),
    Basis.REQUEST: _("an accepted request"),
    Basis.THREAD: _("a conversation with this patient"),
    Basis.BREAK_GLASS: _("emergency access"),
    Basis.PROXY: _("you represent this person"),
    Basis.SELF: _("it is your own record"),
    Basis.SYSTEM: _("the system itself"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a rule refuses; a fresh second factor (`step_up`) or emergency access (`glass`) may lift it.

    `source` is the row that says so: what a person said, or what was decided about the data.
    """

    reason: Promise | str
    step_up: bool = False
    glass: bool = False
    source: UUID | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """What a rule that refuses otherwise lets somebody through on; it grants nothing by itself."""

    source: UUID


Ask = Callable[[Any, Permission, Sequence[UUID], str, datetime], Mapping[UUID, Any]]


# For which actor and category of data, at which instant; None where the rule has nothing to do with it.
Within = Callable[[Any, Category, datetime], Q | None]


@dataclass(frozen=True, slots=True)
class ReachRule:
    """A rule that may grant, for the reaches it serves.

    A rule of an app above patients says whom it grants as a condition on patients too, so that lists agree.
    """

    name: str
    serves: frozenset[Reach]
    ask: Ask
    within: Within | None = None


# For which actor, permission and purpose of use, at which instant.
Narrow = Callable[[Any, Permission, str, datetime], Q]


@dataclass(frozen=True, slots=True)
class Restriction:
    """A rule that may refuse or ask for a fresh factor.

    A rule that refuses for good also says so as a condition on patients, so that lists leave them out;
    one that only asks for a fresh factor or for emergency access has none. A rule about the person
    (`is_personal`) is asked whether the role reaches the patient or not, so that its reason is told.
    """

    name: str
    ask: Ask
    narrow: Narrow | None = None
    is_personal: bool = False


# Who says under whom a patient's record is kept now.
Heir = Callable[[UUID], UUID | None]
heirs: list[Heir] = []


def heir(find: Heir) -> Heir:
    """Register what tells which record took a patient's place; it is decided about anew."""
    heirs.append(find)
    return find


def heir_of(patient: UUID) -> UUID | None:
    """Return the patient under whom a record is kept now, or None where it is in its place."""
    return next((found for find in heirs if (found := find(patient)) is not None), None)


reach_rules: dict[str, ReachRule] = {}
restrictions: dict[str, Restriction] = {}


def reach(name: str, *, serves: set[Reach], within: Within | None = None) -> Callable[[Ask], Ask]:
    """Register a reach rule: patients -> {patient: Basis}."""

    def register(ask: Ask) -> Ask:
        reach_rules[name] = ReachRule(name, frozenset(serves), ask, within)
        return ask

    return register


def restriction(
    name: str, *, narrow: Narrow | None = None, is_personal: bool = False
) -> Callable[[Ask], Ask]:
    """Register a restriction: patients -> {patient: Refusal}, or the Leave on which it does not refuse."""

    def register(ask: Ask) -> Ask:
        restrictions[name] = Restriction(name, ask, narrow, is_personal)
        return ask

    return register


def load() -> None:
    """Import every app's rules and stop unless they are exactly the ones that the settings name."""
    autodiscover_modules("rules")
    found = {"reach": set(reach_rules), "restriction": set(restrictions)}
    expected = {kind: set(names) for kind, names in settings.ACCESS_RULES.items()}
    if found != expected:
        raise ImproperlyConfigured(
            f"access rules registered {found}, settings.ACCESS_RULES names {expected}"
        )
