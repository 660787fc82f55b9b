"""Agreeing, refusing, withdrawing: the only writers of where a purpose stands and of how it came there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import effects
from consent.models import (
    Consent,
    ConsentEffect,
    ConsentEvent,
    ConsentFormVersion,
    ProcessingPurpose,
    State,
)
from consent.models.consent import REFUSED
from consent.queries import channels, notices
from consent.queries import words as spelled
from consent.queries.consents import standing_of
from consent.services import acts
from consent.services.acts import Act, Capacity, Method, StaleWords, refuse
from patients.models import Patient
from security import context, trail
from security.models import User

ACTIONS = {
    State.GRANTED: "consent.consent.granted",
    State.DECLINED: "consent.consent.declined",
    State.WITHDRAWN: "consent.consent.withdrawn",
    State.EXPIRED: "consent.consent.expired",
    State.SUPERSEDED: "consent.consent.superseded",
}
MOMENT = timedelta(microseconds=1)
NO = REFUSED
SYSTEM = Act(method=Method.SYSTEM, capacity=Capacity.SYSTEM)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an act: its event, and whether it decides where the purpose stands."""

    consent: Consent
    event: ConsentEvent
    # False: somebody said something else later, so this is history only.
    is_effective: bool = True
    # The same was said before; nothing was written.
    is_repeated: bool = False


def grant(
    *, patient_id: UUID, words_id: UUID, act: Act, by: User | None, channel: str = ""
) -> Taken:
    """Take down that somebody agrees to one purpose; raise NotTaken, StaleWords for older words."""
    return acts.recorded(
        patient_id, by, lambda: _answer(State.GRANTED, patient_id, words_id, channel, act, by)
    )


def decline(
    *, patient_id: UUID, words_id: UUID, act: Act, by: User | None, channel: str = ""
) -> Taken:
    """Take down that somebody refuses one purpose; the person is not asked again for a time."""
    return acts.recorded(
        patient_id, by, lambda: _answer(State.DECLINED, patient_id, words_id, channel, act, by)
    )


def withdraw(*, consent_id: UUID, act: Act, by: User | None) -> Taken:
    """Take an agreement back from now on; what was done before stays lawful (GDPR 7(3), PIPL 15)."""
    patient_id = Consent.objects.values_list("patient_id", flat=True).get(pk=consent_id)
    return acts.recorded(patient_id, by, lambda: _withdraw(consent_id, patient_id, act, by))


@transaction.atomic
def _answer(
    kind: State, patient_id: UUID, words_id: UUID, channel: str, act: Act, by: User | None
) -> Taken:
    patient = _locked(patient_id)
    words = _in_force(words_id)
    form, purpose = words.form, words.form.purpose
    if channel not in channels.of(purpose):
        refuse("channel", _("This purpose is not asked for that channel."))
    given_at = acts.moment(act, patient, words, timezone.now())
    giver = acts.name_of_giver(act, patient, kind, given_at)
    # To refuse needs no signature.
    acts.check_method(act, form if kind == State.GRANTED else None, by=by)
    row = _standing(patient_id, purpose, channel)
    last = _last(row)
    if kind == State.DECLINED and last is not None and last.kind == State.GRANTED:
        kind, given_at = _against(last, act, given_at)
    until = acts.end(act, form, patient, given_at) if kind == State.GRANTED else None
    if row is not None and last is not None and _is_same(row, last, kind, words, act, until):
        return _repeated(row, last, by)
    if kind == State.GRANTED:
        _check_named(purpose, act)
        held = standing_of(patient_id, purpose=purpose, channel=channel).get((purpose.pk, channel))
        _check_may_agree(patient, held, last if held == row else _last(held), act, given_at)
    event = _event(kind, act, words, giver, given_at=given_at, until=until, by=by)
    if kind == State.GRANTED and channels.is_per_recipient(purpose):
        event.elements |= _named(act, words, channel)
    return _write(
        row or Consent(patient=patient, purpose=purpose, channel=channel), last, event, by
    )


def _against(last: ConsentEvent, act: Act, given_at: datetime) -> tuple[State, datetime]:
    """Return what a no becomes that is said after a yes, and when it was said."""
    if act.given_at is not None and _is_of_day(given_at, last):
        # Nobody noted the hour: of a yes and a no of one day the no counts.
        given_at = max(given_at, last.given_at + MOMENT)
    # Whoever refuses what stands takes it back, and starts what a withdrawal starts.
    return (State.WITHDRAWN if given_at >= last.given_at else State.DECLINED), given_at


