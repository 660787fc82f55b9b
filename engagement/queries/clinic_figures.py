"""The figures over appointments, tasks, consents and feedback; registered at start-up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.models import Consent, ProcessingPurpose, State
from engagement import figures
from engagement.figures import Figure, Line, Mean, Period, Share, Table
from engagement.models import Appointment, Complaint, Lead, SurveyAnswer, Task
from engagement.queries.answers import DETRACTOR, PROMOTER
from patients.models import Patient
from security import context
from security.access.permissions import Permission
from security.sealing import SealBroken

P = Permission
COUNTED = (P.APPOINTMENTS_AGGREGATE, P.APPOINTMENTS_READ)
# Answers are opened to be counted; more than this in a period are not.
OPENED = 5000


def install() -> None:
    """Add the figures; called once at start-up."""
    for figure in FIGURES:
        figures.add(figure)


def _name(period: Period, bucket: date) -> str:
    if period.is_by_month:
        return formats.date_format(bucket, "YEAR_MONTH_FORMAT")
    return formats.date_format(max(bucket, period.first), "SHORT_DATE_FORMAT")


def _first_head(period: Period) -> str:
    return gettext("Month") if period.is_by_month else gettext("Week from")


def _by_bucket(
    period: Period, found: dict[date, Counter[str]]
) -> Iterator[tuple[str, Counter[str]]]:
    for bucket in period.buckets():
        yield _name(period, bucket), found[bucket]


def today(period: Period) -> Table:
    """Count today's appointments by the hour at which they begin, and where they stand."""
    states = Appointment.State
    shown = (states.BOOKED, states.ARRIVED, states.FULFILLED, states.NOSHOW)
    ends_at = period.ends_at
    rows = Appointment.objects.filter(
        starts_at__gte=ends_at - timedelta(days=1), starts_at__lt=ends_at, state__in=shown
    ).values_list("starts_at", "state")
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for starts_at, state in rows:
        found[starts_at.astimezone(period.zone).hour][state] += 1
    hours = range(min(found), max(found) + 1) if found else ()
    lines = [Line(f"{hour:02d}:00", [found[hour][one] for one in shown]) for hour in hours]
    return Table([gettext("From"), *(str(one.label) for one in shown)], lines)


def no_shows(period: Period) -> Table:
    """Count who came and who did not."""
    states = Appointment.State
    came, missed = (states.ARRIVED, states.FULFILLED), states.NOSHOW
    rows = Appointment.objects.filter(
        starts_at__gte=period.starts_at, starts_at__lt=min(period.ends_at, timezone.now()),
        state__in=(*came, missed),
    ).values_list("starts_at", "state")  # fmt: skip
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for starts_at, state in rows:
        word = "missed" if state == missed else "came"
        found[period.bucket(period.day_of(starts_at))][word] += 1
    lines = [
        Line(name, [one["came"], one["missed"], Share(one["missed"], one.total())])
        for name, one in _by_bucket(period, found)
    ]
    heads = [_first_head(period), gettext("Came"), gettext("Did not come"), gettext("No-show rate")]
    return Table(heads, lines, drawn=(0, 1))


def follow_up(period: Period) -> Table:
    """Count what was to be done for patients, and what was done in time: recalls and follow-up."""
    rows = Task.objects.filter(
        due_at__gte=period.starts_at, due_at__lt=min(period.ends_at, timezone.now())
    ).exclude(state=Task.State.CANCELLED)
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for due_at, done_at in rows.values_list("due_at", "done_at"):
        word = "open" if done_at is None else "in_time" if done_at <= due_at else "late"
        found[period.bucket(period.day_of(due_at))][word] += 1
    lines = [
        Line(
            name,
            [
                one["in_time"],
                one["late"],
                one["open"],
                Share(one["in_time"] + one["late"], one.total()),
            ],
        )
        for name, one in _by_bucket(period, found)
    ]
    heads = [
        _first_head(period), gettext("Done in time"), gettext("Done late"), gettext("Not done"),
        gettext("Completed"),
    ]  # fmt: skip
    return Table(heads, lines, drawn=(0, 1, 2))


