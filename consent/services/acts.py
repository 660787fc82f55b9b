"""What counts as an act of will: who, when and how; everything else is refused with a sentence."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NoReturn, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.periods import instant
from consent.models import (
    ConsentEvent,
    ConsentForm,
    ConsentFormVersion,
    ProcessingPurpose,
    State,
)
from consent.queries import givers
from patients.models import Patient
from security import trail
from security.access.gate import Refused
from security.models import User
from security.people import called

Done = TypeVar("Done")
Method, Capacity = ConsentEvent.Method, ConsentEvent.Capacity
# What is taken down afterwards may lie back; what happens on the screen happens now.
LATE = frozenset({Method.VERBAL, Method.PAPER})
SIGNED = frozenset({Method.DRAWN, Method.TYPED, Method.PAPER})
# A signature is some strokes of a pen on a field of 1000 by 1000.
MOST_STROKES, MOST_POINTS, FEWEST_POINTS, SIDE = 200, 5000, 6, 1000
MOST_YEARS = 30


class NotTaken(Refused):
    """What was said is no act of will that counts; `rule` names for the trail why."""

    def __init__(self, rule: str, reason: str | Promise) -> None:
        super().__init__(reason)
        self.rule = rule


class StaleWords(NotTaken):
    """Other words are in force than the ones that were shown; `words` are those to show now."""

    def __init__(self, words: ConsentFormVersion | None) -> None:
        super().__init__(
            "words",
            _("The words changed since this page was opened. Read them again before you answer."),
        )
        self.words = words


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody said, in which capacity and how."""

    method: str
    capacity: str
    relation_id: UUID | None = None
    # Of a representative who is no contact of the patient; of others the relation says it.
    giver: str = ""
    proof: str = ""
    witness: User | None = None
    signature: Mapping[str, Any] | None = None
    # None: now.
    given_at: datetime | None = None
    reason: str = ""
    # The person asked for it, although it is too early to ask the person.
    own_initiative: bool = False
    expires_on: date | None = None
    paper_code: str = ""
    # Of paper: when it was printed to be signed.
    printed_at: datetime | None = None
    document_id: UUID | None = None
    # Of a recipient outside: which categories of data, whether also what is specially protected, what for.
    categories: tuple[str, ...] = ()
    with_restricted: bool = False
    what_for: str = ""


def refuse(rule: str, reason: str | Promise) -> NoReturn:
    """Refuse an act; the rule is named on the trail, the sentence is for who asked."""
    raise NotTaken(rule, reason)


def recorded(patient_id: UUID, by: User | None, deed: Callable[[], Done]) -> Done:
    """Do a deed; what is refused is taken back and stands on the trail with its rule."""
    try:
        return deed()
    except NotTaken as refusal:
        with transaction.atomic():
            trail.record(
                "consent.consent.refused", outcome="refused", subjects=[patient_id],
                fields=[f"rule:{refusal.rule}"], by=by,
            )  # fmt: skip
        raise


# --- when -----------------------------------------------------------------------------------


def moment(act: Act, patient: Patient, words: ConsentFormVersion | None, now: datetime) -> datetime:
    """Return when it was said; refuse what lies ahead, and what lies back without a reason."""
    at = act.given_at
    if at is None:
        return now
    if at > now:
        refuse("future", _("What was not said yet is not taken down."))
    if act.method not in LATE:
        refuse(
            "backdated", _("Only what was said before a witness or on paper may be entered later.")
        )
    if timezone.localtime(at).date() < timezone.localdate(now) and not act.reason.strip():
        refuse("backdated", _("Say why this is entered later than it was said."))
    if words is not None and words.published_at is not None and at < words.published_at:
        refuse("before_words", _("These words were not there yet on that day."))
    born_at = givers.begins_at(patient)
    if born_at is not None and at < born_at:
        refuse("before_birth", _("That day lies before the patient's birth."))
    return at


def end(act: Act, form: ConsentForm, patient: Patient, given_at: datetime) -> datetime | None:
    """Return when an agreement ends by itself: by the form, by what was said, when a ward comes of age."""
    found: list[datetime] = []
    if form.months:
        found.append(_months_later(given_at, form.months))
    if act.expires_on is not None:
        first, last = (
            timezone.localdate(given_at),
            timezone.localdate() + timedelta(365 * MOST_YEARS),
        )
        if not first <= act.expires_on <= last or act.expires_on < timezone.localdate():
            refuse("expiry", _("The last day lies ahead, and within thirty years."))
        found.append(instant(act.expires_on + timedelta(1), settings.TIME_ZONE))
    of_age_at = givers.comes_of_age_at(patient)
    if act.capacity == Capacity.GUARDIAN and of_age_at is not None:
        found.append(of_age_at)
    return min(found, default=None)


def _months_later(at: datetime, months: int) -> datetime:
    local = timezone.localtime(at)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last))


# --- who ------------------------------------------------------------------------------------


