"""The shape in which the course of an illness is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crm.demo.concepts import Concept

ONCE = (1, "d", "once a day", "每日一次")
TWICE = (2, "d", "twice a day", "每日两次")
THRICE = (3, "d", "three times a day", "每日三次")
NIGHT = (1, "d", "at bedtime", "睡前一次")
WEEKLY = (1, "wk", "once a week", "每周一次")
NEEDED = (0, "d", "when needed", "必要时")


@dataclass(frozen=True)
class Order:
    """A medicine ordered: how often, how much each time, from which visit on and until which."""

    medicine: Concept
    often: tuple[int, str, str, str] = ONCE
    dose: tuple[float, str, str] = (1, "tablet", "片")
    begins: int = 0
    ends: int | None = None
    days: int = 90


@dataclass(frozen=True)
class Plan:
    """A care plan: its kind, what is to be done, and the goal it aims at."""

    concept: Concept
    activities: tuple[Concept, ...]
    goal: Concept | None = None


@dataclass(frozen=True)
class Course:
    """A lasting illness: visits a year, how its measures move, what is ordered and done."""

    problem: Concept
    since: tuple[int, int] = (2, 9)
    visits: int = 2
    trends: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    surveys: tuple[str, ...] = ()
    often: tuple[str, ...] = ()
    seldom: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    deeds: tuple[Concept, ...] = ()
    plan: Plan | None = None
    days: tuple[int, ...] = ()
    visit: Concept | None = None
    restricted: bool = False
    started_days_ago: int | None = None


@dataclass(frozen=True)
class Spell:
    """A passing illness: one visit, a few days of medicine, over after some days."""

    problem: Concept
    orders: tuple[Order, ...] = ()
    lasts: int = 8
    temperature: tuple[float, float] = (36.4, 37.1)
    panels: tuple[str, ...] = ()
    trends: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    deeds: tuple[Concept, ...] = ()
    winter: bool = False
