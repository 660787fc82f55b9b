"""Doing an erasure: the ledger first, the keys next, then step by step what they sealed.

Each step is one transaction and may be done twice. What was interrupted goes on where it was; an intent in
the ledger whose work never began is begun by the next run, as its row still says that it was approved. After
a restore the ledger alone is enough to do it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.models import Erasure, ProcessingRestriction, ScopeOutcome
from consent.queries import erasure_plans
from consent.queries.erasure_plans import ERASE, STORE, Plan
from consent.services import certificates, copies, erasures, holds, restrictions
from patients.models import Patient
from patients.services import erasures as records
from security import trail
from security.backups import erasures as ledger
from security.classification import Scope, SubjectKind
from security.models import User
from security.services import accounts, data_keys

State = Erasure.State
# Work that nobody moved for so long has lost its process.
STALLED = timedelta(minutes=5)


Done = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done, as the ledger says it: enough to do it in a database that never heard of it."""

    erasure_id: UUID
    number: str
    subjects: list[UUID]
    kind: SubjectKind
    scopes: list[Plan]
    is_loose: bool
    approved_by: list[UUID]

    def of(self, action: str) -> list[Plan]:
        """Return the scopes with one fate."""
        return [one for one in self.scopes if one["action"] == action]

    @property
    def erased(self) -> list[str]:
        """Return the scopes that go."""
        return [one["scope"] for one in self.of(ERASE)]

    def said(self) -> dict[str, Any]:
        """Return it as a line of the ledger."""
        names = ("scope", "action", "until", "rule", "article")
        fates = [one for one in self.scopes if one["action"] in {ERASE, STORE}]
        return {
            "certificate": self.number,
            "subjects": [str(one) for one in self.subjects],
            "subject_of": str(self.kind),
            "scopes": [{name: one[name] for name in names} for one in fates],
            "loose": self.is_loose,
            "approved_by": [str(one) for one in self.approved_by],
        }


def work_of(row: Erasure) -> Work:
    """Return what an erasure is to do."""
    approved = row.approvals.order_by("approved_at").values_list("approved_by_id", flat=True)
    subjects = [UUID(one) for one in row.plan["subjects"]]
    return Work(
        row.pk, row.number, subjects, SubjectKind(row.subject_of), row.plan["scopes"],
        bool(row.plan["loose"]), list(approved),
    )  # fmt: skip


def steps(work: Work) -> list[str]:
    """Return the steps of an erasure, in their order."""
    if work.kind == SubjectKind.USER:
        return ["account", "outcome"]
    found = ["keys", "copies"] if work.erased else ["keys"]
    if work.is_loose:
        found += ["loose", "accounts"]
    for scope in work.erased:
        found.append(f"index:{scope}")
        found += [f"rows:{scope}:{model}" for model in records.steps(scope, work.subjects)]
    if Scope.RECORD in work.erased:
        found.append("stub")
    return [*found, "outcome"]


def do(work: Work, step: str) -> Done:
    """Do one step; return how many rows and files went."""
    name, _colon, rest = step.partition(":")
    return DOING[name](work, rest)


def _keys(work: Work, _rest: str) -> Done:
    with transaction.atomic():
        records.lock(patient_ids=work.subjects)
        ids = data_keys.destroy(
            subject_ids=work.subjects, kind=work.kind, scopes=work.erased, by=None
        )
    return len(ids), 0


def _copies(work: Work, _rest: str) -> Done:
    """End archives that wait to be fetched: they hold what was just erased."""
    return copies.end_of(subject_ids=work.subjects), 0


def _loose(work: Work, _rest: str) -> Done:
    return records.erase_loose(patient_ids=work.subjects), 0


def _accounts(work: Work, _rest: str) -> Done:
    return records.close_accounts(patient_ids=work.subjects, by=None), 0


def _index(work: Work, scope: str) -> Done:
    return records.erase_index(scope=scope, patient_ids=work.subjects), 0


def _rows(work: Work, rest: str) -> Done:
    scope, _colon, model = rest.partition(":")
    return records.erase_step(scope=scope, model=model, patient_ids=work.subjects)


def _stub(work: Work, _rest: str) -> Done:
    return records.leave_stub(patient_ids=work.subjects), 0


def _account(work: Work, _rest: str) -> Done:
    # A database from before the account knows nothing of it.
    known = User.objects.filter(pk__in=work.subjects).values_list("pk", flat=True)
    for user_id in known:
        accounts.erase(user_id=user_id, by=None)
    return len(known), 0


