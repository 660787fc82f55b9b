"""Finding a code while somebody types: by words of either language, pinyin, initials or the code itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.functions import Length

from patients.models import Code
from security.sealing import normalise

SHOWN = 12
# A text box holds this much; a list of words is kept short, as each costs a look into the index.
LONGEST, MOST_WORDS = 80, 6
# Han runs are found from each of these characters on.
HAN_STARTS = 24
# Codes are asked for by their beginning: letters and figures with single marks between them.
_CODE = re.compile(r"[a-z0-9]+(?:[.\-/][a-z0-9]+)*")


def words_of(code: str, *displays: str) -> list[str]:
    """Return what a code is found by, each once."""
    plain = normalise.latin(code)
    found = {plain, re.sub(r"[.\-/]", "", plain)}
    for display in displays:
        found.update(normalise.words(display))
        for run in normalise.han_runs(display):
            short = run[:HAN_STARTS]
            found.update(short[place:] for place in range(len(short)))
            found.update(_spoken(short))
    return sorted(filter(None, found))


def _spoken(run: str) -> Iterable[str]:
    for syllables in normalise.readings(run)[:2]:
        for place in range(len(syllables)):
            rest = syllables[place:]
            yield "".join(rest)
            yield "".join(syllable[:1] for syllable in rest)


def ways_of(text: str) -> list[list[str]]:
    """Return the ways to read what somebody is typing: as words, and as the beginning of a code."""
    typed = normalise.latin(text[:LONGEST])
    runs = [run for part in typed.split() for run in normalise.han_runs(part)]
    said = [*runs, *normalise.words(typed)][:MOST_WORDS]
    ways = [said] if said else []
    if _CODE.fullmatch(typed) and [typed] not in ways:
        ways.append([typed])
    return ways


def search(kind: str, text: str) -> list[Code]:
    """Return the codes of a kind that fit what is typed, the best first."""
    ways = ways_of(text)
    if not any(len(start) >= _least(start) for way in ways for start in way):
        return []
    typed = normalise.latin(text[:LONGEST])
    exact = When(Q(code__iexact=typed), then=Value(0))
    begins = When(Q(display_en__istartswith=typed) | Q(display_zh__startswith=typed), then=Value(1))
    # What is called so comes before what only sounds so in pinyin.
    holds = When(Q(display_en__icontains=typed) | Q(display_zh__contains=typed), then=Value(2))
    rank = Case(exact, begins, holds, default=Value(3), output_field=IntegerField())
    found = Code.objects.filter(kind=kind).with_words(*ways).select_related("system")
    return list(found.order_by(rank, Length("display_en"), "code")[:SHOWN])


def _least(start: str) -> int:
    """Return how many letters are enough: one Han character says as much as two others."""
    return 1 if normalise.han_runs(start) else 2


def named(kind: str, name: str) -> Code | None:
    """Return the code that a form names by system and code, if it is listed for that kind."""
    system, _bar, code = name.rpartition("|")
    found = Code.objects.select_related("system").filter(kind=kind, system__url=system, code=code)
    return found.first()


def called(kind: str, text: str) -> Code | None:
    """Return the code that is called exactly as somebody typed; None where several or none are."""
    same = Q(display_en__iexact=text) | Q(display_zh=text) | Q(code__iexact=text)
    found = list(Code.objects.select_related("system").filter(same, kind=kind)[:2])
    return found[0] if len(found) == 1 else None


def coding_of(code: Code) -> dict[str, str]:
    """Return a code as FHIR writes it."""
    return {
        "system": code.system.url,
        "code": code.code,
        "display": code.display_en or code.display_zh,
    }


def known(codings: Iterable[Mapping[str, Any]], kind: str) -> list[Code]:
    """Return what the code list says of some codings."""
    pairs = [(one.get("system"), one.get("code")) for one in codings]
    asked = Q(pk__in=())
    for system, code in pairs:
        if isinstance(system, str) and isinstance(code, str):
            asked |= Q(system__url=system, code=code)
    return list(Code.objects.select_related("system").filter(asked, kind=kind))
