"""When a reminder is due: by the clock of the clinic, around the hours in which nothing is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from engagement.models import ContactPreference

# What comes later than so long before the appointment helps nobody.
LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the local clock in which nothing is sent; over midnight where they end before they begin."""

    begins: time
    ends: time

    def holding(self, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Return begin and end of the quiet hours that an instant falls into, or None."""
        local = at.astimezone(zone)
        clock = local.time().replace(tzinfo=None)
        if self.begins == self.ends:
            return None
        if self.begins < self.ends:
            if not self.begins <= clock < self.ends:
                return None
            first = last = local.date()
        elif clock >= self.begins:
            first, last = local.date(), local.date() + timedelta(1)
        elif clock < self.ends:
            first, last = local.date() - timedelta(1), local.date()
        else:
            return None
        return _instant(first, self.begins, zone), _instant(last, self.ends, zone)


def _instant(day: object, clock: time, zone: ZoneInfo, fold: int = 0) -> datetime:
    # A time that the clock leaps over is read by the offset before, so it falls just behind the leap.
    return datetime.combine(day, clock, tzinfo=zone).replace(fold=fold).astimezone(UTC)  # type: ignore[arg-type]


def before(starts_at: datetime, hours: int, zone: ZoneInfo) -> datetime:
    """Return so long before: whole days by the calendar, at the same time of day; hours as they pass."""
    days, rest = divmod(hours, 24)
    local = starts_at.astimezone(zone)
    day = local.date() - timedelta(days)
    return _instant(day, local.time(), zone, local.fold) - timedelta(hours=rest)


def due(starts_at: datetime, hours: int, zone: ZoneInfo, quiet: Quiet) -> datetime:
    """Return when a reminder leaves: behind quiet hours where that is early enough, else before them."""
    at = before(starts_at, hours, zone)
    held = quiet.holding(at, zone)
    if held is None:
        return at
    begins, ends = held
    return ends if ends <= starts_at - LEAST else begins - timedelta(minutes=1)


def read(text: str) -> Quiet:
    """Return the quiet hours that a text such as "21:00-08:00" says."""
    begins, _, ends = text.partition("-")
    return Quiet(time.fromisoformat(begins), time.fromisoformat(ends))


def quiet_of(patient_ids: Collection[UUID]) -> Mapping[UUID, Quiet]:
    """Return the quiet hours of many people: their own, else the clinic's."""
    rows = ContactPreference.objects.filter(patient_id__in=patient_ids).exclude(quiet="")
    own = {one: read(said) for one, said in rows.values_list("patient_id", "quiet")}
    usual = read(settings.QUIET_HOURS)
    return {one: own.get(one, usual) for one in patient_ids}
