"""Consent on paper: printed with a code, signed, scanned, and counted once the scan is in the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.models import ConsentFormVersion, PaperForm, State
from consent.queries import channels
from consent.queries import papers as queries
from consent.queries.consents import standing_of
from consent.services import acts, consents
from consent.services.acts import Act, StaleWords, refuse
from consent.services.consents import Taken
from patients.models import Document, Patient
from patients.services import documents
from security import trail
from security.models import User

GOOD_FOR = timedelta(days=30)
NOON = time(12)


def print_form(
    *, patient_id: UUID, words_id: UUID, own_initiative: bool, by: User, channel: str = ""
) -> PaperForm:
    """Print the words in force for one patient; whoever refused is handed none before it is time."""
    return acts.recorded(
        patient_id, by, lambda: _print(patient_id, words_id, channel, own_initiative, by)
    )


@transaction.atomic
def _print(
    patient_id: UUID, words_id: UUID, channel: str, own_initiative: bool, by: User
) -> PaperForm:
    patient = Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient_id)
    words = ConsentFormVersion.objects.select_related("form__purpose").get(pk=words_id)
    if words.published_at is None or words.superseded_at is not None:
        raise StaleWords(None)
    purpose = words.form.purpose
    if channel not in channels.of(purpose):
        refuse("channel", _("This purpose is not asked for that channel."))
    row = standing_of(patient_id, purpose=purpose, channel=channel).get((purpose.pk, channel))
    if row and row.ask_from and row.ask_from > timezone.now() and not own_initiative:
        refuse("asked_too_soon", _("The patient refused and is not asked again yet."))
    paper = PaperForm.objects.create(
        code=queries.new_code(),
        patient=patient,
        words=words,
        channel=channel,
        printed_by=by,
        expires_at=timezone.now() + GOOD_FOR,
    )
    trail.record("consent.paper.printed", subjects=[patient_id], changed=[paper], obj=paper, by=by)
    return paper


def attach(
    *, patient_id: UUID, code: str, answer: str, signed_on: date, incoming: documents.Incoming,
    act: Act, by: User,
) -> Taken:  # fmt: skip
    """Take a signed form in: its scan into the record, then what it says; raise NotTaken, NotAccepted."""
    return acts.recorded(
        patient_id, by, lambda: _attach(patient_id, code, answer, signed_on, incoming, act, by)
    )


def _attach(
    patient_id: UUID, code: str, answer: str, signed_on: date, incoming: documents.Incoming,
    act: Act, by: User,
) -> Taken:  # fmt: skip
    # Looked at before the scan is kept, and again once the form is held.
    paper = _usable(patient_id, code, is_held=False)
    said = replace(
        act, given_at=_moment(signed_on, paper), paper_code=paper.code, printed_at=paper.printed_at
    )
    scan = documents.add(patient_id=patient_id, incoming=incoming, by=by)
    try:
        return _use(paper, answer, replace(said, document_id=scan.pk), by)
    except acts.NotTaken:
        why = gettext("The form was not accepted.")
        documents.withdraw(document_id=scan.pk, version=scan.version, reason=why, by=by)
        raise


@transaction.atomic
def _use(paper: PaperForm, answer: str, act: Act, by: User) -> Taken:
    patient_id = paper.patient_id
    held = _usable(patient_id, paper.code, is_held=True)
    deed = consents.grant if answer == State.GRANTED else consents.decline
    taken = deed(
        patient_id=patient_id, words_id=held.words_id, channel=held.channel, act=act, by=by
    )
    held.used_at, held.event = timezone.now(), taken.event
    held.save(update_fields=["used_at", "event"])
    trail.record("consent.paper.attached", subjects=[patient_id], changed=[held], obj=held, by=by)
    return taken


def _usable(patient_id: UUID, code: str, *, is_held: bool) -> PaperForm:
    """Return a printed form that may be used for a patient; refuse every other code."""
    rows = PaperForm.objects.select_related("words__form")
    if is_held:
        rows = rows.select_for_update(of=("self",))
    paper = rows.filter(code=queries.read(code)).first()
    if paper is None:
        refuse("code", _("No form was printed with this code. Compare it with the paper."))
    if paper.patient_id != patient_id:
        refuse("other_patient", _("This form was printed for somebody else."))
    if paper.used_at is not None:
        refuse("used", _("This form is in the record already; each is good once."))
    if paper.expires_at <= timezone.now():
        refuse("paper_expired", _("This form is older than 30 days. Print a new one."))
    if paper.words.superseded_at is not None or paper.words.form.retired_at is not None:
        refuse(
            "words", _("The words of this form were replaced. Print a new one and have it signed.")
        )
    return paper


def _moment(signed_on: date, paper: PaperForm) -> datetime:
    """Return the instant that stands for the day on a form: not before it was printed."""
    printed_on, today = timezone.localdate(paper.printed_at), timezone.localdate()
    if signed_on < printed_on:
        refuse("backdated", _("The form was printed later than it is said to be signed."))
    if signed_on > today:
        refuse("future", _("What was not said yet is not taken down."))
    noon = timezone.make_aware(datetime.combine(signed_on, NOON))
    return min(max(noon, paper.printed_at), timezone.now())


def scan_of(filename: str, content: bytes, *, title: str, signed_on: date) -> documents.Incoming:
    """Return the scan of a signed form as it goes into the record."""
    at = min(timezone.make_aware(datetime.combine(signed_on, NOON)), timezone.now())
    return documents.Incoming(
        filename=filename, content=content, title=title, kind=Document.Kind.CONSENT, occurred_at=at
    )
