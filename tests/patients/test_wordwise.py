"""Two texts compared: whatever they are, both can be read out of the pieces again."""

import itertools
import random
import time

import pytest

from patients.queries.wordwise import Piece, compared

PARTS = ("rest", "drink", "热", "水", "\n", " ", ",", "3.5", "\r\n", "😀", "é", "<b>", "&", "\t")


def halves(pieces):
    return (
        "".join(text for kind, text in pieces if kind != "new"),
        "".join(text for kind, text in pieces if kind != "gone"),
    )


@pytest.mark.parametrize("seed", range(40))
def test_both_texts_can_be_put_together_again(seed):
    dice = random.Random(seed)
    one, other = ("".join(dice.choices(PARTS, k=dice.randrange(60))) for _ in range(2))
    pieces = compared(one, other)
    assert halves(pieces) == (one.replace("\r\n", "\n"), other.replace("\r\n", "\n"))
    assert all(text for _kind, text in pieces)
    assert all(a.kind != b.kind for a, b in itertools.pairwise(pieces))


def test_equal_texts_are_one_piece_and_nothing_is_none():
    assert compared("a b", "a b") == [Piece("same", "a b")]
    assert compared("", "") == []
    assert compared("", "x") == [Piece("new", "x")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a " * 10_000, "b " * 10_000),
        ("a\n" * 10_000, "b\n" * 10_000),
        ("热" * 20_000, "水" * 20_000),
        ("x\n" * 9_999 + "y", "y\n" + "x\n" * 9_999),
        ("a b " * 600, "b a " * 600),
    ],
)
def test_the_longest_texts_take_no_time(one, other):
    began = time.perf_counter()
    assert halves(compared(one, other)) == (one, other)
    assert time.perf_counter() - began < 3
