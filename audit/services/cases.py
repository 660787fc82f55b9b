"""Cases: opened on a question, they let one officer read the named patients until they are closed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import persons
from audit.models import Alert, Case, CaseSubject, Review
from audit.queries import officers
from security import context, trail
from security.access.gate import Refused
from security.models import User

Kind = Case.Kind
MOST_PATIENTS = 50
# One number for everybody who numbers cases.
LOCK = 0x4355_5374_0006


class OnYourself(Refused):
    """Nobody opens or works on a case on the own doing, the own record or that of close family."""


class NotAnOfficer(Refused):
    """The colleague does not work on cases."""


class NoSuchPatient(Refused):
    """A named patient does not exist."""


class NothingAsked(Refused):
    """A case needs a question, and what it is about."""


class OpenBefore(Refused):
    """There is an open case on this already."""


class Closed(Refused):
    """The case is closed."""


class NothingFound(Refused):
    """A case is closed with an outcome."""


class NotYours(Refused):
    """Only the officer who works on the case asks for more."""


class SecondOfficer(Refused):
    """What is specially protected needs the agreement of a second officer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a case is about: its kind, its question, its patients, what it came from."""

    kind: str
    question: str
    subjects: Sequence[UUID] = field(default_factory=tuple)
    review_id: UUID | None = None
    alert_id: UUID | None = None


@transaction.atomic
def open_case(*, asked: Asked, to: User, by: User) -> Case:
    """Open a case and let its officer in to the named patients; never on oneself, never for oneself."""
    review, alert = _origins(asked)
    if asked.kind not in Kind.values or not asked.question.strip():
        raise NothingAsked(_("Say what the case is to answer."))
    subjects = _patients([*asked.subjects, *_brought_along(asked, review, alert)])
    if not subjects and asked.kind in {Kind.REVIEW, Kind.REQUEST}:
        raise NothingAsked(_("Name the patient whom the case is about."))
    actors = _actors_of(review, alert)
    for user in (by, to):
        _refuse_oneself(user, actors, subjects)
    _refuse_unless_officer(to)
    case = Case(
        kind=asked.kind, number=_number(), review=review, alert=alert,
        opened_by=by, assigned_to=to, question=asked.question.strip(),
    )  # fmt: skip
    case.save()
    named = CaseSubject.objects.bulk_create(
        CaseSubject(case=case, subject_id=one) for one in subjects
    )
    _let_in(to, subjects, by)
    _record("audit.case.opened", case, [*subjects, to.pk], by=by, rows=named)
    return case


def _origins(asked: Asked) -> tuple[Review | None, Alert | None]:
    review = alert = None
    if asked.review_id is not None:
        review = Review.objects.select_for_update(of=("self",)).get(pk=asked.review_id)
    if asked.alert_id is not None:
        alert = Alert.objects.select_for_update(of=("self",)).get(pk=asked.alert_id)
    if (asked.kind == Kind.REVIEW) != (review is not None) or (asked.kind == Kind.ALERT) != (
        alert is not None
    ):
        raise NothingAsked(_("Say which review or alert the case came from."))
    there = Case.objects.open()
    if (review and there.filter(review=review).exists()) or (
        alert and there.filter(alert=alert).exists()
    ):
        raise OpenBefore(_("There is an open case on this already."))
    return review, alert


def _brought_along(asked: Asked, review: Review | None, alert: Alert | None) -> list[UUID]:
    """Return the patient of a review, and of an alert those whom it tells of where none were named."""
    found = [review.subject_id] if review else []
    if alert is not None and not asked.subjects:
        known = persons.register().heirs(alert.subjects)
        found += [one for one in alert.subjects if one in known][:MOST_PATIENTS]
    return found


def _patients(ids: Sequence[UUID]) -> list[UUID]:
    """Return the records where these patients' data are kept now."""
    wanted = list(dict.fromkeys(ids))
    heirs = persons.register().heirs(wanted)
    if len(wanted) > MOST_PATIENTS or any(one not in heirs for one in wanted):
        raise NoSuchPatient(_("One of these patients does not exist."))
    return list(dict.fromkeys(heirs[one] for one in wanted))


def _refuse_oneself(user: User, actors: Collection[UUID | None], subjects: Sequence[UUID]) -> None:
    if user.pk in actors:
        raise OnYourself(_("Nobody opens a case on what he or she did, or works on it."))
    if subjects and persons.register().kept_from([user.pk], list(subjects)):
        raise OnYourself(
            _("This is the own record or that of close family; a colleague looks at it.")
        )


def _refuse_unless_officer(user: User) -> None:
    if not officers.may_review(user):
        raise NotAnOfficer(_("This colleague does not work on cases."))


def _number() -> str:
    year = timezone.localdate().year
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    return f"C-{year}-{Case.objects.filter(number__startswith=f'C-{year}-').count() + 1:04d}"


@transaction.atomic
def name_patient(*, case_id: UUID, subject_id: UUID, by: User) -> CaseSubject:
    """Name one more patient in an open case; its officer reads the record from now on."""
    case = _open(case_id)
    subjects = _patients([subject_id])
    for user in (by, case.assigned_to):
        _refuse_oneself(user, (), subjects)
    if CaseSubject.objects.filter(case=case, subject_id=subjects[0]).exists():
        raise OpenBefore(_("The case names this patient already."))
    row = CaseSubject.objects.create(case=case, subject_id=subjects[0])
    _let_in(case.assigned_to, subjects, by)
    _record("audit.case.patient_named", case, subjects, by=by, rows=[row])
    return row


