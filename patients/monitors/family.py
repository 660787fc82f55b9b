"""Rules about families and neighbours: a shared name, phone or address, compared and never told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient, PatientIndex, Relation, StaffLink
from patients.monitors.charts import one_access
from patients.names import is_east_asian
from security import context
from security.models import User
from security.monitoring import Access, Batch, Finding, Response, Rule, rule
from security.sealing import SealBroken, normalise
from security.sealing.index import query_grams, token

# Two-character family names; every other Han name begins with a family name of one.
DOUBLE = {
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "令狐",
    "慕容",
    "司徒",
    "夏侯",
}
# A name that so many of all patients bear says that two are related; a commoner one says less.
RARE = 0.003
LEAST = 0.05
Pair = tuple[UUID, UUID]


@rule(
    "R2",
    words=_("Family"),
    why=_(
        "Somebody with the family name, phone, household or address of the colleague was looked up."
    ),
    threshold=1,
    window=timedelta(days=90),
    weight=1.0,
    response=Response.ALERT,
)
def family(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find unexplained charts of family; a shared name counts by how rare it is."""
    people = {actor for actor, _ in _kin(batch.unexplained)}
    history = batch.history(people, rule.window, unexplained=True) if people else {}
    near = _kin([one for accesses in history.values() for one in accesses])
    for actor, accesses in history.items():
        kin = [one for one in accesses if _pair(one) in near]
        weights = {one.subject_id: near[_pair(one)] for one in kin}
        if kin and sum(weights.values()) >= rule.threshold and kin[-1].at >= batch.events[0].at:
            key = f"{actor}:{kin[-1].at:%Y-%m}"
            events = [one.event_id for one in kin]
            yield Finding(actor, kin[-1].at, events, list(weights), key, len(weights))


def _kin(pairs: Sequence[Access]) -> dict[Pair, float]:
    """Return the pairs that may be family, and how much says so."""
    if not pairs:
        return {}
    near = _household(pairs) | _phones(pairs) | _homes(pairs)["home"]
    return _names(pairs) | dict.fromkeys(near, 1.0)


def _pair(one: Access) -> Pair:
    return one.actor_id, one.subject_id


@rule(
    "R6",
    words=_("Neighbour"),
    why=_(
        "The record of somebody who lives in the colleague's building was opened without explanation."
    ),
    threshold=1,
    window=timedelta(days=1),
    weight=0.5,
    response=Response.ALERT,
)
def neighbour(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find unexplained charts of people in the same building."""
    near = _homes(batch.unexplained)["building"]
    for one in batch.unexplained:
        if _pair(one) in near:
            yield one_access(one)


# --- what is compared -----------------------------------------------------------------------


def _household(pairs: Sequence[Access]) -> set[Pair]:
    """Return the pairs in which the record is noted as that of the colleague's family."""
    own = _own_records(pairs)
    subjects = {one.subject_id for one in pairs}
    linked = set(
        StaffLink.objects.filter(patient_id__in=subjects)
        .exclude(kind=StaffLink.Kind.SELF)
        .values_list("user_id", "patient_id")
    )
    records = set(own.values())
    related = Relation.objects.filter(
        Q(patient_id__in=records, related_id__in=subjects)
        | Q(related_id__in=records, patient_id__in=subjects)
    ).values_list("patient_id", "related_id")
    kin = {pair for one in related for pair in (one, one[::-1])}
    return {
        _pair(one)
        for one in pairs
        if _pair(one) in linked or (own.get(one.actor_id), one.subject_id) in kin
    }


def _own_records(pairs: Sequence[Access]) -> dict[UUID, UUID]:
    people = {one.actor_id for one in pairs}
    rows = StaffLink.objects.filter(user_id__in=people, kind=StaffLink.Kind.SELF)
    return dict(rows.in_force(timezone.now()).values_list("user_id", "patient_id"))


def _phones(pairs: Sequence[Access]) -> set[Pair]:
    """Return the pairs that share a phone number; the keyed hashes are compared and nothing is opened."""
    sql = (
        "SELECT DISTINCT u.row_id, p.row_id FROM security_userindex u"
        " JOIN patients_patientindex p ON p.kind = u.kind AND p.exact = u.exact"
        " WHERE u.kind = 'phone' AND u.row_id = ANY(%s) AND p.row_id = ANY(%s)"
    )
    people, subjects = {one.actor_id for one in pairs}, {one.subject_id for one in pairs}
    if not pairs:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(people), list(subjects)])
        return set(cursor.fetchall())


