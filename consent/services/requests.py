"""Requests of people about their data: received, proved, assigned, extended, answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import persons, working_days
from consent import answers, clocks
from consent.models import RightsLetter, RightsRequest
from consent.queries import askers, calendar, executions, languages
from consent.queries.requests import clocks_of
from consent.services import clock_moves, letters
from consent.services.request_rows import (
    Answered,
    NotAnOfficer,
    OwnRequest,
    SaysNothing,
    TooLong,
    opened,
    record,
    refuse_own,
    refuse_unless_officer,
    short_enough,
    words,
    write,
)
from patients.models import Patient, PortalAccount
from security import context, trail
from security.access.decision import decide
from security.access.gate import Refused
from security.access.permissions import Permission
from security.access.purposes import Purpose
from security.classification import SubjectKind
from security.models import ClinicProfile, User
from security.services import clinics

__all__ = ["Answered", "NotAnOfficer", "OwnRequest", "SaysNothing", "TooLong"]

State, Kind, Way, Capacity = (
    RightsRequest.State,
    RightsRequest.Kind,
    RightsRequest.Way,
    RightsRequest.Capacity,
)
# One number for everybody who numbers requests.
LOCK = 0x4355_5374_0040
# Older is a slip of the finger.
OLDEST = timedelta(days=3653)
ANSWERS = {State.GRANTED, State.PARTLY, State.REFUSED}


class NotInTime(Refused):
    """The day of receipt lies ahead, before the birth, or after the death."""


class NotEntitled(Refused):
    """Who asks may not ask about this person."""


class NoSuchPerson(Refused):
    """There is nobody whom the request could be about."""


class NotAsked(Refused):
    """A request says what kind it is and what is asked."""


class Unproved(Refused):
    """Nothing is given out before it was shown who asks."""


class NoExtension(Refused):
    """The law lets a request be extended once, inside the first period, or not at all."""


class NotCarriedOut(Refused):
    """What is granted was done: by the system, or outside it, and then somebody says so."""


class NoGround(Refused):
    """A refusal names a ground that holds under every law that gives the right."""


class NotARepeat(Refused):
    """A request repeats an earlier one of the same person and kind."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks: the kind, the words, how and when it came in, and as whom."""

    kind: str
    way: str
    asked: str
    received_at: datetime
    capacity: str = Capacity.SELF
    asker: str = ""
    address: str = ""
    # Empty: the person's own.
    language: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request is answered: the outcome, in which words, and a refusal on which ground."""

    state: str
    words: str
    refusal: str = ""
    # Carried out by hand or in another system, of which this one knows nothing.
    is_elsewhere: bool = False


@transaction.atomic
def receive(
    *, asked: Asked, subject_id: UUID, subject_of: str = SubjectKind.PATIENT, by: User
) -> RightsRequest:
    """Note a request, number it, start its clocks and write its acknowledgement."""
    if asked.kind not in Kind.values or asked.way not in Way.values or not asked.asked.strip():
        raise NotAsked(_("Say what is asked for."))
    if asked.received_at > timezone.now():
        raise NotInTime(_("A request cannot have been received in the future."))
    if asked.received_at < timezone.now() - OLDEST:
        raise NotInTime(_("That day lies more than ten years back. Look at the year again."))
    row = RightsRequest(
        number=_number(), kind=asked.kind, way=asked.way, capacity=asked.capacity,
        received_at=asked.received_at, noted_by=by,
        subject_of=subject_of, asked=short_enough(asked.asked.strip()),
        asker=short_enough(asked.asker.strip()), address=short_enough(asked.address.strip()),
    )  # fmt: skip
    if subject_of == SubjectKind.PATIENT:
        _about_patient(row, subject_id)
    else:
        _about_colleague(row, subject_id)
    if by.kind == User.Kind.PATIENT:
        _by_portal(row, by)
    row.language = asked.language or row.language
    clock_moves.set_clocks(row, calendar.here())
    row.save()
    letter = letters.write(row, kind=RightsLetter.Kind.RECEIVED, by=by)
    record("consent.request.received", row, by=by, rows=[letter])
    return row


def _about_patient(row: RightsRequest, patient_id: UUID) -> None:
    place = persons.register().heirs([patient_id]).get(patient_id)
    if place is None:
        raise NoSuchPerson(_("This patient does not exist."))
    row.subject_id = row.patient_id = place
    with context.matching():
        patient = Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=place)
        is_dead, day = askers.died_before(patient, row.received_at), _day(row.received_at)
        if patient.birth_on is not None and day < patient.birth_on:
            raise NotInTime(_("A request cannot have been received before the birth."))
        if is_dead and row.capacity in {Capacity.SELF, Capacity.GUARDIAN}:
            raise NotInTime(
                _("The patient was dead then. A close relative or a representative may ask.")
            )
        row.language = languages.of_patient(patient)
    row.laws = laws(is_dead=is_dead)


def _about_colleague(row: RightsRequest, user_id: UUID) -> None:
    user = User.objects.filter(pk=user_id, kind=User.Kind.STAFF).first()
    if user is None:
        raise NoSuchPerson(_("This colleague does not exist."))
    row.subject_id, row.subject_of = user.pk, SubjectKind.USER
    row.language = languages.of_account(user)
    row.laws = laws()


def _by_portal(row: RightsRequest, by: User) -> None:
    """Let in who signed in as the patient, or as somebody who represents the patient now; nobody else."""
    link = _link(row, by)
    if link is None:
        raise NotEntitled(_("You may not ask about this person."))
    row.capacity, row.way, row.state = link.capacity, Way.PORTAL, State.WORKING
    row.identity_at = timezone.now()
    row.identity_how = "portal"


def _link(row: RightsRequest, by: User) -> PortalAccount | None:
    """Return what opens the record to an account now, where it may ask about the person."""
    if row.patient_id is None:
        return None
    if not decide(by, Permission.RIGHTS_REQUEST, row.patient_id, Purpose.PATRQT).allowed:
        return None
    return PortalAccount.objects.in_force().filter(user=by, patient_id=row.patient_id).first()


def laws(*, is_dead: bool = False) -> list[str]:
    """Return the laws whose clocks run; all of them before the clinic said which. GDPR ends with death."""
    profile = clinics.profile()
    known = list(profile.laws) if profile else list(ClinicProfile.Law.values)
    return [law for law in known if not (is_dead and law == ClinicProfile.Law.GDPR)]


def _day(instant: datetime) -> date:
    return clocks.local_day(instant, working_days.zone())


def _number() -> str:
    year = calendar.today().year
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    count = RightsRequest.objects.filter(number__startswith=f"R-{year}-").count()
    return f"R-{year}-{count + 1:04d}"


@transaction.atomic
def prove_identity(
    *, request_id: UUID, version: int, how: str, shown: str, by: User
) -> RightsRequest:
    """Note how it was shown who asks; refuse who has no authority for this person."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    why_not = askers.objection(row, calendar.today())
    if why_not is not None:
        raise NotEntitled(why_not)
    row.identity_how, row.identity = how, words(shown)
    row.identity_at, row.identity_by, row.state = timezone.now(), by, State.WORKING
    write(row)
    record("consent.request.identity_proved", row, by=by)
    return row


