"""All sixty patients of the demo clinic, numbered in their order."""

from __future__ import annotations

from dataclasses import replace

from crm.demo.people import Person
from crm.demo.roster_han import HAN
from crm.demo.roster_latin import LATIN

PEOPLE: tuple[Person, ...] = tuple(
    replace(person, number=place) for place, person in enumerate(HAN + LATIN, 1)
)