def coverage(period: Period) -> Table:
    """Count of how many patients it is known whether they agree to what needs their consent."""
    everybody = Patient.objects.filter(merged_into=None).count()
    rows = (
        Consent.objects.filter(patient__merged_into=None)
        .values("purpose_id", "channel")
        .annotate(
            agreed=Count("pk", filter=_in_force()),
            refused=Count("pk", filter=Q(state__in=(State.DECLINED, State.WITHDRAWN))),
        )
        .order_by("purpose_id", "channel")
    )
    purposes = {one.pk: one for one in ProcessingPurpose.objects.active()}
    lines = [
        Line(
            _purpose(purposes[row["purpose_id"]], row["channel"]),
            [row["agreed"], row["refused"], max(0, everybody - row["agreed"] - row["refused"])],
        )
        for row in rows
        if row["purpose_id"] in purposes
    ]
    heads = [
        gettext("Purpose"), gettext("Said yes"), gettext("Said no"), gettext("Not asked, or over"),
    ]  # fmt: skip
    return Table(heads, sorted(lines, key=lambda line: line.name), is_whole=True)


def _in_force() -> Q:
    now = timezone.now()
    return Q(state=State.GRANTED, since__lte=now) & (Q(until=None) | Q(until__gt=now))


CHANNELS = {
    "email": _("e-mail"),
    "sms": _("text message"),
    "phone": _("phone"),
    "post": _("post"),
    "wechat": _("WeChat"),
}


def _purpose(purpose: ProcessingPurpose, channel: str) -> str:
    if not channel:
        return purpose.label
    return f"{purpose.label}, {CHANNELS.get(channel, channel)}"


def satisfaction(period: Period) -> Table:
    """Work out from the answers whether people would recommend the clinic, and how they found their visit."""
    rows = SurveyAnswer.objects.answered().filter(
        answered_at__gte=period.starts_at, answered_at__lt=period.ends_at
    )
    marks: dict[date, list[int]] = defaultdict(list)
    stars: dict[date, list[int]] = defaultdict(list)
    count: Counter[date] = Counter()
    with context.matching():
        for row in rows.order_by("-answered_at", "-pk")[:OPENED]:
            bucket = period.bucket(period.day_of(row.answered_at or row.invited_at))
            count[bucket] += 1
            _sort_in(row, marks[bucket], stars[bucket])
    lines = [
        Line(_name(period, one), [count[one], _net(marks[one]), _mean(stars[one])])
        for one in period.buckets()
    ]
    heads = [
        _first_head(period), gettext("Answers"), gettext("Net promoter score"),
        gettext("Visit (1 to 5)"),
    ]  # fmt: skip
    return Table(heads, lines, drawn=(1,))


def _sort_in(row: SurveyAnswer, marks: list[int], stars: list[int]) -> None:
    try:
        recommend, stars_given = row.recommend, row.satisfaction
    except SealBroken:
        return
    if recommend is not None:
        marks.append(recommend)
    if stars_given is not None:
        stars.append(stars_given)


def _net(marks: list[int]) -> Mean:
    """Return the share of those who would recommend less the share of those who would not, in points."""
    if not marks:
        return Mean(0, 0)
    good = sum(one >= PROMOTER for one in marks)
    bad = sum(one <= DETRACTOR for one in marks)
    return Mean(100 * (good - bad) / len(marks), len(marks))


def _mean(values: list[int]) -> Mean:
    return Mean(sum(values) / len(values), len(values)) if values else Mean(0, 0)


