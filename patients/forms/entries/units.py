"""Units that forms offer, by their UCUM codes, and what can be measured in them at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.queries import wording

# Of measurements: the code, and the least and the most that can be meant.
MEASURED: dict[str, tuple[str, str]] = {
    "mm[Hg]": ("0", "400"),
    "/min": ("0", "500"),
    "Cel": ("15", "46"),
    "%": ("0", "1000"),
    "kg": ("0.1", "700"),
    "g": ("0", "100000"),
    "cm": ("0.1", "300"),
    "kg/m2": ("4", "250"),
    "mmol/L": ("0", "1000"),
    "umol/L": ("0", "100000"),
    "nmol/L": ("0", "1000000"),
    "pmol/L": ("0", "1000000"),
    "mg/dL": ("0", "100000"),
    "g/dL": ("0", "1000"),
    "g/L": ("0", "1000"),
    "mg/L": ("0", "100000"),
    "mg/g": ("0", "100000"),
    "ng/mL": ("0", "10000000"),
    "pg/mL": ("0", "10000000"),
    "U/L": ("0", "10000000"),
    "m[IU]/L": ("0", "100000"),
    "[IU]/mL": ("0", "999999999"),
    "10*9/L": ("0", "10000"),
    "10*12/L": ("0", "100"),
    "mL/min/{1.73_m2}": ("0", "500"),
    "L/min": ("0", "1500"),
    "mm/h": ("0", "300"),
    "s": ("0", "100000"),
    "{cells}/uL": ("0", "1000000"),
    "{copies}/mL": ("0", "999999999"),
    "{score}": ("0", "1000"),
    "1": ("-1000000", "1000000"),
}
# Without a unit, or in one of another list, nothing below is known.
ANY = ("-1000000", "999999999")
DOSES: dict[str, Any] = {
    "mg": "mg",
    "g": "g",
    "ug": "μg",
    "mL": "mL",
    "[IU]": "IU",
    "mmol": "mmol",
    "{tablet}": _("tablet"),
    "{capsule}": _("capsule"),
    "{puff}": _("puff"),
    "[drp]": _("drop"),
    "{sachet}": _("sachet"),
    "{application}": _("application"),
}
# More of these at one time is a slip of the finger.
MOST_OF_DOSE = {
    "mg": Decimal(20000),
    "g": Decimal(100),
    "ug": Decimal(100000),
    "mL": Decimal(5000),
    "[IU]": Decimal(50_000_000),
    "mmol": Decimal(1000),
}
MOST_PIECES = Decimal(100)


def choices() -> list[tuple[str, Any]]:
    """Return the units of measurements as a choice."""
    return [
        (code, wording.unit(code) if code != "1" else _("none (a plain number)"))
        for code in MEASURED
    ]


def bounds(unit: str) -> tuple[Decimal, Decimal]:
    """Return the least and the most that can be meant in a unit."""
    least, most = MEASURED.get(unit, ANY)
    return Decimal(least), Decimal(most)