def _check_named(purpose: ProcessingPurpose, act: Act) -> None:
    if channels.is_per_recipient(purpose):
        acts.check_named(act, purpose)


@transaction.atomic
def _withdraw(consent_id: UUID, patient_id: UUID, act: Act, by: User | None) -> Taken:
    patient = _locked(patient_id)
    row = Consent.objects.select_for_update().get(pk=consent_id)
    last = _last(row)
    given_at = acts.moment(act, patient, None, timezone.now())
    giver = acts.name_of_giver(act, patient, State.WITHDRAWN, given_at)
    acts.check_end(act, by=by)
    if last is not None and row.state in NO:
        return _repeated(row, last, by)
    words = last.words if last else None
    event = _event(State.WITHDRAWN, act, words, giver, given_at=given_at, until=None, by=by)
    return _write(row, last, event, by)


@transaction.atomic
def expire(*, consent_id: UUID, reason: str = "", by: User | None = None) -> Taken | None:
    """Write that an agreement ended by itself; nothing where it stands otherwise meanwhile."""
    return _end(consent_id, State.EXPIRED, reason, by)


@transaction.atomic
def supersede(*, consent_id: UUID, reason: str = "", by: User | None = None) -> Taken | None:
    """Write that an agreement was to other words, purposes or kinds, so that the person is asked again."""
    return _end(consent_id, State.SUPERSEDED, reason, by)


def _end(consent_id: UUID, kind: State, reason: str, by: User | None) -> Taken | None:
    patient_id = Consent.objects.values_list("patient_id", flat=True).get(pk=consent_id)
    _locked(patient_id)
    row = Consent.objects.select_for_update().get(pk=consent_id)
    last, now = _last(row), timezone.now()
    if row.state != State.GRANTED or last is None:
        return None
    at = row.until if kind == State.EXPIRED and row.until and row.until < now else now
    event = _event(kind, SYSTEM, last.words, "", given_at=max(at, last.given_at), until=None, by=by)
    event.reason = reason
    return _write(row, last, event, by)


# --- what stands ----------------------------------------------------------------------------


def _locked(patient_id: UUID) -> Patient:
    """Return the patient, held: two acts about one person come one after the other."""
    return Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient_id)


def _in_force(words_id: UUID) -> ConsentFormVersion:
    words = ConsentFormVersion.objects.select_related("form__purpose").filter(pk=words_id).first()
    if words is None:
        raise StaleWords(None)
    in_force = ConsentFormVersion.objects.in_force().filter(form=words.form_id)
    current = in_force.filter(language=words.language).first()
    is_used = words.form.purpose.state == ProcessingPurpose.State.ACTIVE
    if words.form.retired_at is not None or not is_used:
        refuse("retired", _("Nobody is asked for this purpose any more."))
    if current is None or current.pk != words.pk:
        raise StaleWords(current)
    if spelled.digest(words) != words.text_sha256:
        refuse("altered", _("These words are not those that were published. Tell an officer."))
    return words


def _standing(patient_id: UUID, purpose: ProcessingPurpose, channel: str) -> Consent | None:
    rows = Consent.objects.select_for_update()
    return rows.filter(patient_id=patient_id, purpose=purpose, channel=channel).first()


def _last(row: Consent | None) -> ConsentEvent | None:
    if row is None:
        return None
    rows = row.events.select_related("words__form")
    return rows.order_by("-given_at", "-noted_at").first()


def _is_same(
    row: Consent, last: ConsentEvent, kind: State, words: ConsentFormVersion, act: Act,
    until: datetime | None,
) -> bool:  # fmt: skip
    """Tell whether the same was said before; a new last day is a renewal."""
    said = (row.state, last.words_id, last.capacity)
    days = [timezone.localdate(one) if one else None for one in (row.until, until)]
    named = last.elements.get("categories", ()) if isinstance(last.elements, Mapping) else ()
    is_same = said == (kind, words.pk, act.capacity) and set(named) == set(act.categories)
    return is_same and days[0] == days[1] and not act.paper_code


