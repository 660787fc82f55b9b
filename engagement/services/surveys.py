"""Surveys: sent after a visit to who agreed to it, answered once by the link, read by who keeps in touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.models import Appointment, Complaint, MessageLink, Survey, SurveyAnswer
from engagement.queries import addresses, ways
from engagement.queries.ways import Way
from engagement.services import complaints, concerns, links, outgoing
from engagement.services.outgoing import Content
from security import trail
from security.access.gate import Refused
from security.models import User
from security.sealing import StaleRecord
from security.services import clinics

PURPOSE, TOPIC = "surveys", "engagement.survey"
# A link that ends such messages works for a year after an answer could still be given.
STOP_DAYS = 400
# The first of these by which somebody may be reached is taken.
CHANNELS = ("email", "sms", "wechat", "portal")
# What was done longer ago is not asked about any more, as after a stop of the scheduler.
LATEST = timedelta(days=3)
BATCH = 200
LONGEST = 4000


class NotTwice(Refused):
    """A link takes one answer."""


class SaysNothing(Refused):
    """An answer says something."""


class OneEach(Refused):
    """A kind of visit has one survey at a time."""


class Changed(Refused):
    """Somebody changed the survey meanwhile."""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody answered: the marks, the words, and whether the words are for the clinic to answer."""

    recommend: int | None = None
    satisfaction: int | None = None
    comment: str = ""
    about: str = ""


COMPLAINT, SECURITY = "complaint", "security"


@transaction.atomic
def create(*, fields: Mapping[str, object], by: User) -> Survey:
    """Begin to ask after visits of one kind, or of every kind."""
    row = Survey(**fields)
    _save(row)
    trail.record("engagement.survey.made", changed=[row], obj=row, by=by)
    return row


@transaction.atomic
def change(*, survey_id: UUID, version: int, fields: Mapping[str, object], by: User) -> Survey:
    """Change what is asked from now on, or stop asking; answers that were given stay."""
    row = Survey.objects.select_for_update().get(pk=survey_id)
    if row.version != version:
        raise Changed(gettext_lazy("Somebody changed this survey meanwhile. Look at it again."))
    for name, value in fields.items():
        setattr(row, name, value)
    row.version += 1
    _save(row)
    trail.record("engagement.survey.changed", changed=[row], obj=row, fields=sorted(fields), by=by)
    return row


def _save(row: Survey) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise OneEach(
            gettext_lazy("There is a survey in use for these visits. Switch it off first.")
        ) from None


def invite_due() -> int:
    """Ask those whose visit is over and who may be asked; return how many were."""
    surveys = {row.service_id: row for row in Survey.objects.active()}
    if not surveys:
        return 0
    count, last = 0, None
    while True:
        found = _waiting(last)
        if not found:
            return count
        last = found[-1].pk
        count += _invite(found, surveys)


def _waiting(after: UUID | None) -> list[Appointment]:
    """Return visits that are over and that nobody was asked about, in the order of their ids."""
    now = timezone.now()
    asked = SurveyAnswer.objects.filter(appointment__isnull=False).values("appointment_id")
    rows = Appointment.objects.filter(
        state=Appointment.State.FULFILLED, done_at__lte=now, done_at__gt=now - LATEST
    ).exclude(pk__in=asked)
    rows = rows.filter(pk__gt=after) if after else rows
    return list(rows.defer("sealed").order_by("pk")[:BATCH])


def _invite(found: Sequence[Appointment], surveys: Mapping[UUID | None, Survey]) -> int:
    now = timezone.now()
    since = now - timedelta(days=settings.SURVEY_EVERY_DAYS)
    people = {row.patient_id for row in found}
    lately = set(
        SurveyAnswer.objects.filter(patient_id__in=people, invited_at__gt=since).values_list(
            "patient_id", flat=True
        )
    )
    reached = _reached(people - lately)
    count = 0
    for visit in found:
        survey = surveys.get(visit.service_id) or surveys.get(None)
        way = reached.get(visit.patient_id)
        if survey is None or way is None or visit.done_at is None:
            continue
        if visit.done_at > now - timedelta(hours=survey.wait_hours):
            continue
        # Once for a person, however many visits of the day are over.
        if invite(survey=survey, visit=visit, way=way):
            del reached[visit.patient_id]
            count += 1
    return count


def _reached(people: set[UUID]) -> dict[UUID, Way]:
    """Return by which channel each of these people is asked, the first that is allowed."""
    found: dict[UUID, Way] = {}
    for channel in CHANNELS:
        left = people - set(found)
        if left and channel in settings.DELIVERY_CHANNELS:
            answers = ways.find_many(left, PURPOSE, channel)
            found |= {one: way for one, way in answers.items() if isinstance(way, Way)}
    return found


