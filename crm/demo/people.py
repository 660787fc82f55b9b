"""Who a demo patient is, before anything was written in the chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from crm.demo.almanac import Almanac
from crm.demo.dice import Dice

GROWN = 18


@dataclass(frozen=True)
class Person:
    """An invented person; `also` is a second doctor who saw the person once."""

    key: str
    sex: str
    age: int
    han: tuple[str, str] | None = None
    pinyin: tuple[str, str] | None = None
    latin: tuple[str, str] | None = None
    courses: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    doctor: str = "lin"
    also: str = ""
    team: str = ""
    confidentiality: str = "normal"
    months: int = 0
    died_days_ago: int = 0
    origin: str = "CN"
    cover: str = "resident"
    smoker: str = "never"
    kin: tuple[str, str] | None = None
    at_home: bool = False
    number: int = 0

    @property
    def dice(self) -> Dice:
        """Start this person's own stream of draws."""
        return Dice(f"custodia-demo/{self.key}")

    @property
    def shown(self) -> str:
        """Tell the name in every script there is."""
        latin = f"{self.latin[1]} {self.latin[0]}" if self.latin else " ".join(self.pinyin or ())
        return f"{latin} {''.join(self.han or ())}".strip()

    @property
    def grown(self) -> bool:
        """Tell whether the person is of age."""
        return self.age >= GROWN

    def birth_on(self, almanac: Almanac) -> date:
        """Tell the birth date that gives this age today, and for some weeks to come."""
        days_since_birthday = 12 + Dice(f"birth/{self.key}").between(0, 300)
        if self.months:
            return almanac.on(round(self.months * 30.44) + days_since_birthday % 12)
        return almanac.years_ago(self.age) - timedelta(days=days_since_birthday)

    def months_at(self, almanac: Almanac, day: date) -> float:
        """Tell the age in months on a day."""
        return (day - self.birth_on(almanac)).days / 30.44
