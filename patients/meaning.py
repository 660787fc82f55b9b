"""How much a typed reason says: letters that stand for something, not letters that fill a field."""

from __future__ import annotations

import itertools
import re
import unicodedata

ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertz",
    "azerty",
)
BESIDE = {pair for row in ROWS for one in (row, row[::-1]) for pair in itertools.pairwise(one)}
AGAIN = re.compile(r"(.{1,6}?)\1{2,}")
VOWELS = frozenset("aeiouy")
# Of scripts written without spaces each sign counts, but no sign more often than this.
MOST_OF_ONE_SIGN = 2
FEWEST_WORDS = 2
SHORT, LONG_MASH, LONG_VOWELS = 3, 6, 5
UNSPACED = re.compile(
    r"[\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\U00020000-\U0003ffff]"
)


def meaningful(text: str) -> int:
    """Return how many characters of a text mean something; repeats, mash and signs count nothing."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(one for one in plain if unicodedata.category(one) != "Cf")
    signs = UNSPACED.findall(AGAIN.sub(r"\1", "".join(plain.split())))
    counted = sum(min(signs.count(one), MOST_OF_ONE_SIGN) for one in set(signs))
    if counted and len(set(signs)) < SHORT:
        counted = 0
    return counted + _words(UNSPACED.sub(" ", plain), alone=not signs)


def _words(text: str, *, alone: bool) -> int:
    found = {AGAIN.sub(r"\1", word) for word in re.findall(r"[^\W_]+", _bare(text))}
    sizes = {word: size for word in found if (size := _size(word))}
    spoken = [word for word, size in sizes.items() if size >= SHORT and not word.isdecimal()]
    return 0 if alone and len(spoken) < FEWEST_WORDS else sum(sizes.values())


def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(one for one in apart if not unicodedata.combining(one))


def _size(word: str) -> int:
    letters = sum(one.isalpha() for one in word)
    if len(word) < FEWEST_WORDS or not letters or len(set(word)) < FEWEST_WORDS:
        return len(word) if word.isdecimal() and len(word) <= SHORT else 0
    pairs = list(itertools.pairwise(word))
    beside = sum(pair in BESIDE for pair in pairs) / len(pairs)
    if beside > (0.59 if len(word) >= LONG_MASH else 0.99) and len(word) >= SHORT:
        return 0
    is_latin = all(one.isascii() for one in word)
    vowels = sum(one in VOWELS for one in word)
    if is_latin and len(word) >= LONG_VOWELS and vowels / len(word) < 0.15:
        return 0
    return len(word)