@transaction.atomic
def _outcome(work: Work, _rest: str) -> Done:
    """Note what became of each scope; what is only stored is closed to general use."""
    is_patient = work.kind == SubjectKind.PATIENT
    here = Patient._base_manager.filter(pk__in=work.subjects).values_list("pk", flat=True)
    changed: list[Any] = []
    for subject in sorted(here) if is_patient else work.subjects:
        for one in [*work.of(ERASE), *work.of(STORE)]:
            is_main = is_patient and subject == work.subjects[0]
            changed.append(_noted(work, subject, one, is_main=is_main))
    trail.record(
        "consent.erasure.noted", subjects=work.subjects, changed=changed, fields=[work.number]
    )
    return 0, 0


def _noted(work: Work, subject: UUID, one: Plan, *, is_main: bool) -> ScopeOutcome:
    rows = ScopeOutcome.objects.select_for_update(of=("self",))
    row = rows.filter(subject_id=subject, key_scope=one["scope"]).first()
    row = row or ScopeOutcome(subject_id=subject, key_scope=one["scope"])
    is_stored = one["action"] == STORE
    row.patient_id = subject if work.kind == SubjectKind.PATIENT else None
    row.outcome = ScopeOutcome.Outcome.STORED if is_stored else ScopeOutcome.Outcome.ERASED
    row.decided_at, row.erasure_id, row.number = timezone.now(), work.erasure_id, work.number
    row.approved_by, row.rule_key, row.article = work.approved_by, one["rule"], one["article"]
    row.until_on = date.fromisoformat(one["until"]) if is_stored and one["until"] else None
    if is_main:
        if not is_stored:
            _open_again(row)
        row.restriction = _closed(row) if is_stored else None
    row.save()
    return row


def _closed(row: ScopeOutcome) -> ProcessingRestriction | None:
    """Return what closes a scope that is stored only; one that holds already is not set twice."""
    if row.restriction is not None and row.restriction.ends_at is None:
        return row.restriction
    kind, categories = (
        ProcessingRestriction.Kind.STORAGE,
        erasure_plans.CATEGORIES[row.key_scope],
    )
    named = sorted(str(one) for one in categories)
    before = ProcessingRestriction.objects.in_force().filter(
        patient_id=row.subject_id, kind=kind, categories=named
    )
    if (closed := before.first()) is not None:
        return closed
    reason = _("Stored only until %(day)s (%(article)s); %(number)s.")
    return restrictions.restrict(
        patient_id=row.subject_id,
        kind=kind,
        reason=reason % {"day": row.until_on, "article": row.article, "number": row.number},
        categories=categories,
        by=None,
    )


def _open_again(row: ScopeOutcome) -> None:
    """Lift what closed a scope before: there is nothing in it any more."""
    if row.restriction is not None and row.restriction.ends_at is None:
        restrictions.lift(restriction_id=row.restriction.pk, by=None)


DOING: dict[str, Callable[[Work, str], Done]] = {
    "keys": _keys,
    "copies": _copies,
    "loose": _loose,
    "accounts": _accounts,
    "index": _index,
    "rows": _rows,
    "stub": _stub,
    "account": _account,
    "outcome": _outcome,
}


@transaction.atomic
def take() -> Erasure | None:
    """Take up one erasure that is agreed to or lost its process, and lock others out of it for a while."""
    now = timezone.now()
    is_lost = Q(state=State.RUNNING) & (Q(moved_at=None) | Q(moved_at__lt=now - STALLED))
    rows = Erasure.objects.select_for_update(of=("self",), skip_locked=True)
    free = rows.filter(Q(state=State.APPROVED) | is_lost)
    row: Erasure | None = free.order_by("planned_at", "pk").first()
    if row is not None and row.state == State.RUNNING:
        Erasure.objects.filter(pk=row.pk).update(moved_at=now)
    return row


def work(row: Erasure) -> Erasure:
    """Do an erasure from where it is; stop between two steps when somebody asks."""
    if row.state == State.APPROVED and not begin(row):
        return erasures_row(row)
    row = erasures_row(row)
    todo = work_of(row)
    for number, step in enumerate(steps(todo)[row.steps_done :], start=row.steps_done + 1):
        if step == "keys":
            if not _destroyed(row, todo, number):
                # An intent of which nothing was done is not done after a restore either.
                certificates.settle()
                return erasures_row(row)
        elif not _moved(row, step, number, do(todo, step)):
            return erasures_row(row)
    # What somebody was still writing while the keys went.
    for step in steps(todo):
        if step.startswith("rows:"):
            do(todo, step)
    return certificates.finish(erasure_id=row.pk)


