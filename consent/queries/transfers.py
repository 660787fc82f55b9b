"""What may go abroad to whom, how many people's data went, and how near the limits are (PIPL 38)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import working_days
from consent import vocabulary
from consent.laws import Law
from consent.models import Consent, OverseasRecipient, ProcessingPurpose, Transfer, TransferPerson
from consent.queries import purposes
from patients.models import Patient
from security import context
from security.classification import CATEGORY_LABELS
from security.people import called

Mechanism = OverseasRecipient.Mechanism
# Data of children under this age are sensitive whatever they say (PIPL 28).
CHILD = 14
DAYS_SHOWN = 31
# The desk tells of a mechanism that ends so many days before.
EXPIRY_DAYS = 60


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people are counted for one kind of data in a year, and the limit of a mechanism."""

    is_sensitive: bool
    before: int
    after: int
    limit: int | None

    @property
    def is_over(self) -> bool:
        """Tell whether the limit is reached: from that number on it needs more than this mechanism."""
        return self.limit is not None and self.after >= self.limit

    @property
    def is_near(self) -> bool:
        """Tell whether officers are warned."""
        if self.limit is None:
            return False
        return bool(self.after * 100 >= self.limit * settings.CROSS_BORDER_WARN_PERCENT)


def today() -> date:
    """Return the day of the clinic's calendar."""
    return timezone.localdate(timezone=working_days.zone())


def limit_of(mechanism: str, *, is_sensitive: bool) -> int | None:
    """Return the number of people from which on a mechanism does not do any more; None for no limit.

    The limits are those of China: a clinic that is not under its law counts and refuses nobody.
    """
    if mechanism == Mechanism.ASSESSMENT or str(Law.PIPL) not in purposes.laws_of_clinic():
        return None
    if mechanism == Mechanism.EXEMPT:
        return 0 if is_sensitive else int(settings.CROSS_BORDER_CONTRACT_FROM)
    if is_sensitive:
        return int(settings.CROSS_BORDER_SENSITIVE_FROM)
    return int(settings.CROSS_BORDER_ASSESSMENT_FROM)


def is_sensitive(categories: Collection[str]) -> bool:
    """Tell whether one of these categories is sensitive in itself."""
    return bool({str(one) for one in vocabulary.SENSITIVE} & {str(one) for one in categories})


def sensitive_among(patient_ids: Collection[UUID], categories: Collection[str]) -> set[UUID]:
    """Return of whom the data are sensitive: all by their kind, or children by their age."""
    if is_sensitive(categories):
        return set(patient_ids)
    day = today()
    with context.matching():
        rows = Patient.objects.filter(pk__in=patient_ids).only("sealed_card")
        return {row.pk for row in rows if row.birth_on and _age(row.birth_on, day) < CHILD}


