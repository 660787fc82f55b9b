"""What somebody types to find a patient: how it is read, and whether an opened patient matches it.

The blind index proposes, the opened row decides: tokens of several words may belong to several names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from patients.models import Patient
from patients.names import identifier_texts, phone_numbers, search_texts
from security.sealing import index, normalise

# A phone number has at most fifteen figures (E.164); longer ones are identifiers only.
LONGEST_PHONE = 15
_PHONE_LIKE = re.compile(r"[+(]?[0-9][0-9\s()+./\-–]*")


class Found(StrEnum):
    """By which of its fields a patient was found."""

    NAME = "name"
    PHONE = "phone"
    RECORD_NUMBER = "record_number"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Query:
    """A typed text, read as the parts of a name, the end of a phone number, or an identifier."""

    # Latin words and Han runs of a name; figures between them narrow it by a phone's end.
    words: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    # All figures of what looks like a phone number as a whole.
    phone: str = ""
    identifier: str = ""
    is_blank: bool = True

    @property
    def compact(self) -> str:
        """Return the name without spaces, to compare with whole names."""
        return "".join(self.words) + "".join(self.runs)

    @property
    def grams(self) -> set[tuple[str, str]]:
        """Return the grams of every patient whom this finds by name or phone; nothing if too short."""
        if self.phone:
            gram = index.tail_gram(self.phone)
            return {gram} if gram else set()
        grams = index.query_grams(" ".join((*self.words, *self.runs)))
        if not grams:
            return set()
        return grams | {gram for tail in self.tails if (gram := index.tail_gram(tail))}

    @property
    def needs_body(self) -> bool:
        """Tell whether phones or identifiers must be opened to decide."""
        return bool(self.phone or self.identifier or self.tails)

    @property
    def kind(self) -> Found:
        """Return how the text was read first of all."""
        if self.phone:
            return Found.PHONE
        return Found.NAME if self.words or self.runs else Found.IDENTIFIER


def read(typed: str) -> Query:
    """Read a typed text; whatever it holds, it is no error."""
    text = normalise.text(typed.encode("utf-8", "replace").decode().replace("\x00", ""))
    if not text:
        return Query()
    figures = normalise.digits(text)
    # Names carry no figures, identifiers hardly ever lack them.
    identifier = _identifier(text) if figures else ""
    if _PHONE_LIKE.fullmatch(text):
        is_phone = index.TAILS.start <= len(figures) <= LONGEST_PHONE
        return Query(phone=figures if is_phone else "", identifier=identifier, is_blank=False)
    words = normalise.words(text)
    return Query(
        words=tuple(word for word in words if not word.isdecimal()),
        runs=tuple(normalise.han_runs(text)),
        tails=tuple(word for word in words if word.isdecimal()),
        identifier=identifier,
        is_blank=False,
    )


def found_by(patient: Patient, query: Query, *, is_whole: bool = False) -> Found | None:
    """Return by what a patient matches a query, or None.

    With `is_whole` only a whole name, record number or phone number counts: whoever may not read a name
    must not spell it out letter by letter.
    """
    if query.identifier:
        if query.identifier == _identifier(patient.record_number or ""):
            return Found.RECORD_NUMBER
        if query.identifier in map(_identifier, identifier_texts(patient.identifiers)):
            return Found.IDENTIFIER
    if query.phone:
        return Found.PHONE if _ends(patient, query.phone, is_whole=is_whole) else None
    if not (query.words or query.runs):
        return None
    named = _is_named(patient, query) if is_whole else _is_name_begun(patient, query)
    if named and all(_ends(patient, tail, is_whole=is_whole) for tail in query.tails):
        return Found.NAME
    return None


def _identifier(text: str) -> str:
    return normalise.identifier(text)


def _ends(patient: Patient, figures: str, *, is_whole: bool) -> bool:
    if len(figures) < index.TAILS.start:
        return False
    # The last four figures are what a masked phone number shows anyway.
    for number in phone_numbers(patient.telecoms):
        whole = normalise.digits(normalise.phone(number))
        if normalise.digits(normalise.phone(figures)) == whole:
            return True
        if whole.endswith(figures) and (not is_whole or len(figures) == index.TAILS.start):
            return True
    return False


def _is_name_begun(patient: Patient, query: Query) -> bool:
    texts = search_texts(patient.names)
    left = set(query.words)
    for text in texts if left else ():
        heads = normalise.words(text)
        left = {word for word in left if not any(head.startswith(word) for head in heads)}
        if not left:
            break
    if not left and not query.runs:
        return True
    runs = list(dict.fromkeys(run for text in texts for run in normalise.han_runs(text)))
    return all(any(run in whole for whole in runs) for run in query.runs) and all(
        any(_sounds_like(run, word) for run in runs) for word in left
    )


def _sounds_like(run: str, word: str) -> bool:
    """Tell whether a Han name begins with a typed word as pinyin, as initials, or in one syllable."""
    sounds = [_sounds_of(char) for char in run]
    if any(sound.startswith(word) for ways in sounds for sound in ways) or _begins(sounds, word):
        return True
    if len(word) <= len(run):
        firsts = ({sound[:1] for sound in ways} for ways in sounds)
        if all(letter in ways for letter, ways in zip(word, firsts, strict=False)):
            return True
    # Some characters sound otherwise in certain words; the index knows these from a dictionary.
    return any("".join(way).startswith(word) for way in normalise.readings(run))


@lru_cache(maxsize=8192)
def _sounds_of(char: str) -> frozenset[str]:
    """Return the syllables one character may be read as; a dictionary, so it may be remembered."""
    return frozenset(way[0] for way in normalise.readings(char) if way)


def _begins(sounds: list[frozenset[str]], word: str) -> bool:
    if not word or not sounds:
        return not word
    return any(
        sound.startswith(word)
        or (word.startswith(sound) and _begins(sounds[1:], word[len(sound) :]))
        for sound in sounds[0]
    )


def _is_named(patient: Patient, query: Query) -> bool:
    for text in search_texts(patient.names):
        runs = normalise.han_runs(text)
        if query.compact in ("".join(normalise.words(text)), "".join(runs)):
            return True
        if any(query.compact == "".join(way) for run in runs for way in normalise.readings(run)):
            return True
    return False
