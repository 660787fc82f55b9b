"""Rules about charts: one's own, a colleague's, a watched one, one that nobody works on any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from patients.models import BreakGlass, Encounter, Patient, StaffLink
from patients.monitors.explanations import known
from security import context
from security.monitoring import Access, Batch, Finding, Response, Rule, also, rule
from security.sealing import SealBroken, normalise

DAY, QUARTER = timedelta(days=1), timedelta(days=90)
GLASS = "patients.glass.opened"
# Record numbers are given one after the other; a small step still is a row of neighbours.
STEP = 2


def one_access(one: Access, *, response: Response | None = None) -> Finding:
    """Return a finding about one access, once a day for one person and chart."""
    key = f"{one.actor_id}:{one.subject_id}:{one.at:%Y-%m-%d}"
    return Finding(one.actor_id, one.at, [one.event_id], [one.subject_id], key, 1, response)


def own_links(subjects: set[UUID]) -> dict[UUID, list[StaffLink]]:
    """Return whose own records these are, by record."""
    rows = StaffLink.objects.filter(kind=StaffLink.Kind.SELF, patient_id__in=subjects)
    found: dict[UUID, list[StaffLink]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(row)
    return found


@rule(
    "R3",
    words=_("Own record"),
    why=_("Somebody opened, or tried to open, the own record through the work here."),
    threshold=1,
    window=DAY,
    weight=2.0,
    response=Response.ALERT,
)
def own_record(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find accesses and attempts by the person whose record it is."""
    doubtful = [one for one in batch.events if one.basis or one.outcome == "refused"]
    about = {subject for event in doubtful for subject in event.subjects}
    links = own_links(about) if about else {}
    for event in doubtful:
        for subject in event.subjects if event.actor_kind == "staff" else ():
            if any(_is(link, event.actor_id, event.at) for link in links.get(subject, ())):
                key = f"{event.actor_id}:{subject}:{event.at:%Y-%m-%d}"
                yield Finding(event.actor_id, event.at, [event.id], [subject], key)


def _is(link: StaffLink, actor: UUID | None, at: datetime) -> bool:
    is_in_force = link.starts_at <= at and (link.ends_at is None or link.ends_at > at)
    return link.user_id == actor and is_in_force


