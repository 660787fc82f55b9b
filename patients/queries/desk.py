"""The billing desk: bills of everybody, by age and state, in an order that is chosen from a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from patients import currencies
from patients.models import Invoice, Patient, PriceItem, Refund
from patients.queries import people
from security.classification import Category
from security.models import User
from security.sealing import SealBroken

PAGE = 25

# How late a bill is: key -> (name, from day, to day). None is open-ended.
BUCKETS: dict[str, tuple[Promise, int | None, int | None]] = {
    "current": (_("Not due yet"), None, 0),
    "30": (_("1 to 30 days late"), 1, 30),
    "60": (_("31 to 60 days late"), 31, 60),
    "90": (_("61 to 90 days late"), 61, 90),
    "over": (_("More than 90 days late"), 91, None),
}
SHOWS: dict[str, tuple[Promise, Q]] = {
    "open": (_("Open"), Q(kind="invoice", status="issued", balance__gt=0)),
    "drafts": (_("Drafts"), Q(status="draft")),
    "paid": (_("Settled"), Q(kind="invoice", status="issued", balance=0)),
    "credit": (_("To be returned"), Q(kind="invoice", status="issued", balance__lt=0)),
    "notes": (_("Credit notes"), Q(kind="credit_note")),
}
Read = Callable[[str], Any]
# The only orders there are: whatever else an address asks for is not one.
SORTS: dict[str, tuple[Promise, str, bool, Read]] = {
    "due": (_("Due first"), "due_on", False, date.fromisoformat),
    "-due": (_("Due last"), "due_on", True, date.fromisoformat),
    "issued": (_("Oldest first"), "issued_on", False, date.fromisoformat),
    "-issued": (_("Newest first"), "issued_on", True, date.fromisoformat),
    "amount": (_("Smallest amount first"), "balance", False, Decimal),
    "-amount": (_("Largest amount first"), "balance", True, Decimal),
}
_PLACE = re.compile(r"([0-9.-]{1,24})_([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of the list, of what there is to ask."""

    show: str = "open"
    bucket: str = ""
    currency: str = ""
    sort: str = "due"
    after: str = ""

    @classmethod
    def read(cls, sent: Mapping[str, Any]) -> Asked:
        """Read an address; what is not on a list counts as not said."""
        show, sort = str(sent.get("show", "")), str(sent.get("sort", ""))
        bucket, currency = str(sent.get("bucket", "")), str(sent.get("currency", ""))
        return cls(
            show=show if show in SHOWS else "open",
            bucket=bucket if bucket in BUCKETS else "",
            currency=currency if currency in currencies.CURRENCIES else "",
            sort=sort if sort in SORTS else "due",
            after=str(sent.get("after", "")),
        )

    def url(self, **other: str) -> str:
        """Return the address of the list with something else asked for; it begins at the start."""
        said = {"show": self.show, "bucket": self.bucket, "currency": self.currency}
        said |= {"sort": self.sort, **other}
        return f"?{urlencode({name: text for name, text in said.items() if text})}"