@transaction.atomic
def assign(*, case_id: UUID, to: User, by: User) -> Case:
    """Give an open case to another officer: the one before loses the access, agreements end with it."""
    case = _open(case_id)
    rows = list(CaseSubject.objects.filter(case=case).select_for_update())
    subjects = [row.subject_id for row in rows]
    for user in (by, to):
        _refuse_oneself(user, _actors(case), subjects)
    _refuse_unless_officer(to)
    before, case.assigned_to = case.assigned_to, to
    _write(case)
    for row in rows:
        row.restricted_asked_at = row.restricted_at = row.restricted_by = None
    CaseSubject.objects.bulk_update(rows, ["restricted_asked_at", "restricted_at", "restricted_by"])
    if before.pk != to.pk:
        _let_out(before, subjects, by)
        _let_in(to, subjects, by)
    _record("audit.case.assigned", case, [*subjects, to.pk], by=by, rows=rows)
    return case


@transaction.atomic
def ask_restricted(*, case_id: UUID, subject_id: UUID, by: User) -> CaseSubject:
    """Ask for what is specially protected of one named patient; a second officer has to agree."""
    case = _open(case_id)
    if case.assigned_to_id != by.pk:
        raise NotYours(_("The officer who works on the case asks for this."))
    row = _named(case, subject_id)
    if row.restricted_at is not None:
        raise OpenBefore(_("This was agreed to before."))
    row.restricted_asked_at = timezone.now()
    row.save(update_fields=["restricted_asked_at"])
    _record("audit.case.restricted_asked", case, [row.subject_id], by=by, rows=[row])
    return row


def _named(case: Case, subject_id: UUID) -> CaseSubject:
    """Lock the row of a named patient; an agreement holds for one record and is not merged away."""
    rows = {
        row.subject_id: row for row in CaseSubject.objects.filter(case=case).select_for_update()
    }
    if subject_id in rows:
        return rows[subject_id]
    if subject_id in persons.register().heirs(list(rows)).values():
        return CaseSubject.objects.create(case=case, subject_id=subject_id)
    raise NoSuchPatient(_("The case does not name this patient."))


@transaction.atomic
def approve_restricted(*, case_id: UUID, subject_id: UUID, by: User) -> CaseSubject:
    """Agree, as a second officer, that what is specially protected is read in this case."""
    case = _open(case_id)
    row = _named(case, subject_id)
    if by.pk in {case.assigned_to_id, case.opened_by_id}:
        raise SecondOfficer(
            _("A second officer has to agree: not who opened the case or works on it.")
        )
    _refuse_unless_officer(by)
    _refuse_oneself(by, _actors(case), [row.subject_id])
    if row.restricted_asked_at is None or row.restricted_at is not None:
        raise SecondOfficer(_("Nothing waits for an agreement here."))
    row.restricted_by, row.restricted_at = by, timezone.now()
    row.save(update_fields=["restricted_by", "restricted_at"])
    _record("audit.case.restricted_approved", case, [row.subject_id], by=by, rows=[row])
    return row


@transaction.atomic
def close(*, case_id: UUID, version: int, outcome: str, by: User) -> Case:
    """Close a case with its outcome; its officer's access to the patients ends in the same moment."""
    case = _open(case_id)
    if case.version != version:
        raise Closed(_("Somebody changed this case meanwhile. Look at it again."))
    if not outcome.strip():
        raise NothingFound(_("Say what came out of the case."))
    subjects = list(case.named.values_list("subject_id", flat=True))
    _refuse_oneself(by, _actors(case), subjects)
    case.outcome = outcome.strip()
    case.closed_at, case.closed_by = timezone.now(), by
    _write(case)
    _let_out(case.assigned_to, subjects, by)
    _record("audit.case.closed", case, subjects, by=by)
    return case


def _actors(case: Case) -> set[UUID | None]:
    return _actors_of(case.review, case.alert)


def _actors_of(review: Review | None, alert: Alert | None) -> set[UUID | None]:
    """Return whose doing is looked at: of an alert on a crowd everybody's in it."""
    found = {one.actor_id for one in (review, alert) if one is not None}
    if alert is not None and alert.actor_id is None:
        found |= set(alert.crowd())
    return found


def _let_in(user: User, subjects: Sequence[UUID], by: User) -> None:
    if subjects:
        persons.register().let_in(user, subjects, by)
    context.current().forget_decisions()


def _let_out(user: User, subjects: Sequence[UUID], by: User) -> None:
    """End an officer's access to these records, wherever they are kept now, but for other open cases."""
    others = CaseSubject.objects.filter(case__in=Case.objects.open().of(user.pk))
    still = _everywhere(list(others.values_list("subject_id", flat=True)))
    leaving = _everywhere(subjects) - still
    if leaving:
        persons.register().let_out(user, sorted(leaving), by)
    context.current().forget_decisions()


def _everywhere(subjects: Sequence[UUID]) -> set[UUID]:
    return {*subjects, *persons.register().heirs(subjects).values()} if subjects else set()


def _open(case_id: UUID) -> Case:
    rows = Case.objects.select_for_update(of=("self",))
    case: Case = rows.select_related("assigned_to", "review", "alert").get(pk=case_id)
    if case.closed_at is not None:
        raise Closed(_("This case is closed."))
    return case


def _write(case: Case) -> None:
    case.advance()
    case.save()


def _record(
    action: str, case: Case, subjects: Sequence[UUID], *, by: User, rows: Sequence[CaseSubject] = ()
) -> None:
    trail.record(action, subjects=subjects, changed=[case, *rows], obj=case, by=by)