def name_of_giver(act: Act, patient: Patient, kind: str, given_at: datetime) -> str:
    """Return who says it, by name where it is not the patient; refuse whoever may not, now or then."""
    said_on = timezone.localdate(given_at)
    if act.capacity == Capacity.SELF:
        _decides_alone(patient, kind, said_on)
        return ""
    if act.capacity not in {Capacity.GUARDIAN, Capacity.REPRESENTATIVE, Capacity.RELATIVE}:
        refuse("giver", _("Say who decides."))
    known = {(one.capacity, one.relation_id): one for one in givers.of(patient)}
    found = known.get((act.capacity, act.relation_id))
    if found is None:
        _tell_why_not(act, patient)
    if said_on != timezone.localdate() and found not in givers.of(patient, said_on):
        refuse("giver", _("Nobody was recorded in this capacity on that day."))
    if act.capacity != Capacity.GUARDIAN and not act.proof.strip():
        refuse("proof", _("Say by what document the person may decide, and who saw it."))
    name = found.name or act.giver.strip()
    if not name:
        refuse("giver", _("Write the name of who decides."))
    return name


def _decides_alone(patient: Patient, kind: str, said_on: date) -> None:
    if patient.deceased:
        refuse("deceased", _("The patient died: a close relative or a representative decides."))
    # A ward's own refusal is respected; to agree a guardian is needed.
    if kind == State.GRANTED and (givers.is_ward(patient) or givers.is_ward(patient, said_on)):
        refuse("ward", _("At this age a guardian agrees for the patient."))


def _tell_why_not(act: Act, patient: Patient) -> NoReturn:
    if act.capacity == Capacity.GUARDIAN and not givers.is_ward(patient):
        refuse("of_age", _("The patient has come of age and decides alone. Ask the patient."))
    if act.capacity == Capacity.RELATIVE and not patient.deceased:
        refuse("giver", _("Relatives decide for the deceased only."))
    if act.capacity == Capacity.RELATIVE:
        refuse("giver", _("Only a close relative who is recorded as a contact may decide."))
    refuse("giver", _("No contact of the patient is recorded in this capacity today."))


# --- how ------------------------------------------------------------------------------------


def check_method(act: Act, form: ConsentForm | None, *, by: User | None) -> None:
    """Refuse a way that leaves no proof; an authorisation wants a signature (45 CFR 164.508(c)(1)(vi))."""
    if act.method not in Method.values or act.method == Method.SYSTEM:
        refuse("method", _("Say how it was given."))
    is_authorised = form is not None and form.kind == ConsentForm.Kind.AUTHORISATION
    if is_authorised and act.method not in SIGNED:
        refuse("signature", _("An authorisation needs a signature."))
    if act.method == Method.DRAWN:
        check_strokes((act.signature or {}).get("strokes"))
    if act.method == Method.TYPED and not str((act.signature or {}).get("typed", "")).strip():
        refuse("signature", _("Type the name as the signature."))
    if act.method == Method.VERBAL:
        _check_witness(act.witness, by)
    if act.method == Method.PAPER and not (act.paper_code and act.document_id):
        refuse("paper", _("Paper counts once its scan is in the record."))


def check_end(act: Act, *, by: User | None) -> None:
    """Refuse a way to take something back that leaves no proof; a letter says where it is kept."""
    if act.method != Method.PAPER:
        check_method(act, None, by=by)
    elif not str((act.signature or {}).get("letter", "")).strip():
        refuse("paper", _("Say which letter it is, and where it is kept."))


def _check_witness(witness: User | None, by: User | None) -> None:
    if witness is None or not witness.is_active or witness.kind != User.Kind.STAFF:
        refuse("witness", _("Name the colleague who heard it."))
    if by is not None and witness.pk == by.pk:
        refuse("witness", _("The witness is somebody else than who takes it down."))


def check_strokes(strokes: Any) -> None:
    """Refuse what is no signature: nothing, a dot, or far more than a pen writes."""
    if not isinstance(strokes, Sequence) or isinstance(strokes, str) or not strokes:
        refuse("signature", _("Sign in the field."))
    if len(strokes) > MOST_STROKES or not all(isinstance(one, Sequence) for one in strokes):
        refuse("signature", _("This signature is too large. Clear the field and sign again."))
    points = sum(len(one) for one in strokes)
    if points > MOST_POINTS:
        refuse("signature", _("This signature is too large. Clear the field and sign again."))
    if points < FEWEST_POINTS or not all(_is_point(point) for one in strokes for point in one):
        refuse("signature", _("Sign in the field."))


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, Sequence)
        and len(point) == 2
        and all(type(place) is int and 0 <= place <= SIDE for place in point)
    )


def witness_words(witness: User | None) -> str:
    """Return the witness as the event keeps it: name and handle."""
    return f"{called(witness)} ({witness.handle})" if witness is not None else ""


def check_named(act: Act, purpose: ProcessingPurpose) -> None:
    """Refuse an agreement to a recipient that does not say which data (45 CFR 164.508(c)(1)(i), PIPL 23)."""
    if not act.categories or not set(act.categories) <= set(purpose.categories):
        refuse("data", _("Say which data may be given."))
    if act.with_restricted and "restricted" not in purpose.categories:
        refuse("data", _("This purpose has no specially protected entries."))
