"""The clinic's calendar: all is told in days before today, so the year is the last one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from crm.demo.dice import Dice

YEAR = 365
OLDEST = 355
SUNDAY = 6
FLU_MONTHS = (9, 10, 11, 12)


@dataclass(frozen=True)
class Almanac:
    """Today, and the zone in which the clinic opens its doors."""

    today: date
    zone: tzinfo

    def on(self, days_ago: int) -> date:
        """Tell the date that many days ago."""
        return self.today - timedelta(days=days_ago)

    def workday(self, days_ago: int) -> int:
        """Move a visit off a Sunday and into the past."""
        days_ago = max(1, days_ago)
        return days_ago + 1 if self.on(days_ago).weekday() == SUNDAY else days_ago

    def at(self, days_ago: int, dice: Dice) -> datetime:
        """Tell an instant of that day within opening hours."""
        minutes = 8 * 60 + 30 + 15 * dice.between(0, 33)
        return datetime.combine(self.on(days_ago), time(minutes // 60, minutes % 60), self.zone)

    def days_since(self, moment: date) -> int:
        """Count the days from a date to today."""
        return (self.today - moment).days

    def flu_day(self, dice: Dice) -> int:
        """Tell a day of the last flu season, in days ago."""
        days = [day for day in range(4, OLDEST) if self.on(day).month in FLU_MONTHS]
        return dice.pick(days)

    def years_ago(self, years: int) -> date:
        """Tell today's date that many years earlier."""
        day = min(self.today.day, 28) if self.today.month == 2 else self.today.day
        return date(self.today.year - years, self.today.month, day)
