"""How big people are: growth of children by month, stature and build of adults."""

from __future__ import annotations

from itertools import pairwise

from crm.demo.dice import Dice

# Months of age, weight in kg, height in cm, head in cm: boys near the middle of the WHO charts.
BOYS = (
    (0, 3.4, 50.0, 34.5),
    (1, 4.5, 54.7, 37.3),
    (2, 5.6, 58.4, 39.1),
    (3, 6.4, 61.4, 40.5),
    (4, 7.0, 63.9, 41.6),
    (6, 7.9, 67.6, 43.3),
    (8, 8.6, 70.6, 44.5),
    (12, 9.6, 75.7, 46.1),
    (18, 10.9, 82.3, 47.4),
    (24, 12.2, 87.8, 48.3),
    (36, 14.3, 96.1, 49.5),
    (48, 16.3, 103.3, 50.2),
    (60, 18.3, 110.0, 50.7),
    (72, 20.5, 116.0, 51.1),
    (96, 25.4, 127.3, 51.9),
    (120, 31.2, 137.8, 52.7),
    (144, 39.9, 149.1, 53.6),
    (168, 50.8, 163.2, 54.6),
    (192, 60.8, 172.9, 55.4),
    (216, 66.9, 176.1, 56.0),
)
GIRLS_SHARE = (0.95, 0.985, 0.98)
CENTIMETRES = {"male": (165.0, 182.0), "female": (153.0, 170.0)}


def child(months: float, sex: str) -> tuple[float, float, float]:
    """Tell weight, height and head of a child in the middle of the chart."""
    for before, after in pairwise(BOYS):
        if before[0] <= months <= after[0]:
            share = (months - before[0]) / (after[0] - before[0])
            middle = [low + (high - low) * share for low, high in zip(before, after, strict=True)]
            break
    else:
        middle = [float(value) for value in BOYS[-1]]
    factors = (1.0, 1.0, 1.0) if sex == "male" else GIRLS_SHARE
    weight, height, head = (
        value * factor for value, factor in zip(middle[1:], factors, strict=True)
    )
    return weight, height, head


def stature(sex: str, age: int, dice: Dice) -> float:
    """Tell an adult's height in cm; the old have lost a little."""
    low, high = CENTIMETRES[sex]
    return dice.real(low, high) - max(0, age - 60) * 0.12
