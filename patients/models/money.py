"""The column of an amount of money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models

from patients import currencies


class AmountField(models.DecimalField):  # type: ignore[type-arg]
    """An amount with the digits of the finest currency, in memory as stored: the trail compares the two."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["max_digits"], options["decimal_places"] = currencies.DIGITS, currencies.PLACES
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        """Leave out of migrations what is the same for every amount."""
        name, path, args, options = super().deconstruct()
        for fixed in ("max_digits", "decimal_places"):
            options.pop(fixed, None)
        return name, path, args, options

    def to_python(self, value: Any) -> Decimal | None:
        """Return the amount with exactly the digits that the column stores."""
        found: Decimal | None = super().to_python(value)
        return None if found is None else found.quantize(Decimal(1).scaleb(-currencies.PLACES))