def page(user: User, asked: Asked) -> dict[str, Any]:
    """Return one page of bills and the ways to narrow it."""
    today = timezone.localdate()
    found = list(_ordered(_narrowed(user, asked, today), asked)[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    next_url = asked.url(after=_place(last, asked)) if last is not None else None
    return {
        "rows": rows(user, found[:PAGE], today),
        "next_url": next_url,
        "shows": _options(SHOWS, asked, "show"),
        "sorts": _options(SORTS, asked, "sort"),
        "currencies": [
            {"key": "", "label": gettext("All currencies"), "active": not asked.currency},
            *(
                {"key": one, "label": one, "active": one == asked.currency}
                for one in used_currencies()
            ),
        ],
        "asked": asked,
        "bucket": BUCKETS[asked.bucket][0] if asked.bucket else "",
        "all_url": asked.url(bucket=""),
    }


def ageing(user: User, asked: Asked) -> list[dict[str, Any]]:
    """Return what is owed by how late it is, each currency by itself."""
    today = timezone.localdate()
    sums: dict[str, Any] = {}
    for key in BUCKETS:
        sums[f"sum_{key}"] = Sum("balance", filter=_late(key, today), default=currencies.ZERO)
        sums[f"count_{key}"] = Count("pk", filter=_late(key, today))
    found = visible(user).open().order_by().values("currency").annotate(**sums)
    return [_aged(one, asked) for one in sorted(found, key=lambda one: str(one["currency"]))]


def waiting_refunds(user: User) -> int:
    """Return how many refunds wait for a second person other than the reader."""
    waiting = Refund.objects.filter(status=Refund.Status.REQUESTED).exclude(requested_by=user)
    return waiting.count()


def visible(user: User) -> Any:
    """Return the bills of the patients whose bills a person may see."""
    patients = Patient.objects.visible_to(user, Category.BILLING)
    return Invoice.objects.filter(patient__in=patients.values("pk"))


def rows(user: User, found: list[Invoice], today: date) -> list[dict[str, Any]]:
    """Return bills as rows of a list, with whom they are about as far as the reader may know."""
    ids = {one.pk for one in found}
    cancelled = set(Invoice.objects.filter(cancels__in=ids).values_list("cancels_id", flat=True))
    patients = whom(user, [one.patient_id for one in found])
    return [
        row(one, patients.get(one.patient_id), today, is_cancelled=one.pk in cancelled)
        for one in found
    ]


def whom(user: User, patient_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return patients as rows, by their id; a constant number of queries."""
    ids = set(patient_ids)
    patients = Patient.objects.filter(pk__in=ids).only(*people.CARD)
    seen = people.sights(user, ids)
    return {one.pk: people.row(one, seen[one.pk]) for one in patients if one.pk in seen}


def row(
    one: Invoice, patient: dict[str, Any] | None, today: date, *, is_cancelled: bool
) -> dict[str, Any]:
    """Return one bill as a row; a name that is masked is masked for who pays as well."""
    clear = patient is not None and not patient["masked"]
    try:
        payer = (one.payer or "") if clear else ""
    except SealBroken:
        payer = gettext("Unavailable")
    return {
        "url": reverse("patients:invoice", args=[one.patient_id, one.pk]),
        "number": one.number or str(Invoice.Status.DRAFT.label),
        "patient": patient,
        "payer": payer,
        "issued": _day(one.issued_on),
        "due": _day(one.due_on) if one.kind == Invoice.Kind.INVOICE else "",
        "total": currencies.text(one.total, one.currency),
        "balance": currencies.text(one.balance, one.currency),
        "currency": one.currency,
        **state(one, today, is_cancelled=is_cancelled),
    }


def state(one: Invoice, today: date, *, is_cancelled: bool) -> dict[str, str]:
    """Return how a bill stands, in words and as a tone."""
    late = one.days_late(today)
    if not one.is_issued:
        text, tone = str(Invoice.Status.DRAFT.label), "neutral"
    elif one.kind == Invoice.Kind.CREDIT_NOTE:
        text, tone = str(Invoice.Kind.CREDIT_NOTE.label), "info"
    elif one.balance < 0:
        text, tone = gettext("to be returned"), "warn"
    elif is_cancelled:
        text, tone = pgettext("invoice", "cancelled"), "neutral"
    elif one.balance == 0:
        text, tone = gettext("settled"), "good"
    elif late:
        text = ngettext("%(days)d day late", "%(days)d days late", late) % {"days": late}
        tone = "danger" if late > 90 else "warn"
    else:
        text, tone = pgettext("invoice", "open"), "info"
    return {"state": text, "tone": tone}


def used_currencies() -> list[str]:
    """Return the currencies of the price list: no bill can be in another."""
    found = PriceItem.objects.order_by().values_list("currency", flat=True).distinct()
    return sorted(set(found) & set(currencies.CURRENCIES))


def _day(on: date | None) -> str:
    return formats.date_format(on, "DATE_FORMAT") if on else ""


def _narrowed(user: User, asked: Asked, today: date) -> QuerySet[Invoice]:
    found = visible(user).filter(SHOWS[asked.show][1])
    if asked.currency:
        found = found.filter(currency=asked.currency)
    if asked.bucket:
        found = found.open().filter(_late(asked.bucket, today))
    narrowed: QuerySet[Invoice] = found
    return narrowed


def _late(bucket: str, today: date) -> Q:
    _label, first, last = BUCKETS[bucket]
    found = Q()
    if first is not None:
        found &= Q(due_on__lte=today - timedelta(days=first))
    if last is not None:
        found &= Q(due_on__gte=today - timedelta(days=last))
    return found


def _ordered(found: QuerySet[Invoice], asked: Asked) -> QuerySet[Invoice]:
    if asked.show == "drafts":
        # Made by time: the id of the last row is the whole place.
        ordered = found.order_by("-pk")
        place = _PLACE.fullmatch(asked.after)
        return ordered.filter(pk__lt=UUID(place[2])) if place else ordered
    _label, column, is_falling, read = SORTS[asked.sort]
    sign = "-" if is_falling else ""
    ordered = found.exclude(**{f"{column}__isnull": True}).order_by(f"{sign}{column}", f"{sign}pk")
    place = _PLACE.fullmatch(asked.after)
    try:
        value = read(place[1]) if place else None
    except (ValueError, InvalidOperation):
        value = None
    if place is None or value is None:
        return ordered
    past = "lt" if is_falling else "gt"
    beyond = Q(**{f"{column}__{past}": value})
    return ordered.filter(beyond | Q(**{column: value, f"pk__{past}": UUID(place[2])}))


def _place(last: Invoice, asked: Asked) -> str:
    value = 0 if asked.show == "drafts" else getattr(last, SORTS[asked.sort][1])
    return f"{value}_{last.pk.hex}"


def _options(known: Mapping[str, tuple[Any, ...]], asked: Asked, name: str) -> list[dict[str, Any]]:
    chosen = getattr(asked, name)
    return [
        {
            "key": key,
            "label": entry[0],
            "active": key == chosen,
            "url": asked.url(**{name: key, "bucket": asked.bucket if name == "sort" else ""}),
        }
        for key, entry in known.items()
    ]


def _aged(one: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    currency = str(one["currency"])
    amounts = [one[f"sum_{key}"] for key in BUCKETS]
    return {
        "currency": currency,
        "total": currencies.text(sum(amounts, currencies.ZERO), currency),
        "buckets": [
            {
                "label": BUCKETS[key][0],
                "count": one[f"count_{key}"],
                "amount": currencies.text(one[f"sum_{key}"], currency),
                "url": Asked(bucket=key, currency=currency).url(),
                "active": asked.bucket == key and asked.currency in ("", currency),
            }
            for key in BUCKETS
        ],
    }
