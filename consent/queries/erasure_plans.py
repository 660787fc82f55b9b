"""What an erasure would do, worked out from the data, the rules and the holds of this moment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from audit import persons
from consent.models import Erasure
from consent.queries import holds, retention, retention_facts
from consent.queries.retention import Kept
from patients.queries import erasable
from security.classification import Category, Scope, SubjectKind
from security.models import User
from security.sealing import keys

Plan = dict[str, Any]
Origin = Erasure.Origin
FORMAT = 1
ERASE, STORE, IN_USE, KEEP, HOLD = "erase", "store", "in_use", "keep", "hold"
# What may be read of a scope; a scope that is stored only closes them.
CATEGORIES: dict[str, tuple[Category, ...]] = {
    Scope.RECORD: (
        Category.DEMOGRAPHICS,
        Category.IDENTIFIERS,
        Category.APPOINTMENTS,
        Category.CLINICAL,
    ),
    Scope.RESTRICTED: (Category.RESTRICTED,),
    Scope.BILLING: (Category.BILLING, Category.BILL_DIAGNOSIS),
    Scope.ENGAGEMENT: (Category.MESSAGES, Category.CAMPAIGNS),
    Scope.CONSENT: (Category.CONSENT,),
}


def subjects_of(patient_id: UUID) -> list[UUID]:
    """Return one person's records: the one that counts first, then those that were merged into it."""
    heir = persons.register().heirs([patient_id]).get(patient_id, patient_id)
    former = persons.register().former(heir)
    return [heir, *sorted(one for one in former if one != heir)]


def of_patient(patient_id: UUID, origin: str, *, today: date | None = None) -> Plan:
    """Return the plan for a patient: what becomes of each scope, by which rule, and how much it is."""
    subjects = subjects_of(patient_id)
    stopped = holds.stopping(subjects)
    facts = retention_facts.merged(retention_facts.of_patients(subjects).values())
    kept = retention.by_scope(facts, retention.applying())
    known = keys.in_force(subject_ids=subjects, kind=SubjectKind.PATIENT)
    scopes = []
    for scope in Scope:
        counted = erasable.counts(scope, subjects)
        if scope not in known and not any(counted.values()):
            continue
        action = HOLD if stopped else _action(kept.get(scope), origin, today)
        said = _scope(scope, action, kept.get(scope))
        scopes.append(said | {"keys": len(known.get(scope, ()))} | counted)
    return {
        "format": FORMAT,
        "subjects": [str(one) for one in subjects],
        "scopes": scopes,
        "loose": _loose(subjects, scopes, origin, is_held=bool(stopped)),
        "holds": sorted({str(hold.pk) for rows in stopped.values() for hold in rows}),
    }


def _loose(
    subjects: Collection[UUID], scopes: list[Plan], origin: str, *, is_held: bool
) -> dict[str, int]:
    erased = {one["scope"] for one in scopes if one["action"] == ERASE}
    if is_held or (origin == Origin.RETENTION and Scope.RECORD not in erased):
        return {}
    return {
        "drafts": erasable.drafts(subjects).count(),
        "messages": erasable.messages(subjects, waiting=True).count(),
        "accounts": erasable.accounts(subjects).count(),
    }


def of_colleague(user: User, *, today: date | None = None) -> Plan:
    """Return the plan for a colleague's account: personal fields go once its time is over."""
    kept = retention.by_scope(retention_facts.of_colleague(user), retention.applying())
    # A till that a clerk counted is sealed by the clerk's own key: the longer time counts.
    longest = [kept[one] for one in (Scope.RECORD, Scope.BILLING) if one in kept]
    last = max(longest, key=lambda one: one.until or date.max, default=None)
    known = keys.in_force(subject_ids=[user.pk], kind=SubjectKind.USER)
    action = KEEP if last is None else _action(last, Origin.RETENTION, today)
    found = sum(len(ids) for ids in known.values())
    said = _scope(Scope.RECORD, action, last)
    none = {"rows": int(bool(found)), "versions": 0, "index": 0, "files": 0}
    scopes = [said | {"keys": found} | none] if found else []
    return {
        "format": FORMAT, "subjects": [str(user.pk)], "scopes": scopes, "loose": {}, "holds": [],
    }  # fmt: skip


def _scope(scope: str, action: str, kept: Kept | None) -> Plan:
    return {
        "scope": str(scope),
        "action": action,
        "until": kept.until.isoformat() if kept and kept.until else None,
        "rule": kept.rule.key if kept else "",
        "article": kept.rule.article if kept else "",
    }


def _action(kept: Kept | None, origin: str, today: date | None) -> str:
    if kept is None:
        # No law keeps it: who asks has it erased; of its own motion the house erases by rules alone.
        return KEEP if origin == Origin.RETENTION else ERASE
    if kept.is_over(today or timezone.localdate()):
        return ERASE
    if origin == Origin.RETENTION:
        return KEEP
    return IN_USE if kept.until is None else STORE


def digest(plan: Plan) -> str:
    """Return SHA-256 of a plan: whoever agrees, agrees to this one."""
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def scopes(plan: Plan, action: str) -> list[Plan]:
    """Return what a plan says of the scopes with one fate."""
    return [one for one in plan["scopes"] if one["action"] == action]


def does_something(plan: Plan) -> bool:
    """Tell whether a plan changes anything."""
    fates = {one["action"] for one in plan["scopes"]}
    return bool(fates & {ERASE, STORE}) or any(plan["loose"].values())


def current(erasure: Erasure) -> Plan:
    """Return the plan as it would be made now."""
    if erasure.subject_of == SubjectKind.USER:
        return of_colleague(User.objects.get(pk=erasure.subject_id))
    return of_patient(erasure.subject_id, erasure.origin)