def _homes(pairs: Sequence[Access]) -> dict[str, set[Pair]]:
    """Return the pairs that live in one home and in one building; addresses are opened to compare alone."""
    own = _own_records(pairs)
    found: dict[str, set[Pair]] = {"home": set(), "building": set()}
    asked = [one for one in pairs if one.actor_id in own]
    wanted = {one.subject_id for one in asked} | {own[one.actor_id] for one in asked}
    with context.matching():
        rows = Patient.objects.filter(pk__in=wanted) if asked else ()
        places = {row.pk: _places(row) for row in rows}
    for one in asked:
        mine, theirs = places.get(own[one.actor_id], set()), places.get(one.subject_id, set())
        if mine & theirs:
            found["home"].add(_pair(one))
        elif {building for _, building in mine} & {building for _, building in theirs}:
            found["building"].add(_pair(one))
    return found


def _places(row: Patient) -> set[tuple[str, str]]:
    """Return home and building of a person: the whole address, and its first line with the city."""
    try:
        addresses: Any = row.addresses
    except SealBroken:
        return set()
    found = set()
    for one in addresses or ():
        lines = [line for line in one.get("line") or () if isinstance(line, str) and line.strip()]
        if lines:
            town = f"{one.get('postalCode') or ''} {one.get('city') or ''}"
            found.add(
                (normalise.text(f"{' '.join(lines)} {town}"), normalise.text(f"{lines[0]} {town}"))
            )
    return found


def _names(pairs: Sequence[Access]) -> dict[Pair, float]:
    """Return the pairs that share a family name, and how much that says.

    The blind index finds who may; the names of those alone are opened, to compare.
    """
    people = {one.actor_id for one in pairs}
    subjects = {one.subject_id for one in pairs}
    with context.matching():
        users = User.objects.filter(pk__in=people).only("sealed_card", "handle") if pairs else ()
        names = {user.pk: family_name_of(_shown(user)) for user in users}
        grams = {name: _tokens(name) for name in set(names.values()) if name}
        tokens = dict(
            PatientIndex.objects.filter(row_id__in=subjects, tokens__isnull=False).values_list(
                "row_id", "tokens"
            )
        )
        may = {
            _pair(one)
            for one in pairs
            if (name := names.get(one.actor_id))
            and grams[name] <= set(tokens.get(one.subject_id) or ())
        }
        rows = Patient.objects.filter(pk__in={subject for _, subject in may}).only("sealed_card")
        bear = {row.pk: _families(row) for row in rows} if may else {}
    same = {pair for pair in may if names[pair[0]] in bear.get(pair[1], set())}
    says = {name: _weight(grams[name]) for name in {names[actor] for actor, _ in same}}
    return {pair: says[names[pair[0]]] for pair in same}


def _tokens(name: str) -> set[int]:
    return {token(kind, gram) for kind, gram in query_grams(name)}


def _weight(tokens: set[int]) -> float:
    """Return how much a shared family name says: all of a rare one, little of one that everybody bears."""
    everybody = PatientIndex.objects.filter(tokens__isnull=False)
    total = everybody.count()
    bearers = everybody.filter(tokens__contains=sorted(tokens)).count()
    # Two are never too many: the colleague's relative and one more.
    share = max(0, bearers - 2) / max(total, 1)
    return 1.0 if share <= RARE else max(LEAST, RARE / share)


def _shown(user: User) -> str:
    try:
        return user.display_name or ""
    except SealBroken:
        return ""


def _families(row: Patient) -> set[str]:
    try:
        names: Any = row.names
    except SealBroken:
        return set()
    found = set()
    for one in names or ():
        family = one.get("family")
        text = (
            family if isinstance(family, str) and family else family_name_of(one.get("text") or "")
        )
        found.add(normalise.latin(text))
    return found - {""}


def family_name_of(shown: str) -> str:
    """Return the family name in a name as it is shown: of Han the first character, else the last word.

    A name in both scripts ("Lin Zhiyuan 林知远") is told by its Han part.
    """
    runs = normalise.han_runs(shown)
    if runs:
        whole = runs[0]
        return whole[:2] if whole[:2] in DOUBLE and len(whole) > 2 else whole[:1]
    words = shown.split()
    return normalise.latin(words[-1]) if words and not is_east_asian(shown) else ""
