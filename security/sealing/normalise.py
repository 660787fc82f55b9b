"""How texts are made comparable before they are hashed for a blind index; version 1.

A change of what these functions return needs a new NORMALISER number, a second index beside the first
and a rebuild: an index row says which normaliser made it.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import product

import phonenumbers
from django.conf import settings
from pypinyin import Style, pinyin

NORMALISER = 1
# Characters that nobody sees: soft hyphen, zero-width space and joiners, bidirectional marks, variation
# selectors, byte order mark.
_UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
# The apostrophes of keyboards and of typesetting, the modifier letter, the backquote.
_APOSTROPHES = re.compile("['\u2019\u02bc`]")
# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")
# Letters and figures of any script; Han is cut out before, as it is not written in words.
_WORD = re.compile(r"[^\W_]+")
_READINGS_LIMIT = 8


def text(value: str) -> str:
    """Return a text in NFKC, case-folded, without unseen characters, with single spaces."""
    if value.isascii():
        # What most names are; nothing but case and spaces differs there.
        return " ".join(value.lower().split())
    folded = unicodedata.normalize("NFKC", _UNSEEN.sub("", unicodedata.normalize("NFKC", value)))
    return " ".join(unicodedata.normalize("NFKC", folded.casefold()).split())


def latin(value: str) -> str:
    """Return a normalised text without diacritics, so that "José" is found as "jose"."""
    folded = text(value)
    if folded.isascii():
        return folded
    parts = unicodedata.normalize("NFD", folded)
    bare = "".join(char for char in parts if not unicodedata.combining(char))
    return bare.translate(_LETTERS)


def words(value: str) -> list[str]:
    """Return the words of a text in any alphabet; apostrophes join ("O'Neil" is "oneil"), hyphens part."""
    return _WORD.findall(_HAN.sub(" ", _APOSTROPHES.sub("", latin(value))))


def han_runs(value: str) -> list[str]:
    """Return the runs of Han characters in a text; spaces between them do not part a name."""
    if value.isascii():
        return []
    joined = re.sub(r"(?<=[^\x00-\x7f])[\s·・]+(?=[^\x00-\x7f])", "", text(value))
    return _HAN.findall(joined)


def readings(run: str) -> list[list[str]]:
    """Return the ways to read a Han run as pinyin syllables; ü is both v and u; at most eight ways."""
    syllables = pinyin(run, style=Style.NORMAL, heteronym=True, errors="ignore", v_to_u=False)
    ways: list[list[str]] = []
    for way in product(*syllables):
        for form in ({"v"}, {"u"}) if any("v" in part for part in way) else ({"v"},):
            ways.append([latin(part).replace("v", next(iter(form))) for part in way])
        if len(ways) >= _READINGS_LIMIT:
            break
    return ways


def identifier(value: str) -> str:
    """Return an identifier in upper case without spaces and separators, the system before "|" kept."""
    system, bar, number = text(value).rpartition("|")
    return system + bar + re.sub(r"[\s\-./]", "", number).upper()


def phone(value: str) -> str:
    """Return a phone number in E.164, or its digits where it is no valid number of the home region."""
    folded = text(value)
    try:
        number = phonenumbers.parse(folded, settings.PHONE_REGION)
    except phonenumbers.NumberParseException:
        return digits(folded)
    if not phonenumbers.is_possible_number(number):
        return digits(folded)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def digits(value: str) -> str:
    """Return the digits of a text, full-width ones included."""
    return "".join(re.findall("[0-9]", text(value)))


def email(value: str) -> str:
    """Return an e-mail address to compare; only ASCII folds, so no look-alike passes (CVE-2019-19844)."""
    return unicodedata.normalize("NFC", value.strip()).translate(
        {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
    )