@rule(
    "R4",
    words=_("A colleague's record"),
    why=_("The record of a colleague was opened without a part in the care."),
    threshold=1,
    window=DAY,
    weight=1.0,
    response=Response.ALERT,
)
def colleague(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find unexplained accesses to the records of people who work here."""
    links = own_links({one.subject_id for one in batch.unexplained}) if batch.unexplained else {}
    for one in batch.unexplained:
        of_others = [link for link in links.get(one.subject_id, ()) if link.user_id != one.actor_id]
        if any(_is(link, link.user_id, one.at) for link in of_others):
            yield one_access(one)


@rule(
    "R5",
    words=_("Confidential chart"),
    why=_("A confidential chart was opened: every such access is looked at."),
    threshold=1,
    window=DAY,
    weight=1.0,
    response=Response.NOTE,
    is_doubled=False,
)
def confidential(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Note accesses to charts of VIPs and colleagues; alert where nothing but an emergency explains them."""
    subjects = {one.subject_id for one in batch.accesses}
    watched = set(
        Patient.objects.filter(pk__in=subjects)
        .exclude(confidentiality=Patient.Confidentiality.NORMAL)
        .values_list("pk", flat=True)
    )
    for one in batch.accesses:
        if one.subject_id in watched:
            is_doubtful = one.ground in ("", "emergency")
            yield one_access(one, response=Response.ALERT if is_doubtful else None)


@also("R1")
def unexplained_restricted(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Alert at the first unexplained reading of specially protected fields."""
    by_id = {event.id: event for event in batch.events}
    for one in batch.unexplained:
        event = by_id.get(one.event_id)
        if event is not None and any("restricted" in name for name in event.fields):
            yield one_access(one, response=Response.ALERT)


@rule(
    "R7",
    words=_("Nobody's patient any more"),
    why=_(
        "Records of people who died or whose last visit is long over were opened without explanation."
    ),
    threshold=3,
    window=timedelta(days=7),
    weight=0.5,
    response=Response.ALERT,
)
def gone(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find people who open several unexplained charts of the deceased or long discharged within a week."""
    people = {one.actor_id for one in batch.unexplained}
    history = batch.history(people, rule.window, unexplained=True) if people else {}
    many = {
        actor: accesses
        for actor, accesses in history.items()
        if len({one.subject_id for one in accesses}) >= rule.threshold
    }
    over = _over([one for accesses in many.values() for one in accesses]) if many else set()
    for actor, accesses in many.items():
        end = accesses[-1].at
        left = [one for one in accesses if one.request_id in over and one.at > end - rule.window]
        subjects = list(dict.fromkeys(one.subject_id for one in left))
        if left and left[-1].at >= batch.events[0].at and len(subjects) >= rule.threshold:
            key = f"{actor}:{end:%Y-%W}"
            events = [one.event_id for one in left]
            yield Finding(actor, left[-1].at, events, subjects, key, len(subjects))


def _over(accesses: Sequence[Access]) -> set[UUID]:
    """Return the requests that opened a record of somebody who had died or had left long before."""
    subjects = {one.subject_id for one in accesses}
    last = dict(
        Encounter.objects.filter(patient_id__in=subjects, occurred_at__isnull=False)
        .values("patient_id")
        .annotate(last=Max(F("occurred_at")))
        .values_list("patient_id", "last")
    )
    dead = _dead(subjects)
    return {
        one.request_id
        for one in accesses
        if one.subject_id in dead
        or (one.subject_id in last and one.at - last[one.subject_id] > QUARTER)
    }


def _dead(subjects: set[UUID]) -> set[UUID]:
    with context.matching():
        rows = Patient.objects.filter(pk__in=subjects).only("sealed_card")
        return {row.pk for row in rows if _opened(row, "deceased")}


def _opened(row: Patient, field: str) -> object:
    try:
        return getattr(row, field)
    except SealBroken:
        return None


@rule(
    "R12",
    words=_("Numbers in a row"),
    why=_("Records were opened in the order of their numbers, as nobody works."),
    threshold=10,
    window=timedelta(hours=1),
    weight=2.0,
    response=Response.SUSPEND,
)
def in_a_row(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find people who open record after record in the order of the record numbers."""
    people = {one.actor_id for one in batch.accesses}
    many = {
        actor: accesses
        for actor, accesses in batch.history(people, rule.window).items()
        if len({one.subject_id for one in accesses}) >= rule.threshold
    }
    numbers = _numbers({one.subject_id for accesses in many.values() for one in accesses})
    for actor, accesses in many.items():
        # Down the list of the newest patients is how a desk works; what nothing explains is no desk's work.
        doubtful = [one for one in accesses if not one.ground]
        downwards = _row(doubtful, {subject: -number for subject, number in numbers.items()})
        run = max(_row(accesses, numbers), downwards, key=len)
        if len(run) >= rule.threshold and run[-1].at >= batch.events[0].at:
            events, subjects = [one.event_id for one in run], [one.subject_id for one in run]
            key = f"{actor}:{run[-1].at:%Y-%m-%d}"
            yield Finding(actor, run[-1].at, events, subjects, key, len(run))


def _numbers(subjects: set[UUID]) -> dict[UUID, int]:
    """Return the figures of record numbers; opened to compare alone."""
    found: dict[UUID, int] = {}
    with context.matching():
        for row in Patient.objects.filter(pk__in=subjects).only("sealed_card") if subjects else ():
            figures = normalise.digits(str(_opened(row, "record_number") or ""))
            if figures:
                found[row.pk] = int(figures)
    return found


def _row(accesses: Sequence[Access], numbers: dict[UUID, int]) -> list[Access]:
    best: list[Access] = []
    run: list[Access] = []
    for one in accesses:
        number = numbers.get(one.subject_id)
        last = numbers.get(run[-1].subject_id) if run else None
        if number is None or number == last:
            continue
        run = [*run, one] if last is not None and 0 < number - last <= STEP else [one]
        best = run if len(run) > len(best) else best
    return best


@also("R16")
def same_reason_again(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find emergencies with the words of an earlier one of the same person within 30 days."""
    broken = {one.actor_id: one for one in batch.events if one.action == GLASS and one.actor_id}
    if not broken:
        return
    since = batch.events[0].at - timedelta(days=30)
    rows = BreakGlass.objects.filter(user_id__in=broken, starts_at__gt=since).order_by("starts_at")
    seen: dict[tuple[UUID, str], set[UUID]] = {}
    with context.matching():
        for row in rows:
            try:
                words = normalise.text(row.reason)
            except SealBroken:
                continue
            seen.setdefault((row.user_id, words), set()).add(row.patient_id)
    for (actor, _words), subjects in seen.items():
        if len(subjects) > 1:
            event = broken[actor]
            patients = sorted(subjects & known(subjects), key=str)
            key = f"{actor}:reason:{event.at:%Y-%m-%d}"
            yield Finding(actor, event.at, [event.id], patients, key, len(patients))
