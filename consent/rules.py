"""Rules of the decision that look at what people allowed, objected to and had restricted.

Both say the same twice: of single patients, and as a condition on patients, so that lists leave out whom the
decision refuses. They look at plain columns alone; what death or age ends is ended by the deeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.models import Consent, ProcessingRestriction, ScopeOutcome
from consent.queries import grants, limits, register
from consent.queries.erasure_plans import CATEGORIES
from consent.queries.limits import DATA, LEFT_OPEN, Kind, Limit
from consent.queries.register import NEVER_WAITS, Known
from consent.queries.standing import ANY, Answer, consented
from patients.models import BreakGlass, CareRelationship
from security import context
from security.access.categories import Action
from security.access.permissions import Permission
from security.access.purposes import Purpose
from security.access.registry import Leave, Refusal, restriction
from security.classification import Category, Scope
from security.models import User

Item = TypeVar("Item")
# The work of the clinic goes on whatever somebody did not allow: care, its bills, the person's own requests.
NEVER_ASKS = frozenset(
    {
        Purpose.TREAT,
        Purpose.ETREAT,
        Purpose.HPAYMT,
        Purpose.PATADMIN,
        Purpose.PATRQT,
        Purpose.HCOMPL,
        Purpose.HSYSADMIN,
    }
)
# Nobody is written to on a ground that stands in no register.
ALWAYS_ASKS = frozenset({Purpose.HMARKT})
ANY_LIMIT = "any limit"
ANY_CLOSED = "anything erased or only stored"
Outcome = ScopeOutcome.Outcome
# What stays open: proof of consent, the rights desk, the trail.
OPEN = {Category.RIGHTS, Category.TRAIL, Category.CONSENT}
UNREGISTERED = Refusal(_("No purpose of the register covers this use of data."))


def _closing(permission: Permission, now: datetime) -> Q:
    category = permission.category
    scopes = [scope for scope, categories in CATEGORIES.items() if category in categories]
    in_force = Q(restriction__ends_at=None) | Q(restriction__ends_at__gt=now)
    stored = Q(outcome=Outcome.STORED, key_scope__in=scopes, restriction__isnull=False) & in_force
    if category in OPEN:
        return stored
    # Who is erased is nobody: nothing of the person is left for anything.
    return stored | Q(outcome=Outcome.ERASED, key_scope=Scope.RECORD)


def _left_out(actor: User, permission: Permission, purpose: str, now: datetime) -> Q:
    if not _any_closed():
        return Q()
    rows = ScopeOutcome.objects.filter(_closing(permission, now), patient_id=OuterRef("pk"))
    return ~Q(Exists(rows))


def _any_closed() -> bool:
    """Tell whether anything of anybody was erased or is only stored."""
    here = context.find()
    memo: dict[Any, Any] = {} if here is None else here.decisions
    if ANY_CLOSED not in memo:
        memo[ANY_CLOSED] = ScopeOutcome.objects.exists()
    return bool(memo[ANY_CLOSED])


@restriction("erasure", narrow=_left_out)
def erasure(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal]:
    """Refuse what was erased, and what is stored only (PIPL 47(2), GDPR 18), and say why."""
    if not _any_closed():
        return {}
    rows = ScopeOutcome.objects.filter(_closing(permission, now), patient_id__in=patients)
    # Erased last, so that of several it is what is told.
    found = list(rows.order_by("-outcome"))
    handles = _handles(found)
    return {
        row.patient_id: Refusal(_sentence(row, handles))
        for row in found
        if row.patient_id is not None
    }


def _handles(rows: Sequence[ScopeOutcome]) -> Mapping[UUID, str]:
    """Return the handles of those who agreed; names stay sealed while a decision is made."""
    ids = {one for row in rows for one in row.approved_by}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "handle")) if ids else {}


def _sentence(row: ScopeOutcome, handles: Mapping[UUID, str]) -> str:
    said = {
        "day": date_format(row.decided_at), "number": row.number, "law": row.article,
        "until": date_format(row.until_on) if row.until_on else "",
        "who": ", ".join(handles[one] for one in row.approved_by if one in handles),
    }  # fmt: skip
    if row.outcome == Outcome.ERASED:
        words = gettext("This record was erased on %(day)s by %(who)s (certificate %(number)s).")
        return words % said
    return (
        gettext("Stored only until %(until)s, because the law wants it kept: %(law)s (%(number)s).")
        % said
    )


def _is_bound(actor: User, permission: Permission, purpose: str) -> bool:
    """Tell whether what a person said about the data binds this access at all."""
    if actor.kind == User.Kind.PATIENT or permission.action is Action.REQUEST:
        return False
    return permission.category in DATA


def _remembered(
    name: str, patients: Iterable[UUID], ask: Callable[[list[UUID]], Mapping[UUID, Item]]
) -> Mapping[UUID, Item]:
    """Return what is known of patients, asked once for each of them until a deed forgets decisions."""
    here = context.find()
    memo: dict[Any, Any] = {} if here is None else here.decisions
    ids = list(patients)
    unknown = [one for one in ids if (name, one) not in memo]
    if unknown:
        memo |= {(name, one): found for one, found in ask(unknown).items()}
    return {one: memo[name, one] for one in ids}


def _limits(patients: Iterable[UUID]) -> Mapping[UUID, list[Limit]]:
    # Asked once: where nothing is restricted, neither decisions nor lists ask more.
    if not _any_limit():
        return {one: [] for one in patients}
    return _remembered("limits", patients, limits.of)


def _any_limit() -> bool:
    """Tell whether anybody's data are restricted at all."""
    here = context.find()
    memo: dict[Any, Any] = {} if here is None else here.decisions
    if ANY_LIMIT not in memo:
        memo[ANY_LIMIT] = ProcessingRestriction.objects.exists()
    return bool(memo[ANY_LIMIT])


