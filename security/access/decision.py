"""The one decision about what an actor may do with a patient's data, for a purpose, now.

Views, admin, exports, search, tasks, downloads and templates ask here and nowhere else. Order: state of
the actor, role and purpose, reach, restrictions; any refusal wins, and a rule that fails is a refusal.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security import context
from security.access import registry
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.purposes import Purpose
from security.access.registry import Basis, Leave, Refusal
from security.access.roles import ROLES, reach_of
from security.models import RoleAssignment, User

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer with its reason: refused for good, until a fresh factor (`step_up`) or emergency access.

    `source` is the row on which it rests, where a rule named one: a consent event, a restriction.
    """

    allowed: bool
    rule: str
    reason: Promise | str
    basis: Basis | None = None
    step_up: bool = False
    glass: bool = False
    source: UUID | None = None

    @property
    def is_reachable(self) -> bool:
        """Tell whether the patient may be known to the actor: allowed, now or after one step more."""
        return self.allowed or self.step_up or self.glass


def roles_of(user: User) -> tuple[str, ...]:
    """Return the keys of the roles a user holds now; a patient's account holds one and no other."""
    if user.kind == User.Kind.PATIENT:
        return ("patient",)
    memo = _memo()
    known: tuple[str, ...] | None = memo.get(("roles", user.pk))
    if known is None:
        held = (
            RoleAssignment.objects.in_force().filter(user_id=user.pk).values_list("role", flat=True)
        )
        known = memo["roles", user.pk] = tuple(sorted(set(held) & set(ROLES)))
    return known


def reach_of_user(user: User, permission: Permission, purpose: str = "") -> Reach:
    """Return how far a user's roles carry a permission, before any rule about one patient.

    With a purpose only the roles that have it count: one role's reach is not lent to another's purpose.
    """
    if actor_refusal(user):
        return Reach.NONE
    return reach_of(roles_for(user, purpose) if purpose else roles_of(user), permission)


def roles_for(user: User, purpose: str) -> list[str]:
    """Return the roles a user holds that have a purpose."""
    return [key for key in roles_of(user) if purpose in ROLES[key].purposes]


def purposes_of(user: User) -> list[Purpose]:
    """Return the purposes a user may state, the usual one first."""
    return list(dict.fromkeys(purpose for key in roles_of(user) for purpose in ROLES[key].purposes))


def stated_purpose(user: User) -> str:
    """Return the purpose that this user states now, "" where somebody else acts."""
    here = context.find()
    acts = here is not None and getattr(here.actor, "pk", None) == user.pk
    return here.purpose if here is not None and acts else ""


def purpose_about(user: User, patient: UUID, stated: str) -> str:
    """Return the purpose of work on one chart: emergency treatment where this session broke its glass."""
    rule = registry.reach_rules.get("break_glass")
    if rule is None or Purpose.ETREAT not in purposes_of(user):
        return stated
    purpose = str(Purpose.ETREAT)
    broken = _ask(rule, user, Permission.DEMOGRAPHICS_READ, [patient], purpose, timezone.now())
    return purpose if patient in broken else stated


def actor_refusal(user: User, now: datetime | None = None) -> Promise | None:
    """Return why an account may do nothing at all, or None."""
    if not user.is_active:
        return _("This account is disabled.")
    if user.ends_on and user.ends_on < timezone.localdate(now):
        return _("This account has ended.")
    return None


def decide(actor: User, permission: Permission, patient: UUID, purpose: str) -> Decision:
    """Decide about one patient."""
    return decide_many(actor, permission, [patient], purpose)[patient]


def decide_many(
    actor: User,
    permission: Permission,
    patients: Iterable[UUID],
    purpose: str,
    *,
    now: datetime | None = None,
) -> dict[UUID, Decision]:
    """Decide about many patients with a constant number of queries; every id gets an answer."""
    ids = list(dict.fromkeys(patients))
    memo = _memo()
    unknown = [one for one in ids if (actor.pk, permission, one, purpose, now) not in memo]
    if unknown:
        for one, decision in _decide(
            actor, permission, unknown, purpose, now or timezone.now()
        ).items():
            memo[actor.pk, permission, one, purpose, now] = decision
    return {one: memo[actor.pk, permission, one, purpose, now] for one in ids}