def _age(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def counts(
    recipient: OverseasRecipient, year: int, sensitive: Collection[UUID], ordinary: Collection[UUID]
) -> list[Counted]:
    """Return what the counters of a year would stand at with these people, for the kinds they have."""
    found = []
    for flag, people in ((True, sensitive), (False, ordinary)):
        if not people:
            continue
        rows = TransferPerson.objects.filter(year=year, is_sensitive=flag)
        known = rows.filter(patient_id__in=people).count()
        before = rows.count()
        limit = limit_of(recipient.mechanism, is_sensitive=flag)
        found.append(Counted(flag, before, before + len(set(people)) - known, limit))
    return found


def fault(
    recipient: OverseasRecipient,
    patient_ids: Collection[UUID],
    categories: Collection[str],
    day: date | None = None,
) -> str:
    """Return why data of these people may not go to a recipient on a day; empty if they may."""
    on = day or today()
    return (
        _of_recipient(recipient, categories, on)
        or _of_people(recipient, patient_ids)
        or _of_numbers(recipient, patient_ids, categories, on.year)
    )


def _of_recipient(recipient: OverseasRecipient, categories: Collection[str], day: date) -> str:
    purpose = recipient.purpose
    if recipient.ended_at is not None:
        return _("This recipient abroad was ended: nothing goes there any more.")
    if purpose.state != ProcessingPurpose.State.ACTIVE or not purpose.is_cross_border:
        return _("The purpose of this recipient is not in use, or lets nothing go abroad.")
    if recipient.mechanism_on > day:
        return _("The mechanism that lets data go to this recipient has not begun yet.")
    if recipient.expires_on is not None and recipient.expires_on < day:
        return _("The mechanism that let data go to this recipient has expired.")
    if not set(map(str, categories)) <= set(recipient.categories):
        return _("This recipient is registered for other kinds of data.")
    return ""


def _of_people(recipient: OverseasRecipient, patient_ids: Collection[UUID]) -> str:
    if not patient_ids:
        return _("Nobody was named whose data would go abroad.")
    if Patient.objects.filter(pk__in=patient_ids).count() != len(set(patient_ids)):
        return _("One of these people has no record here.")
    if not recipient.needs_separate_consent:
        return ""
    without = set(patient_ids) - agreed(recipient, patient_ids)
    if without:
        return _(
            "%(number)d of these people did not agree separately to a transfer to this recipient (PIPL 39)."
        ) % {"number": len(without)}
    return ""


def agreed(recipient: OverseasRecipient, patient_ids: Collection[UUID]) -> set[UUID]:
    """Return who allowed a transfer to this recipient and did not take it back."""
    purpose = recipient.purpose
    rows = Consent.objects.in_force().filter(
        purpose=purpose,
        patient_id__in=patient_ids,
        channel=recipient.key if purpose.is_per_channel else "",
    )
    return set(rows.values_list("patient_id", flat=True))


def _of_numbers(
    recipient: OverseasRecipient,
    patient_ids: Collection[UUID],
    categories: Collection[str],
    year: int,
) -> str:
    sensitive = sensitive_among(patient_ids, categories)
    ordinary = set(patient_ids) - sensitive
    for count in counts(recipient, year, sensitive, ordinary):
        if count.is_over:
            return _over(recipient, count)
    return ""


def _over(recipient: OverseasRecipient, count: Counted) -> str:
    if recipient.mechanism == Mechanism.EXEMPT and count.is_sensitive:
        return _("Sensitive data, and all data on health, know no exemption by volume.")
    words = {"after": count.after, "limit": count.limit}
    if recipient.mechanism == Mechanism.EXEMPT:
        return (
            _("With these people %(after)d are counted this year: from %(limit)d on a contract or "
              "a certification is needed.") % words
        )  # fmt: skip
    return (
        _("With these people %(after)d are counted this year: from %(limit)d on a security "
          "assessment is needed.") % words
    )  # fmt: skip


def register() -> dict[str, Any]:
    """Return the page of the register: recipients, the counters of the year and of its last days."""
    day = today()
    rows = OverseasRecipient.objects.select_related("purpose", "changed_by")
    return {
        "rows": [_line(row, day) for row in sorted(rows, key=_order)],
        "year": day.year,
        "counters": counters(day.year),
        "days": days(day),
        "is_chinese_law": str(Law.PIPL) in purposes.laws_of_clinic(),
    }


def _order(row: OverseasRecipient) -> tuple[bool, str]:
    return row.ended_at is not None, row.label


def _line(row: OverseasRecipient, day: date) -> dict[str, Any]:
    soon = row.expires_on is not None and row.expires_on <= day + timedelta(days=EXPIRY_DAYS)
    return {
        "row": row,
        "purpose": row.purpose.label,
        "categories": purposes.words(CATEGORY_LABELS, row.categories),
        "is_expired": row.expires_on is not None and row.expires_on < day,
        "is_expiring": soon and row.ended_at is None,
        "is_sensitive": is_sensitive(row.categories),
        "changed_by": called(row.changed_by),
    }


def counters(year: int) -> list[dict[str, Any]]:
    """Return how many people are counted in a year, each beside the limits that it comes to."""
    found = TransferPerson.objects.filter(year=year).aggregate(
        sensitive=Count("pk", filter=Q(is_sensitive=True)),
        ordinary=Count("pk", filter=Q(is_sensitive=False)),
    )
    limits = (
        (_("Sensitive data: assessment from"), found["sensitive"], settings.CROSS_BORDER_SENSITIVE_FROM),
        (_("Ordinary data: contract from"), found["ordinary"], settings.CROSS_BORDER_CONTRACT_FROM),
        (_("Ordinary data: assessment from"), found["ordinary"], settings.CROSS_BORDER_ASSESSMENT_FROM),
    )  # fmt: skip
    return [
        {
            "label": label,
            "number": number,
            "limit": limit,
            "is_near": number * 100 >= limit * settings.CROSS_BORDER_WARN_PERCENT,
            "is_over": number >= limit,
        }
        for label, number, limit in limits
    ]


def days(day: date) -> list[dict[str, Any]]:
    """Return the last days on which data went abroad, with how many people's."""
    rows = (
        Transfer.objects.filter(sent_on__gt=day - timedelta(days=DAYS_SHOWN))
        .order_by()
        .values("sent_on")
        .annotate(
            sensitive=Count("patient_id", filter=Q(is_sensitive=True), distinct=True),
            ordinary=Count("patient_id", filter=Q(is_sensitive=False), distinct=True),
        )
    )
    return sorted((dict(one) for one in rows), key=lambda one: one["sent_on"], reverse=True)


def waits() -> int:
    """Return how many things of the register an officer must look at: mechanisms that end, limits near."""
    day = today()
    ending = OverseasRecipient.objects.expiring(day + timedelta(days=EXPIRY_DAYS)).count()
    is_chinese = str(Law.PIPL) in purposes.laws_of_clinic()
    near = sum(bool(one["is_near"]) for one in counters(day.year)) if is_chinese else 0
    return ending + near


def of_purpose(purpose_ids: Collection[UUID]) -> dict[UUID, list[OverseasRecipient]]:
    """Return the open recipients of each purpose."""
    found: dict[UUID, list[OverseasRecipient]] = {}
    for row in OverseasRecipient.objects.open().filter(purpose_id__in=purpose_ids):
        found.setdefault(row.purpose_id, []).append(row)
    return found


def cross_border_purposes() -> Sequence[ProcessingPurpose]:
    """Return the purposes for which data may go abroad."""
    return sorted(
        ProcessingPurpose.objects.active().filter(is_cross_border=True), key=lambda row: row.label
    )
