"""Forms of the billing desk: bills, payments, refunds, prices, tills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from patients import currencies
from patients.forms.versioned import Versioned
from patients.models import Method

# How many lines a new bill offers, and how many more than it has a draft.
LINES, SPARE, MOST = 6, 3, 50
LEAST_REASON = 5


def day(label: Any, **options: Any) -> forms.DateField:
    """Return a field for a day, in the one form that browsers send."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, input_formats=["%Y-%m-%d"], **options)


def amount(label: Any, **options: Any) -> forms.DecimalField:
    """Return a field for an amount of money; which digits a currency has, the deed checks."""
    least = options.pop("least", Decimal("0.001"))
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        label=label,
        min_value=least,
        max_value=currencies.MOST,
        max_digits=currencies.DIGITS,
        decimal_places=currencies.PLACES,
        widget=widget,
        error_messages={"invalid": _("Write an amount, such as 120.50.")},
        **options,
    )


def reason(label: Any, **options: Any) -> forms.CharField:
    """Return a field for a reason."""
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, max_length=500, widget=widget, **options)


def lines_in(sent: Iterable[str]) -> int:
    """Return how many lines the names of sent fields speak of."""
    return sum(1 for name in sent if name.startswith("line_") and name.endswith("_price"))


class Bill(forms.Form):
    """A new bill: who pays, when, and lines of the price list."""

    currency = forms.ChoiceField(label=_("Currency"), choices=currencies.CHOICES)
    due_on = day(
        _("Due on"), required=False, help_text=_("Left empty, the clinic's usual days count.")
    )
    payer = forms.CharField(
        label=_("Billed to"),
        max_length=120,
        required=False,
        help_text=_("Only where it is not the patient: a parent, an employer, an insurer."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        *args: Any,
        services: Sequence[tuple[str, str]] = (),
        lines: int = LINES,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.lines = min(lines, MOST)
        for place in range(1, self.lines + 1):
            self.fields[f"line_{place}_price"] = forms.ChoiceField(
                label=_("Service %(place)d") % {"place": place},
                choices=[("", "–"), *services],
                required=False,
                error_messages={"invalid_choice": _("This service has no price today.")},
            )
            self.fields[f"line_{place}_quantity"] = forms.IntegerField(
                label=_("Quantity %(place)d") % {"place": place},
                min_value=1,
                max_value=999,
                required=False,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            )

    def pairs(self) -> list[tuple[Any, Any]]:
        """Return the fields of the lines, two by two."""
        places = range(1, self.lines + 1)
        return [(self[f"line_{one}_price"], self[f"line_{one}_quantity"]) for one in places]

    def items(self) -> list[tuple[UUID, int]]:
        """Return the lines that were filled in: the price and how often; once where nothing is said."""
        found = []
        for place in range(1, self.lines + 1):
            price = self.cleaned_data.get(f"line_{place}_price")
            if price:
                found.append((UUID(price), self.cleaned_data.get(f"line_{place}_quantity") or 1))
        return found


class Revision(Versioned, Bill):
    """The draft of a bill, changed."""


class Deed(Versioned):
    """Something done with a draft as it was read."""


class Payment(forms.Form):
    """Money that came in."""

    form_id = forms.UUIDField(widget=forms.HiddenInput)
    amount = amount(_("Amount"))
    method = forms.ChoiceField(label=_("How"), choices=Method.choices)
    received_on = day(_("Received on"))
    reference = forms.CharField(
        label=_("Number of the slip or transfer"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class RefundRequest(forms.Form):
    """Money that should go back."""

    form_id = forms.UUIDField(widget=forms.HiddenInput)
    amount = amount(_("Amount"))
    method = forms.ChoiceField(
        label=_("How"), choices=[one for one in Method.choices if one[0] != Method.INSURANCE]
    )
    reason = reason(
        _("Reason"),
        min_length=LEAST_REASON,
        error_messages={"required": _("Say why the money goes back.")},
    )


class RefundDecision(forms.Form):
    """What the second person says."""

    decision = forms.ChoiceField(
        choices=[("approve", _("Approve and pay back")), ("refuse", _("Refuse"))]
    )
    reason = reason(_("Reason for refusing"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where the request is refused."""
        data = super().clean() or {}
        if data.get("decision") == "refuse" and len(data.get("reason", "")) < LEAST_REASON:
            self.add_error("reason", _("Say why the refund is refused."))
        return data


class Cancellation(forms.Form):
    """Why an issued bill is cancelled."""

    reason = reason(
        _("Reason for cancelling"),
        min_length=LEAST_REASON,
        error_messages={"required": _("Say why the invoice is cancelled.")},
    )


class Price(forms.Form):
    """A price that begins."""

    code = forms.RegexField(
        r"^[A-Z0-9][A-Z0-9.-]{0,31}$",
        label=_("Code"),
        max_length=32,
        error_messages={"invalid": _("Capital letters, digits, dots and hyphens only.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120)
    amount = amount(_("Price"))
    currency = forms.ChoiceField(label=_("Currency"), choices=currencies.CHOICES)
    valid_from = day(_("In force from"))
    valid_until = day(_("In force until"), required=False)


class PriceEnd(Versioned):
    """The last day of a price."""

    valid_until = day(_("Last day"))


class CashUp(forms.Form):
    """What was counted in the till."""

    day = day(_("Day"))
    currency = forms.ChoiceField(label=_("Currency"), choices=currencies.CHOICES)
    counted = amount(_("Counted"), least=Decimal(0))
    reason = reason(_("Reason for a difference"), required=False)