def _memo() -> dict[Any, Any]:
    here = context.find()
    return {} if here is None else here.decisions


def _decide(
    actor: User, permission: Permission, ids: list[UUID], purpose: str, now: datetime
) -> dict[UUID, Decision]:
    state = actor_refusal(actor, now)
    if state is not None:
        return dict.fromkeys(ids, Decision(False, "account", state))
    if reach_of(roles_of(actor), permission) is Reach.NONE:
        return dict.fromkeys(ids, Decision(False, "role", _("Your role does not include this.")))
    reach = reach_of(roles_for(actor, purpose), permission)
    if reach is Reach.NONE:
        return dict.fromkeys(
            ids, Decision(False, "purpose", _("Your role does not include this purpose."))
        )
    granted = _granted(actor, permission, ids, purpose, now, reach)
    decisions = {
        one: Decision(True, *granted[one])
        if one in granted
        else Decision(False, "reach", OUT_OF_REACH)
        for one in ids
    }
    refused, leaves = _refused(actor, permission, ids, list(granted), purpose, now)
    for one in leaves.keys() & granted.keys():
        decisions[one] = replace(decisions[one], source=leaves[one])
    # What one step more opens is opened on the ground that the reach rule named.
    return decisions | {
        one: replace(made, basis=granted[one][2]) if made.is_reachable else made
        for one, made in refused.items()
    }


OUT_OF_REACH = _("This patient is not among those your role reaches.")


def _granted(
    actor: User, permission: Permission, ids: list[UUID], purpose: str, now: datetime, reach: Reach
) -> dict[UUID, tuple[str, Promise, Basis]]:
    granted: dict[UUID, tuple[str, Promise, Basis]] = {}
    for rule in registry.reach_rules.values():
        if reach in rule.serves:
            for one, basis in _ask(rule, actor, permission, ids, purpose, now).items():
                granted.setdefault(one, (rule.name, Basis(basis).label, Basis(basis)))
    return granted


def _refused(
    actor: User,
    permission: Permission,
    ids: list[UUID],
    granted: list[UUID],
    purpose: str,
    now: datetime,
) -> tuple[dict[UUID, Decision], dict[UUID, UUID]]:
    """Return what is refused, and on what somebody was let through where a rule names it."""
    refused: dict[UUID, Decision] = {}
    leaves: dict[UUID, UUID] = {}
    for rule in registry.restrictions.values():
        asked = ids if rule.is_personal else granted
        answer = _ask(rule, actor, permission, asked, purpose, now) if asked else {}
        for one, said in answer.items():
            if isinstance(said, Leave):
                leaves[one] = said.source
                continue
            made = _made(rule.name, said)
            if one not in refused or _weight(made) > _weight(refused[one]):
                refused[one] = made
    return refused, leaves


def _made(rule: str, said: Refusal) -> Decision:
    step_up, glass = said.step_up, said.glass
    return Decision(False, rule, said.reason, step_up=step_up, glass=glass, source=said.source)


def _weight(refusal: Decision) -> int:
    """Return how heavy a refusal is: for good, until emergency access, until a fresh factor."""
    return 0 if refusal.step_up else 1 if refusal.glass else 2


def _ask(
    rule: registry.ReachRule | registry.Restriction,
    actor: User,
    permission: Permission,
    ids: list[UUID],
    purpose: str,
    now: datetime,
) -> Mapping[UUID, Any]:
    try:
        return rule.ask(actor, permission, ids, purpose, now)
    except Exception:
        # Fail closed: a reach rule that fails grants nothing, a restriction that fails refuses all.
        log.exception("access rule %s failed", rule.name)
        if isinstance(rule, registry.ReachRule):
            return {}
        return dict.fromkeys(ids, Refusal(_("A rule could not be checked, so access is refused.")))
