"""Until when a person's data are kept: the longest of all rules that apply, with the rule that says so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from consent import periods
from consent.models import RetentionRule
from consent.queries.retention_facts import Facts
from security.classification import Scope
from security.models import ClinicProfile

Kind, Anchor = RetentionRule.Kind, RetentionRule.Anchor
RECORD_SCOPES = (Scope.RECORD, Scope.RESTRICTED)
# Which key scopes a kind of record lies in.
SCOPES: Mapping[str, tuple[Scope, ...]] = {
    Kind.OUTPATIENT: RECORD_SCOPES,
    Kind.INPATIENT: RECORD_SCOPES,
    Kind.PRESCRIPTION: RECORD_SCOPES,
    Kind.DISCLOSURE: (Scope.RECORD,),
    Kind.BILL: (Scope.BILLING,),
    Kind.MESSAGE: (Scope.ENGAGEMENT,),
    Kind.CONSENT: (Scope.CONSENT,),
    Kind.REQUEST: (Scope.CONSENT,),
    Kind.STAFF: (Scope.RECORD,),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Until when something is kept and by which rule; no day: its time has not begun to run."""

    until: date | None
    rule: RetentionRule

    def is_over(self, today: date) -> bool:
        """Tell whether it may go."""
        return self.until is not None and self.until <= today


def rules() -> list[RetentionRule]:
    """Return every rule: what officers set, else what was shipped."""
    stored = {rule.key: rule for rule in RetentionRule.objects.all()}
    shipped = [
        stored.pop(one.key) if one.key in stored else _unsaved(one) for one in periods.SHIPPED
    ]
    return [*shipped, *sorted(stored.values(), key=lambda rule: rule.key)]


def _unsaved(one: periods.Shipped) -> RetentionRule:
    names = ("key", "kind", "law", "anchor", "months", "days", "minor_months", "article")
    return RetentionRule(**{name: getattr(one, name) for name in names})


def rule(key: str) -> RetentionRule:
    """Return one rule; raise RetentionRule.DoesNotExist."""
    for one in rules():
        if one.key == key:
            return one
    raise RetentionRule.DoesNotExist(key)


def laws() -> list[str]:
    """Return the laws of the clinic; all of them where it did not say."""
    profile = ClinicProfile.objects.first()
    return list(profile.laws) if profile and profile.laws else list(ClinicProfile.Law.values)


def applying() -> list[RetentionRule]:
    """Return the rules that are on and whose law is the clinic's."""
    ours = {"", *laws()}
    return [one for one in rules() if one.is_on and one.law in ours]


def by_scope(facts: Facts, applied: Collection[RetentionRule]) -> dict[str, Kept]:
    """Return for each scope until when it is kept; a scope that no rule keeps is not there."""
    found: dict[str, Kept] = {}
    for one in applied:
        if one.kind not in facts.kinds:
            continue
        kept = Kept(until(one, facts), one)
        for scope in SCOPES.get(one.kind, ()):
            if scope not in found or _is_longer(kept, found[scope]):
                found[str(scope)] = kept
    return found


def _is_longer(one: Kept, other: Kept) -> bool:
    if one.until is None or other.until is None:
        return one.until is None and other.until is not None
    return one.until > other.until


def until(rule_: RetentionRule, facts: Facts) -> date | None:
    """Return the day from which a rule keeps a kind of record no more; None while its time does not run."""
    if rule_.kind in facts.open_kinds:
        return None
    start = facts.death if rule_.anchor == Anchor.DEATH else facts.kinds[rule_.kind]
    if start is None:
        return None
    end = periods.later(start, rule_.months) + timedelta(days=rule_.days)
    if rule_.minor_months is not None and facts.birth and periods.of_age(facts.birth) > start:
        end = max(end, periods.later(periods.of_age(facts.birth), rule_.minor_months))
    return end


def shortest(applied: Iterable[RetentionRule]) -> int:
    """Return the fewest months after which anything of a patient's record, bills or messages may be due."""
    asked = (Kind.OUTPATIENT, Kind.INPATIENT, Kind.BILL, Kind.MESSAGE)
    return min((one.months for one in applied if one.kind in asked), default=0)


def of_patients(patient_facts: Mapping[UUID, Facts]) -> dict[UUID, dict[str, Kept]]:
    """Return for each patient and scope until when it is kept."""
    applied = applying()
    return {one: by_scope(facts, applied) for one, facts in patient_facts.items()}