def erasures_row(row: Erasure) -> Erasure:
    """Return an erasure as it is stored now."""
    found: Erasure = Erasure.objects.get(pk=row.pk)
    return found


@transaction.atomic
def begin(row: Erasure) -> bool:
    """Begin an erasure, its intent in the ledger before anything; give it up where it may not be any more."""
    row = erasures.locked(row.pk)
    if row.state != State.APPROVED:
        return False
    try:
        erasures.require_current(row, row.plan_sha256)
    except (erasures.OnHold, erasures.StalePlan) as refusal:
        erasures.give_up(erasure_id=row.pk, reason=str(refusal.reason), by=None)
        return False
    todo = work_of(row)
    ledger.append(ledger.INTENT, erasure=row.pk, **todo.said())
    row.state, row.steps, row.moved_at = State.RUNNING, len(steps(todo)), timezone.now()
    row.advance()
    row.save()
    trail.record("consent.erasure.begun", subjects=todo.subjects, changed=[row], obj=row)
    return True


@transaction.atomic
def _destroyed(row: Erasure, todo: Work, number: int) -> bool:
    """Destroy the keys; not where a hold, a visit or a word to stop came since the work began.

    Noted in the same transaction: work that was interrupted either did this or may still be given up.
    """
    records.lock(patient_ids=todo.subjects)
    holds.in_line()
    row = erasures.locked(row.pk)
    if row.state != State.RUNNING:
        return False
    try:
        erasures.require_current(row, row.plan_sha256)
    except (erasures.OnHold, erasures.StalePlan) as refusal:
        erasures.give_up(erasure_id=row.pk, reason=str(refusal.reason), by=None)
        return False
    if row.is_stop_asked:
        return _stopped(row)
    return _moved(row, "keys", number, do(todo, "keys"))


@transaction.atomic
def _moved(row: Erasure, step: str, number: int, done: Done) -> bool:
    """Note how far the work is; False where it is to stop."""
    row = erasures.locked(row.pk)
    row.step, row.steps_done, row.moved_at = step, number, timezone.now()
    row.rows_done, row.files_done = row.rows_done + done[0], row.files_done + done[1]
    if not row.is_stop_asked or number >= row.steps:
        row.save(update_fields=[*Erasure.Privacy.operational])
        return True
    return _stopped(row)


def _stopped(row: Erasure) -> bool:
    row.state = State.STOPPED
    row.advance()
    row.save()
    subjects = [UUID(one) for one in row.plan["subjects"]]
    trail.record("consent.erasure.stopped", subjects=subjects, changed=[row], obj=row)
    return False


def again(line: ledger.Line) -> int:
    """Do an erasure once more, in a database from before it; return how much was still there."""
    body = line.body
    if body["subject_of"] == SubjectKind.LEAD:
        # Whoever keeps the enquiries does it again.
        return 0
    todo = Work(
        UUID(line.erasure), body["certificate"], line.subjects, SubjectKind(body["subject_of"]),
        body["scopes"], body["loose"], [UUID(one) for one in body["approved_by"]],
    )  # fmt: skip
    found = 0
    for step in steps(todo):
        found += do(todo, step)[0]
    with transaction.atomic():
        trail.record(
            "consent.erasure.replayed",
            subjects=todo.subjects,
            fields=[todo.number],
            counts={"found": found},
        )
    return found


def mend_ledger() -> int:
    """Write lines again that the ledger lost: what was erased stays so after a restore; return how many."""
    lines = ledger.read(ledger.path()) if ledger.path().exists() else []
    told = {UUID(line.erasure) for line in lines if line.kind == ledger.INTENT}
    lost = Erasure.objects.filter(state=State.DONE).exclude(pk__in=told).order_by("ended_at", "pk")
    for row in lost:
        ledger.append(ledger.INTENT, erasure=row.pk, **work_of(row).said())
        ledger.append(ledger.DONE, erasure=row.pk, certificate=row.number)
    return len(lost)


def install() -> None:
    """Tell the restore how an erasure is done again; called once at start-up."""
    ledger.replayer(again)
