"""Money: currencies of ISO 4217 and the digits that each has; amounts of two currencies are never added."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Code -> (digits after the point, name). The yen has none, the Kuwaiti dinar three.
CURRENCIES: dict[str, tuple[int, Promise]] = {
    "CNY": (2, _("Chinese yuan")),
    "HKD": (2, _("Hong Kong dollar")),
    "MOP": (2, _("Macanese pataca")),
    "TWD": (2, _("New Taiwan dollar")),
    "USD": (2, _("US dollar")),
    "EUR": (2, _("Euro")),
    "GBP": (2, _("Pound sterling")),
    "CHF": (2, _("Swiss franc")),
    "JPY": (0, _("Japanese yen")),
    "KRW": (0, _("South Korean won")),
    "KWD": (3, _("Kuwaiti dinar")),
    "SGD": (2, _("Singapore dollar")),
    "AUD": (2, _("Australian dollar")),
    "CAD": (2, _("Canadian dollar")),
}
CHOICES = [(code, code) for code in CURRENCIES]
# What a column of amounts holds; the digits beyond a currency's own are always zero.
DIGITS, PLACES = 15, 3
ZERO = Decimal(0)
# More than this on one bill is a slip of the keyboard.
MOST = Decimal(100_000_000)


class MixedCurrencies(ValueError):
    """Amounts of different currencies were to be added."""


def digits(currency: str) -> int:
    """Return how many digits a currency has after the point; raise KeyError for an unknown one."""
    return CURRENCIES[currency][0]


def is_exact(amount: Decimal, currency: str) -> bool:
    """Tell whether an amount can lie on a table: not below nothing, no digit that the currency lacks."""
    if not amount.is_finite() or not ZERO <= amount <= MOST:
        return False
    return amount == round_to(amount, currency)


def round_to(amount: Decimal, currency: str) -> Decimal:
    """Return an amount with exactly the currency's digits, halves upward."""
    return amount.quantize(Decimal(1).scaleb(-digits(currency)), rounding=ROUND_HALF_UP)


def total(amounts: Iterable[tuple[Decimal, str]], currency: str) -> Decimal:
    """Return the sum of amounts that are all of one currency; raise MixedCurrencies."""
    found = ZERO
    for amount, of in amounts:
        if of != currency:
            raise MixedCurrencies(f"{of} among {currency}")
        found += amount
    return round_to(found, currency)


def text(amount: Decimal | None, currency: str) -> str:
    """Return an amount in the reader's form, with the currency's digits."""
    if amount is None:
        return ""
    places = digits(currency) if currency in CURRENCIES else 2
    return formats.number_format(amount, places, use_l10n=True, force_grouping=True)


def plain(amount: Decimal, currency: str) -> str:
    """Return an amount as machines read it."""
    return str(round_to(amount, currency))
