"""Names, phones and identifiers of people: how they are shown, masked and found.

Works on the FHIR values that people have: lists of HumanName, ContactPoint and Identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

# Han, kana and hangul: family name first, and no space between the parts.
_EAST_ASIAN = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]"
)
# Uses of a name from the best to show to the least; names without a use stand after "usual".
_USES = ("official", "usual", "", "nickname", "temp", "anonymous", "maiden", "old")
MASK = "**"
_TAIL = 4

HumanName = Mapping[str, Any]


def is_east_asian(text: str) -> bool:
    """Tell whether a name is in a script that puts the family name first, without a space."""
    return bool(_EAST_ASIAN.search(text))


def display(names: Sequence[HumanName] | None) -> str:
    """Return the name to show: of the best use, in the reader's script if there is a choice."""
    ranked = _ranked(names)
    return ranked[0] if ranked else ""


def in_other_script(names: Sequence[HumanName] | None) -> str:
    """Return the name in the script that `display` did not choose, or nothing."""
    first, *others = _ranked(names) or [""]
    return next((other for other in others if is_east_asian(other) != is_east_asian(first)), "")


def _ranked(names: Sequence[HumanName] | None) -> list[str]:
    wants_han = (get_language() or "").startswith("zh")

    def rank(name: HumanName) -> tuple[int, bool]:
        use = name.get("use") or ""
        place = _USES.index(use) if use in _USES else _USES.index("")
        # Official and usual names are equally good; then the script of the reader decides.
        return max(place, 2), is_east_asian(full(name)) != wants_han

    return [text for name in sorted(_objects(names), key=rank) if (text := full(name))]


def full(name: HumanName) -> str:
    """Return one name in the order of its script, without titles."""
    text = name.get("text")
    if isinstance(text, str) and text.strip():
        return " ".join(text.split())
    family, given = _parts(name)
    if is_east_asian(family + given):
        return (family + given).replace(" ", "") if family else given
    return f"{given} {family}".strip()


def _parts(name: HumanName) -> tuple[str, str]:
    family = name.get("family")
    return family.strip() if isinstance(family, str) else "", " ".join(_texts(name.get("given")))


# Nobody bears more names than this; a bundle may still list thousands.
MOST_TEXTS = 60


def search_texts(names: Sequence[HumanName] | None) -> list[str]:
    """Return every text a person may be looked for by: as written, and both orders of the parts."""
    found: dict[str, None] = {}
    for name in _objects(names):
        family, given = _parts(name)
        gap = "" if is_east_asian(family + given) else " "
        given = given.replace(" ", gap) if not gap else given
        for text in (full(name), f"{family}{gap}{given}", f"{given}{gap}{family}"):
            if text.strip():
                found[text.strip()] = None
    return list(found)[:MOST_TEXTS]


def phone_numbers(telecoms: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Return the phone numbers among the ways to reach somebody; old ones do not count."""
    return [
        contact["value"]
        for contact in _objects(telecoms)
        if contact.get("system") in ("phone", "sms", "fax", "pager", None)
        and contact.get("use") != "old"
        and isinstance(contact.get("value"), str)
        and any(char.isdigit() for char in contact["value"])
    ]


def identifier_texts(identifiers: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Return what an identifier is found by: its bare value, and "system|value"."""
    found: dict[str, None] = {}
    for identifier in _objects(identifiers):
        value, system = identifier.get("value"), identifier.get("system")
        if isinstance(value, str) and value.strip():
            found[value] = None
            if isinstance(system, str) and system:
                found[f"{system}|{value}"] = None
    return list(found)


def one_text(value: Any) -> list[str]:
    """Return a text as the list of texts to index."""
    return [value] if value else []


def age(birth_on: date, on: date | None = None) -> int:
    """Return the full years lived on a day, today by default."""
    day = on or timezone.localdate()
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def age_text(birth_on: date | None, precision: str | None = "day", on: date | None = None) -> str:
    """Return an age for people: years, or months and days of the youngest."""
    if birth_on is None:
        return ""
    day = on or timezone.localdate()
    years = age(birth_on, day)
    if precision == "year":
        return _("about %(years)d") % {"years": day.year - birth_on.year}
    if years >= 2:
        return str(years)
    months = (day.year - birth_on.year) * 12 + day.month - birth_on.month - (day.day < birth_on.day)
    if months >= 1:
        return ngettext("%(count)d month", "%(count)d months", months) % {"count": months}
    days = max((day - birth_on).days, 0)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def masked_name(names: Sequence[HumanName] | None) -> str:
    """Return a name that does not tell who it is: "张**", or initials as in "J. D."."""
    shown = display(names)
    if not shown:
        return MASK
    if is_east_asian(shown):
        return f"{shown[0]}{MASK}"
    return " ".join(f"{word[0]}." for word in shown.split() if word[0].isalnum()) or MASK


def masked_phone(number: str | None) -> str:
    """Return a phone number with its last four figures alone."""
    figures = "".join(char for char in number or "" if char.isdigit())
    return f"*** **** {figures[-_TAIL:]}" if len(figures) > _TAIL else "*** ****"


def masked_identifier(value: str | None) -> str:
    """Return the last four characters of an identifier, or none of a short one."""
    bare = "".join(char for char in value or "" if char.isalnum())
    return f"**** {bare[-_TAIL:]}" if len(bare) >= 2 * _TAIL else "****"


def masked_birth(birth_on: date | None) -> str:
    """Return the year of birth alone."""
    return "" if birth_on is None else f"{birth_on.year:04d}"


def _objects(value: Any) -> Iterable[Mapping[str, Any]]:
    found = value if isinstance(value, list | tuple) else ()
    return [part for part in found if isinstance(part, Mapping)]


def _texts(value: Any) -> list[str]:
    found = value if isinstance(value, list | tuple) else [value]
    return [part.strip() for part in found if isinstance(part, str) and part.strip()]