def _covering(use: str) -> list[Known]:
    """Return the purposes in use that a use of data belongs to; the register is read once."""
    here = context.find()
    memo: dict[Any, Any] = {} if here is None else here.decisions
    if "purposes" not in memo:
        memo["purposes"] = register.active()
    return [one for one in memo["purposes"] if use in one.uses]


# --- what people allowed --------------------------------------------------------------------


def _asks(actor: User, permission: Permission, purpose: str) -> bool:
    return purpose not in NEVER_ASKS and _is_bound(actor, permission, purpose)


def _who_allowed(actor: User, permission: Permission, purpose: str, now: datetime) -> Q:
    if not _asks(actor, permission, purpose):
        return Q()
    covering = _covering(purpose)
    if not covering:
        return Q(pk__in=[]) if purpose in ALWAYS_ASKS else Q()
    return reduce(or_, (_allowed_by(one, permission, now) for one in covering))


def _allowed_by(known: Known, permission: Permission, now: datetime) -> Q:
    """Return who allowed a purpose, or need not be asked, and did not object to it."""
    allowed = Q(pk__isnull=False)
    if known.needs_consent:
        rows = Consent.objects.in_force(now).filter(purpose_id=known.id, patient_id=OuterRef("pk"))
        allowed &= Q(Exists(rows))
    if known.key not in NEVER_WAITS:
        allowed &= ~limits.held_for(_objections(known, permission, now))
    return allowed


def _objections(known: Known, permission: Permission, now: datetime) -> Any:
    rows = ProcessingRestriction.objects.in_force(now).filter(
        Q(purpose_id=None) | Q(purpose_id=known.id), kind=Kind.OBJECTION
    )
    return rows.filter(_covers(permission))


def _covers(permission: Permission) -> Q:
    return Q(categories=[]) | Q(categories__overlap=sorted(limits.within(permission.category)))


@restriction("consent", narrow=_who_allowed)
def consent(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal | Leave]:
    """Refuse uses that rest on a consent nobody gave, or that somebody objected to; name who allowed them."""
    if not _asks(actor, permission, purpose):
        return {}
    covering = _covering(purpose)
    if not covering:
        return dict.fromkeys(patients, UNREGISTERED) if purpose in ALWAYS_ASKS else {}
    said, held = _said(covering, patients, purpose), _limits(patients)
    category = str(permission.category)
    answers = {
        one: _best(
            consented(known, said[one].get(known.id, ()), held[one], ANY, now, category)
            for known in covering
        )
        for one in patients
    }
    return {one: made for one, answer in answers.items() if (made := _told(answer)) is not None}