def themes(period: Period) -> Table:
    """Count what complaints were about, over time."""
    rows = Complaint.objects.filter(
        received_at__gte=period.starts_at, received_at__lt=period.ends_at,
        kind=Complaint.Kind.COMPLAINT,
    ).values_list("received_at", "theme")  # fmt: skip
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for received_at, theme in rows:
        found[period.bucket(period.day_of(received_at))][theme] += 1
    lines = [
        Line(name, [one[str(theme)] for theme in Complaint.Theme])
        for name, one in _by_bucket(period, found)
    ]
    return Table([_first_head(period), *(str(one.label) for one in Complaint.Theme)], lines)


def answered_in_time(period: Period) -> Table:
    """Count of the complaints that came in how many were answered by their day."""
    rows = Complaint.objects.filter(
        received_at__gte=period.starts_at, received_at__lt=period.ends_at
    ).values_list("received_at", "due_on", "closed_at")
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for received_at, due_on, closed_at in rows:
        ended_on = period.day_of(closed_at) if closed_at else None
        word = "open" if ended_on is None else "in_time" if ended_on <= due_on else "late"
        found[period.bucket(period.day_of(received_at))][word] += 1
    lines = [
        Line(name, [one["in_time"], one["late"], one["open"], _share(one)])
        for name, one in _by_bucket(period, found)
    ]
    heads = [
        _first_head(period), gettext("Answered in time"), gettext("Answered late"), gettext("Open"),
        gettext("In time"),
    ]  # fmt: skip
    return Table(heads, lines, drawn=(0, 1, 2))


def _share(one: Counter[str]) -> Share:
    return Share(one["in_time"], one["in_time"] + one["late"])


def pipeline(period: Period) -> Table:
    """Count where the enquiries of a period stand now, by how they came in."""
    rows = Lead.objects.filter(created_at__gte=period.starts_at, created_at__lt=period.ends_at)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    counted: Any = rows.order_by().values_list("source", "state").annotate(count=Count("pk"))
    for source, state, count in counted:
        found[source][state] += count
    lines = [
        Line(str(source.label), [found[str(source)][str(state)] for state in Lead.State])
        for source in Lead.Source
    ]
    return Table([gettext("Source"), *(str(one.label) for one in Lead.State)], lines)


FIGURES = (
    Figure(
        "today", _("Today's flow"), _("Appointments of today by the hour, and where they stand."),
        COUNTED, today, is_stacked=True, exact_for=P.APPOINTMENTS_READ, is_now=True,
    ),
    Figure(
        "no_shows", _("No-show rate"), _("Who came and who did not; cancelled appointments do not count."),
        COUNTED, no_shows, is_stacked=True,
    ),
    Figure(
        "follow_up", _("Recall and follow-up"),
        _("What was to be done for patients by then, and what of it was done."),
        COUNTED, follow_up, is_stacked=True,
    ),
    Figure(
        "satisfaction", _("Satisfaction"),
        _("Net promoter score: who would recommend us (9, 10) less who would not (0 to 6)."),
        (P.CAMPAIGNS_READ, P.CAMPAIGNS_APPROVE), satisfaction,
    ),
    Figure(
        "complaint_themes", _("Complaints by theme"), _("What complaints were about, over time."),
        (P.CAMPAIGNS_READ, P.RIGHTS_READ), themes, is_stacked=True,
    ),
    Figure(
        "complaints_in_time", _("Complaints answered in time"),
        _("Feedback of all kinds by the day it came in."),
        (P.CAMPAIGNS_READ, P.RIGHTS_READ), answered_in_time, is_stacked=True,
    ),
    Figure(
        "consents", _("Consent coverage"),
        _("Of all patients: who agreed, who said no, who was not asked. It decides who is written to."),
        (P.CONSENT_READ,), coverage, lies=True, is_stacked=True, is_now=True,
    ),
    Figure(
        "leads", _("Enquiries"), _("Where enquiries of the period stand, by how they came in."),
        (P.CAMPAIGNS_READ, P.CAMPAIGNS_APPROVE), pipeline, lies=True, is_stacked=True,
    ),
)  # fmt: skip