@transaction.atomic
def note_refused(*, request_id: UUID, by: User) -> None:
    """Record that who asks was found to have no authority; the row stays as it was."""
    row = RightsRequest.objects.get(pk=request_id)
    trail.record(
        "consent.request.identity_refused",
        outcome="refused",
        subjects=[row.subject_id],
        obj=row,
        by=by,
    )


@transaction.atomic
def ask_identity(*, request_id: UUID, version: int, by: User) -> RightsRequest:
    """Ask who asks to show it; the clocks run on."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    row.state = State.IDENTITY
    write(row)
    letter = letters.write(row, kind=RightsLetter.Kind.IDENTITY, by=by)
    record("consent.request.identity_asked", row, by=by, rows=[letter])
    return row


@transaction.atomic
def assign(*, request_id: UUID, version: int, to: User, by: User) -> RightsRequest:
    """Give a request to an officer; never to whom it is about, nor to close family."""
    row = opened(request_id, version, by)
    refuse_unless_officer(to)
    refuse_own(row, to)
    row.assigned_to = to
    if row.state == State.RECEIVED and row.identity_at:
        row.state = State.WORKING
    write(row)
    record("consent.request.assigned", row, by=by, others=[to.pk])
    return row


@transaction.atomic
def extend(*, request_id: UUID, version: int, reason: str, by: User) -> RightsRequest:
    """Extend a request once, inside the first period, with a reason in a letter."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    if row.extended_at is not None:
        raise NoExtension(_("This request was extended before; the law knows one extension."))
    here = calendar.here()
    last = clocks.first_period(clocks_of(row, here))
    if last is None:
        raise NoExtension(_("No law that applies lets this request be extended."))
    if here.today > last:
        raise NoExtension(_("The first period is over; an extension had to be told within it."))
    row.extended_at, row.extension = timezone.now(), words(reason)
    clock_moves.set_clocks(row, here)
    write(row)
    letter = letters.write(row, kind=RightsLetter.Kind.EXTENDED, by=by)
    record("consent.request.extended", row, by=by, rows=[letter])
    return row


