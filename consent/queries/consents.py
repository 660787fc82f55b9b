"""Where each purpose stands for one patient, and what brought it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext

from consent.effects import registered
from consent.models import (
    Consent,
    ConsentEffect,
    ConsentEvent,
    ConsentForm,
    ConsentFormVersion,
    Notice,
    ProcessingPurpose,
    State,
)
from consent.models.consent import REFUSED
from consent.queries import channels, givers, notices, words
from patients.models import Patient
from patients.queries.chart import Chart
from security.access.permissions import Permission
from security.people import called
from security.sealing import SealBroken

RENEW_WITHIN = timedelta(days=30)
TONES: Mapping[str, str] = {
    State.GRANTED: "good", State.DECLINED: "neutral", State.WITHDRAWN: "neutral",
    State.EXPIRED: "warn", State.SUPERSEDED: "warn", State.INVALID: "danger",
}  # fmt: skip
Shown = dict[str, Any]
Form = ConsentForm.Kind


def find_form(form_id: UUID, language: str) -> ConsentFormVersion | None:
    """Return the words in force of a form that is used, in a language or else in another one."""
    rows = ConsentFormVersion.objects.in_force().select_related("form__purpose").filter(
        form_id=form_id, form__retired_at__isnull=True,
        form__purpose__state=ProcessingPurpose.State.ACTIVE,
    )  # fmt: skip
    found = sorted(rows, key=lambda one: one.language != language)
    return found[0] if found else None


def languages(form_id: UUID) -> list[str]:
    """Return the languages in which a form may be shown."""
    rows = ConsentFormVersion.objects.in_force().filter(form_id=form_id)
    return list(rows.order_by("language").values_list("language", flat=True))


def standing_of(patient_id: UUID, **about: Any) -> dict[tuple[UUID, str], Consent]:
    """Return where each purpose and channel stands, also by a later refusal under a record taken in."""
    refused = Q(patient__merged_into=patient_id, state__in=REFUSED)
    rows = Consent.objects.filter(Q(patient=patient_id) | refused, **about)
    found: dict[tuple[UUID, str], Consent] = {}
    # What was said last holds; of one moment the refusal.
    for row in sorted(
        rows.select_related("purpose"), key=lambda one: (one.since, one.state in REFUSED)
    ):
        found[row.purpose_id, row.channel] = row
    return found


def _taken_in(patient_id: UUID, known: Iterable[Consent]) -> list[Consent]:
    """Return what was said under records that were merged into this one and does not count here."""
    rows = Consent.objects.filter(patient__merged_into=patient_id)
    rows = rows.exclude(pk__in=[one.pk for one in known]).select_related("purpose")
    return list(rows.order_by("purpose__key", "channel", "pk"))


def page(chart: Chart) -> Shown:
    """Return every purpose that the patient may be asked about, and those decided about before."""
    patient = chart.patient
    standing = standing_of(patient.pk)
    apart = _taken_in(patient.pk, standing.values())
    last = _last_of([*standing.values(), *apart])
    names, offers, lines = channels.names(), [], []
    for purpose, form in _asked():
        asked = channels.of(purpose)
        if channels.is_per_recipient(purpose):
            offers.append(_offer(chart, purpose, form))
            # Of many recipients those alone about whom something was said.
            asked = [one for one in asked if (purpose.pk, one) in standing]
        lines += [
            _line(chart, purpose, one, standing.pop((purpose.pk, one), None), form, last, names)
            for one in asked
        ]
    past = [
        _line(chart, row.purpose, row.channel, row, None, last, names) for row in standing.values()
    ]
    return {
        "lines": lines,
        "past": past,
        "offers": [one for one in offers if one["recipients"]],
        "taken_in": [
            _line(chart, row.purpose, row.channel, row, None, last, names) for row in apart
        ],
        "may_write": chart.may(Permission.CONSENT_WRITE),
        "reads_record": chart.may(Permission.CLINICAL_READ),
        "guardian": _guardian(patient),
        "deceased": bool(patient.deceased),
    }


def _offer(chart: Chart, purpose: ProcessingPurpose, form: ConsentForm) -> Shown:
    """Return a purpose that is agreed to for each recipient apart, with those who may be chosen."""
    return {
        "label": purpose.label,
        "url": reverse("consent:answer", args=[chart.patient.pk, form.pk]),
        "recipients": channels.outside(purpose),
    }


def _guardian(patient: Patient) -> Shown:
    try:
        return {"is_ward": givers.is_ward(patient), "age": givers.guardian_age()}
    except SealBroken:
        return {"is_ward": False, "age": givers.guardian_age()}


def _asked() -> Iterator[tuple[ProcessingPurpose, ConsentForm]]:
    """Yield the purposes that people are asked about now, each with its form."""
    shown = ConsentFormVersion.objects.in_force().values("form")
    forms = ConsentForm.objects.filter(
        pk__in=shown, retired_at__isnull=True, purpose__state=ProcessingPurpose.State.ACTIVE
    )
    for form in forms.select_related("purpose").order_by("purpose__key"):
        yield form.purpose, form


def _last_of(rows: Iterable[Consent]) -> dict[UUID, ConsentEvent]:
    """Return the newest event of each consent, by what was said when, with one query."""
    events = ConsentEvent.objects.filter(consent__in=list(rows)).defer("sealed")
    newest = events.order_by("consent_id", "-given_at", "-noted_at").distinct("consent_id")
    return {event.consent_id: event for event in newest}


def _line(
    chart: Chart, purpose: ProcessingPurpose, channel: str, row: Consent | None,
    form: ConsentForm | None, last: Mapping[UUID, ConsentEvent], names: Mapping[str, str],
) -> Shown:  # fmt: skip
    now = timezone.now()
    shown: Shown = {
        "label": purpose.label,
        "channel": channels.label(channel, names),
        "state": gettext("Not asked yet") if row is None else row.get_state_display(),
        "tone": "neutral" if row is None else TONES.get(row.state, "neutral"),
        "since": row.since if row else None,
        "until": row.until if row else None,
        "note": "",
        "url": reverse("consent:consent", args=[chart.patient.pk, row.pk]) if row else "",
        "ask_url": ask_url(chart.patient.pk, form, channel) if form else "",
        "ask": "",
    }
    if row is not None and row.state == State.GRANTED and row.until and row.until <= now:
        # The nightly run has not written it yet; it holds no longer all the same.
        shown |= {"state": State.EXPIRED.label, "tone": TONES[State.EXPIRED]}
    shown |= _next(row, last.get(row.pk) if row else None, now, is_asked=form is not None)
    if row is not None and row.patient_id != chart.patient.pk and form is not None:
        apart = gettext("Said under a record that was taken in.")
        shown["note"] = " ".join(filter(None, (shown["note"], apart)))
    return shown


def ask_url(patient_id: UUID, form: ConsentForm, channel: str) -> str:
    """Return where the words of a form are read and answered."""
    address = reverse("consent:answer", args=[patient_id, form.pk])
    return f"{address}?channel={channel}" if channel else address


def _next(
    row: Consent | None, last: ConsentEvent | None, now: datetime, *, is_asked: bool
) -> Shown:
    """Return what is to be done about a purpose: ask, renew, wait."""
    if not is_asked:
        return {}
    if row is None:
        return {"ask": gettext("Ask")}
    if row.ask_from and row.ask_from > now:
        return {"ask": gettext("Only if the patient asks for it"), "note": waits_until(row)}
    if row.state == State.GRANTED and (row.until is None or row.until > now + RENEW_WITHIN):
        return {}
    if row.state == State.GRANTED and row.until and row.until > now:
        return {"ask": gettext("Renew"), "note": gettext("It ends within 30 days.")}
    if last is not None and last.capacity == ConsentEvent.Capacity.GUARDIAN:
        return {
            "ask": gettext("Ask the patient"),
            "note": gettext("A guardian agreed to it before; the patient decides now."),
        }
    return {"ask": gettext("Ask again")}


def waits_until(row: Consent) -> str:
    """Return the sentence that tells until when somebody who refused is left in peace."""
    day = formats.date_format(timezone.localtime(row.ask_from), "DATE_FORMAT")
    return gettext("Refused: not asked again before %(day)s.") % {"day": day}


# --- one consent ----------------------------------------------------------------------------


def history(chart: Chart, row: Consent) -> list[Shown]:
    """Return all that was said of one purpose, the newest first, with what each end started."""
    events = list(
        row.events.select_related("noted_by", "words__form").order_by("-given_at", "-noted_at")
    )
    started, told = _started(events), _told_of(events)
    return [
        _event(chart, event)
        | {"effects": started.get(event.pk, []), "notices": [told[one] for one in event.notices]}
        for event in events
    ]


def _named(elements: object) -> Shown:
    """Return which data may go to a recipient, and what for, as the person said it."""
    said = elements if isinstance(elements, Mapping) else {}
    parts = channels.data_labels(said.get("categories"))
    if said.get("restricted") is True:
        parts = f"{parts}, {gettext('specially protected entries as well')}"
    return {"data": parts, "what_for": said.get("what_for", "")}


def is_authorised(row: Consent) -> bool:
    """Tell whether a purpose was last decided on a HIPAA authorisation."""
    said = row.events.filter(words__isnull=False).order_by("-given_at", "-noted_at")
    kind: str | None = said.values_list("words__form__kind", flat=True).first()
    return kind == Form.AUTHORISATION


def _told_of(events: Iterable[ConsentEvent]) -> dict[UUID, str]:
    ids = {one for event in events for one in event.notices}
    return {row.pk: notices.title(row) for row in Notice.objects.filter(pk__in=ids)}


def _started(events: list[ConsentEvent]) -> dict[UUID, list[Shown]]:
    labels = registered()
    found: dict[UUID, list[Shown]] = {}
    for one in ConsentEffect.objects.filter(event__in=events).order_by("key"):
        label = str(labels[one.key].label) if one.key in labels else one.key
        found.setdefault(one.event_id, []).append({"label": label, "done_at": one.done_at})
    return found


def _event(chart: Chart, event: ConsentEvent) -> Shown:
    shown: Shown = {
        "id": event.pk,
        "kind": event.get_kind_display(),
        "tone": TONES.get(event.kind, "neutral"),
        "given_at": event.given_at,
        "noted_at": event.noted_at if _is_late(event) else None,
        "noted_by": called(event.noted_by),
        "method": event.get_method_display(),
        "capacity": event.get_capacity_display(),
        "until": event.until,
        "form": f"{event.words.form.key} {event.words.number}" if event.words else "",
        "language": words.NAMES.get(event.language, event.language),
        "digest": event.text_sha256[:16],
        "is_receipted": event.words_id is not None,
        "is_spoken": _is_spoken(event),
        "broken": False,
    }
    if chart.is_masked:
        return shown
    try:
        return shown | _told(event)
    except SealBroken:
        return shown | {"broken": True}


def _told(event: ConsentEvent) -> Shown:
    signature = event.signature if isinstance(event.signature, Mapping) else {}
    return {
        "giver": event.giver,
        "proof": event.proof,
        "witness": event.witness,
        "reason": event.reason,
        "typed": signature.get("typed", ""),
        "letter": signature.get("letter", ""),
        **_named(event.elements),
        "strokes": [
            " ".join(f"{point[0]},{point[1]}" for point in stroke)
            for stroke in signature.get("strokes") or ()
        ],
    }


def _is_spoken(event: ConsentEvent) -> bool:
    """Tell whether an authorisation was taken back by word alone."""
    is_authorised = event.words is not None and event.words.form.kind == Form.AUTHORISATION
    spoken = {ConsentEvent.Method.TICK, ConsentEvent.Method.VERBAL}
    return is_authorised and event.kind == State.WITHDRAWN and event.method in spoken


def _is_late(event: ConsentEvent) -> bool:
    return event.noted_at - event.given_at > timedelta(minutes=1)


def renewals(*, visible: Any, now: datetime | None = None) -> list[Consent]:
    """Return what ends within 30 days and may be renewed, of these patients, the soonest first."""
    start = now or timezone.now()
    rows = Consent.objects.in_force(start).filter(until__lte=start + RENEW_WITHIN)
    return list(
        rows.filter(patient__in=visible).select_related("purpose").order_by("until", "pk")[:100]
    )