def invite(*, survey: Survey, visit: Appointment, way: Way) -> bool:
    """Ask one person about one visit; False where somebody asked meanwhile."""
    try:
        with transaction.atomic():
            _send(survey, visit, way)
    except IntegrityError:
        return False
    return True


def _send(survey: Survey, visit: Appointment, way: Way) -> None:
    now = timezone.now()
    row = SurveyAnswer(
        survey=survey, patient_id=visit.patient_id, appointment=visit, channel=way.channel,
        language=_language(way.language), invited_at=now,
        expires_at=now + timedelta(days=survey.open_days),
    )  # fmt: skip
    row.save()
    token = links.issue(
        kind=MessageLink.Kind.SURVEY, subject_id=visit.patient_id, target_id=row.pk,
        expires_at=row.expires_at, purpose=PURPOSE, channel=way.channel, by=None,
    )  # fmt: skip
    out = addresses.link_to("opt_out", outgoing.stop_token(way, PURPOSE, STOP_DAYS))
    with translation.override(row.language):
        content = _content(token, out)
    outgoing.send_by(
        way=way, purpose=PURPOSE, content=content, once_key=f"survey:{visit.pk}",
        origin_id=row.pk, by=None,
    )  # fmt: skip
    trail.record(
        "engagement.survey.sent", subjects=[row.patient_id], changed=[row], obj=row,
        fields=[way.channel],
    )  # fmt: skip


def _language(spoken: str) -> str:
    return "zh-hans" if spoken.lower().startswith("zh") else "en"


def _content(token: str, out: str) -> Content:
    """Return what strangers may read on its way: that the clinic asks, and nothing of why somebody came."""
    profile = clinics.profile()
    name = (profile.name_zh if translation.get_language() == "zh-hans" else "") if profile else ""
    name = name or (profile.name if profile else "")
    text = _("Please tell us how we did. Three questions, no sign-in: %(link)s") % {
        "link": addresses.link_to("survey", token)
    }
    text += "\n\n" + _("No more such messages: %(link)s") % {"link": out}
    return Content(TOPIC, _("How did we do? %(clinic)s") % {"clinic": name}, text)


@transaction.atomic
def answer(*, link: MessageLink, given: Given) -> SurveyAnswer:
    """Keep the one answer that a link takes; a complaint or a concern in it goes its own way, words and all.

    Raises NotTwice, or SaysNothing where it holds no mark and no word.
    """
    rows = SurveyAnswer.objects.select_for_update(of=("self",))
    row = rows.get(pk=str(link.target_id))
    if row.answered_at is not None or row.expires_at <= timezone.now():
        raise NotTwice(gettext_lazy("This link was used before, or its time is over."))
    words = given.comment.strip()[:LONGEST]
    if given.recommend is None and given.satisfaction is None and not words:
        raise SaysNothing(gettext_lazy("Answer at least one question."))
    row.recommend, row.satisfaction = given.recommend, given.satisfaction
    row.comment = "" if given.about in {COMPLAINT, SECURITY} else words
    row.answered_at = timezone.now()
    row.advance()
    row.save()
    links.use(link=link)
    trail.record("engagement.survey.answered", subjects=[row.patient_id], changed=[row], obj=row)
    if words:
        _hand_on(row, given.about, words)
    return row


def _hand_on(row: SurveyAnswer, about: str, words: str) -> None:
    came = {"way": "survey", "words": words, "patient_id": row.patient_id, "answer_id": row.pk}
    if about == SECURITY:
        concerns.report(said=concerns.Said(**came), by=None)  # type: ignore[arg-type]
    elif about == COMPLAINT:
        noted = complaints.Said(
            kind=Complaint.Kind.COMPLAINT,
            theme=Complaint.Theme.OTHER,
            **came,  # type: ignore[arg-type]
        )
        complaints.note(said=noted, by=None)


@transaction.atomic
def look_at(*, answer_id: UUID, version: int, by: User) -> SurveyAnswer:
    """Note that somebody read an answer and dealt with it."""
    row = SurveyAnswer.objects.select_for_update(of=("self",)).answered().get(pk=answer_id)
    if row.version != version:
        raise StaleRecord(str(row))
    row.seen_at = timezone.now()
    row.advance()
    row.save()
    trail.record("engagement.answer.read", subjects=[row.patient_id], changed=[row], obj=row, by=by)
    return row