@transaction.atomic
def close(*, request_id: UUID, version: int, answer: Answer, by: User) -> RightsRequest:
    """Answer a request: granted, in part, or refused on a ground of the law, with its letter."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    if answer.state not in ANSWERS:
        raise NotAsked(_("Say how the request is answered."))
    if answer.state != State.REFUSED and row.identity_at is None:
        raise Unproved(_("First it has to be shown who asks."))
    if answer.state != State.REFUSED and (why_not := askers.objection(row, calendar.today())):
        # A guardian whose ward came of age meanwhile, or who is none any more.
        raise NotEntitled(why_not)
    if answer.state == State.GRANTED:
        row.refusal = ""
    elif answers.holds(answer.refusal, row.kind, row.laws):
        row.refusal = answer.refusal
    else:
        raise NoGround(_("Name a ground that holds under every law that gives this right."))
    row.outcome = words(answer.words)
    row.carried_out = "" if answer.state == State.REFUSED else _carried_out(row, answer)
    _end(row, answer.state, by)
    letter = letters.write(row, kind=answer.state, by=by)
    record("consent.request.answered", row, by=by, rows=[letter])
    return row


def _carried_out(row: RightsRequest, answer: Answer) -> str:
    """Return where a request was carried out; raise NotCarriedOut where nobody did it or says so."""
    found = executions.of(row)
    if found is None:
        return ""
    if found.is_partial and answer.state == State.GRANTED:
        in_part = _("Grant it in part, and name the law that keeps the rest.")
        raise NotCarriedOut(f"{found.words} {in_part}")
    if found.is_done:
        return RightsRequest.Where.HERE
    if not answer.is_elsewhere:
        say_so = _("Do it first, or say that it was done outside the system.")
        raise NotCarriedOut(f"{found.words} {say_so}")
    return RightsRequest.Where.ELSEWHERE


def refuse(*, request_id: UUID, version: int, ground: str, reason: str, by: User) -> RightsRequest:
    """Refuse a request on a ground of the law, with a reason in words."""
    answer = Answer(State.REFUSED, reason, ground)
    return close(request_id=request_id, version=version, answer=answer, by=by)


@transaction.atomic
def withdraw(*, request_id: UUID, version: int, reason: str, by: User) -> RightsRequest:
    """Take a request back, as who asked wants it; the patient does it alone, an officer notes it."""
    row = opened(request_id, version, by)
    if by.kind == User.Kind.PATIENT:
        if _link(row, by) is None:
            raise NotEntitled(_("You may not ask about this person."))
    else:
        refuse_unless_officer(by)
    row.outcome = words(reason)
    _end(row, State.WITHDRAWN, by)
    record("consent.request.withdrawn", row, by=by)
    return row


@transaction.atomic
def join(*, request_id: UUID, version: int, earlier_id: UUID, by: User) -> RightsRequest:
    """Close a request that repeats an earlier one of the same person and kind."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    same = RightsRequest.objects.filter(subject_id=row.subject_id, kind=row.kind)
    earlier = same.filter(pk=earlier_id, received_at__lte=row.received_at).first()
    if earlier is None or earlier.pk == row.pk:
        raise NotARepeat(_("That is no earlier request of the same person and kind."))
    row.repeats = earlier
    _end(row, State.DUPLICATE, by)
    record("consent.request.joined", row, by=by)
    return row


def _end(row: RightsRequest, state: str, by: User) -> None:
    row.state, row.closed_at, row.closed_by = state, timezone.now(), by
    write(row)