def _said(
    covering: Sequence[Known], patients: Iterable[UUID], use: str
) -> Mapping[UUID, Mapping[UUID, list[grants.Grant]]]:
    asked = [known.id for known in covering if known.needs_consent]

    def ask(ids: list[UUID]) -> Mapping[UUID, dict[UUID, list[grants.Grant]]]:
        found: dict[UUID, dict[UUID, list[grants.Grant]]] = {one: {} for one in ids}
        if asked:
            for (patient, purpose_id), rows in grants.of(ids, asked).items():
                found[patient][purpose_id] = rows
        return found

    return _remembered(f"said for {use}", patients, ask)


def _best(answers: Iterable[Answer]) -> Answer:
    """Return the answer that allows; of refusals the one that names who refused."""
    return max(answers, key=lambda one: (one.allowed, one.source is not None))


def _told(answer: Answer) -> Refusal | Leave | None:
    if not answer.allowed:
        return Refusal(answer.reason, source=answer.source)
    return Leave(answer.event_id) if answer.event_id else None


# --- what may not be used -------------------------------------------------------------------


def _unrestricted(actor: User, permission: Permission, purpose: str, now: datetime) -> Q:
    if not _is_bound(actor, permission, purpose) or not _any_limit():
        return Q()
    rows: Any = ProcessingRestriction.objects.in_force(now)
    rows = rows.filter(_covers(permission))
    free = ~Q(Exists(rows.filter(kind=Kind.STORAGE, patient_id=OuterRef("pk"))))
    if purpose in (Purpose.HCOMPL, Purpose.PATRQT):
        free |= Q(pk__in=_in_case(actor, now))
    if purpose in LEFT_OPEN:
        return free
    is_about = Q(purpose_id=None) | Q(purpose__uses__contains=[purpose])
    return free & ~limits.held_for(rows.filter(is_about, kind=Kind.RESTRICTED))


def _in_case(actor: User, now: datetime) -> set[UUID]:
    """Return whom an open case lets this person read."""
    source = CareRelationship.Source.CASE
    rows = CareRelationship.objects.in_force(now).filter(user_id=actor.pk, source=source)
    return set(rows.values_list("patient_id", flat=True))


def _in_emergency(actor: User, now: datetime) -> set[UUID]:
    """Return whose glass this person broke in this session."""
    here = context.find()
    if here is None:
        return set()
    rows = BreakGlass.objects.in_force(now).of(actor, here.session_bond)
    return set(rows.values_list("patient_id", flat=True))


# Named like the rule: the module's own word for it is taken by the decorator.
@restriction("restriction", narrow=_unrestricted)
def unrestricted(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal]:
    """Refuse uses of data that are restricted, and all use of data that are only stored."""
    if not _is_bound(actor, permission, purpose):
        return {}
    category = str(permission.category)
    refused: dict[UUID, Refusal] = {}
    stored: dict[UUID, Refusal] = {}
    for patient, held in _limits(patients).items():
        for one in held:
            if one.holds(now) and one.only_stores(category):
                stored.setdefault(patient, _only_stored(one))
            elif one.holds(now) and one.restricts(category, purpose):
                refused.setdefault(patient, _restricted(one))
    left = _left_open(actor, purpose, now) if stored else set()
    return refused | {one: why for one, why in stored.items() if one not in left}


def _left_open(actor: User, purpose: str, now: datetime) -> set[UUID]:
    """Return whose stored data somebody may use: inside a case, or in an emergency told at once."""
    if purpose in (Purpose.HCOMPL, Purpose.PATRQT):
        return _in_case(actor, now)
    return _in_emergency(actor, now) if purpose == Purpose.ETREAT else set()


def _restricted(limit: Limit) -> Refusal:
    words = {"since": _day(limit.starts_at)}
    reason = gettext(
        "The use of these data is restricted since %(since)s (GDPR 18, PIPL 44). Emergency treatment,"
        " the person's own requests and legal claims go on."
    )
    return Refusal(reason % words, source=limit.id)


def _only_stored(limit: Limit) -> Refusal:
    words = {"since": _day(limit.starts_at), "until": _day(limit.ends_at)}
    reason = (
        gettext(
            "These data are only stored since %(since)s and until %(until)s, because the law keeps them"
            " (PIPL 47, GDPR 17(3)). Nobody uses them meanwhile."
        )
        if limit.ends_at
        else gettext(
            "These data are only stored since %(since)s, because the law keeps them"
            " (PIPL 47, GDPR 17(3)). Nobody uses them meanwhile."
        )
    )
    return Refusal(reason % words, source=limit.id)


def _day(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "DATE_FORMAT") if at else ""