def _check_may_agree(
    patient: Patient, row: Consent | None, last: ConsentEvent | None, act: Act, given_at: datetime
) -> None:
    """Refuse to override a refusal: of the deceased, of the same moment, or by asking too soon."""
    if row is None or last is None or row.state not in NO:
        return
    own = row.events.filter(capacity=Capacity.SELF).order_by("-given_at", "-noted_at").first()
    if patient.deceased and own is not None and own.kind in NO:
        # Whatever others said since.
        refuse("deceased_refused", _("The deceased refused this; nobody else changes it."))
    if given_at < last.given_at:
        # It goes into the history only; the refusal stands.
        return
    if act.printed_at is not None and act.printed_at < last.noted_at:
        # Whoever signed it may have changed the mind since; a page for later is printed later.
        refuse(
            "refused_since", _("The patient refused after this form was printed. Print a new one.")
        )
    is_hour_unknown = act.given_at is not None and not act.paper_code
    if given_at == last.given_at or (is_hour_unknown and _is_of_day(given_at, last)):
        refuse("contradiction", _("A refusal of the same moment stands. Ask what is meant."))
    # A form was printed when it was time to ask, or on the patient's own wish.
    may_be_early = act.own_initiative or bool(act.paper_code)
    if row.ask_from is not None and given_at < row.ask_from and not may_be_early:
        refuse("asked_too_soon", _("The patient refused and is not asked again yet."))


def _is_of_day(at: datetime, last: ConsentEvent) -> bool:
    """Tell whether an instant lies on the day of what was said last."""
    return timezone.localdate(at) == timezone.localdate(last.given_at)


# --- writing --------------------------------------------------------------------------------


def _event(
    kind: State, act: Act, words: ConsentFormVersion | None, giver: str, *, given_at: datetime,
    until: datetime | None, by: User | None,
) -> ConsentEvent:  # fmt: skip
    here = context.current()
    said = {} if words is None else _elements(words)
    return ConsentEvent(
        kind=kind, given_at=given_at, noted_by=by, until=until, words=words,
        text_sha256=words.text_sha256 if words else "", language=words.language if words else "",
        method=act.method, capacity=act.capacity, paper_code=act.paper_code,
        document_id=act.document_id, giver=giver, proof=act.proof.strip(),
        witness=acts.witness_words(act.witness), signature=act.signature,
        elements=said | {"own_initiative": act.own_initiative}, reason=act.reason.strip(),
        device=" ".join(filter(None, (here.address, here.user_agent))),
    )  # fmt: skip


def _named(act: Act, words: ConsentFormVersion, channel: str) -> dict[str, object]:
    """Return to whom, which data and what for: a disclosure asks for these before it leaves."""
    known = {one.key: one for one in channels.outside(words.form.purpose)}
    return {
        "recipients": [channel],
        "recipient": asdict(known[channel]),
        "categories": sorted(act.categories),
        "restricted": act.with_restricted,
        "what_for": act.what_for.strip(),
        "expiry": words.elements.get("expiry", ""),
    }


def _elements(words: ConsentFormVersion) -> dict[str, object]:
    purpose = words.form.purpose
    return {
        "form": words.form.key,
        "number": words.number,
        "title": words.title,
        "purpose": {"key": purpose.key, "version": purpose.version},
        "said": dict(words.elements),
    }


def _write(row: Consent, last: ConsentEvent | None, event: ConsentEvent, by: User | None) -> Taken:
    is_effective = last is None or event.given_at >= last.given_at
    if is_effective:
        is_new = last is None
        row.version = row.version if is_new else row.version + 1
        row.state, row.since = event.kind, event.given_at
        row.until, row.ask_from = event.until, _ask_from(event)
        row.save(force_insert=is_new)
    event.consent, event.patient_id = row, row.patient_id
    if event.method != Method.SYSTEM:
        event.notices = [one.pk for one in notices.known_to(row.patient_id, event.given_at)]
    event.save(force_insert=True)
    started = effects.after(event.kind, row.purpose.key) if is_effective else ()
    jobs = ConsentEffect.objects.bulk_create(
        ConsentEffect(event=event, patient_id=row.patient_id, key=one.key) for one in started
    )
    changed = [row, event, *jobs] if is_effective else [event]
    trail.record(
        ACTIONS[State(event.kind)], subjects=[row.patient_id], changed=changed, obj=event, by=by
    )
    # The next decision sees what was just said.
    context.current().forget_decisions()
    return Taken(row, event, is_effective)


def _ask_from(event: ConsentEvent) -> datetime | None:
    if event.kind not in NO or event.words is None:
        return None
    return event.given_at + timedelta(event.words.form.ask_again_days)


def _repeated(row: Consent, last: ConsentEvent, by: User | None) -> Taken:
    """Answer an act that was taken down before: nothing changes, the trail says that it came again."""
    trail.record("consent.consent.repeated", subjects=[row.patient_id], obj=last, by=by)
    return Taken(row, last, is_repeated=True)
