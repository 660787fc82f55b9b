"""The price list: what a service costs from one day to another."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from patients.models.money import AmountField
from security.ids import new_id
from security.models import User
from security.sealing import Plain


class PriceItemQuerySet(models.QuerySet["PriceItem"]):
    """Queries for the price list."""

    def valid_on(self, day: date) -> Self:
        """Keep the prices in force on a day."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day)


class PriceItem(models.Model):
    """The price of a service within a period; it ends and never changes: bills can be reckoned again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    amount = AmountField()
    currency = models.CharField(max_length=3)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # The version that the person who ends it has read.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PriceItemQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gte=0), name="patients_priceitem_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="patients_priceitem_period",
            ),
            # Two that overlap are refused by the deed under a lock; an exclusion would need an extension.
            models.UniqueConstraint(
                fields=["code", "currency"],
                condition=Q(valid_until=None),
                name="patients_priceitem_one_open",
            ),
        )
        indexes = (models.Index(fields=["code", "valid_from"], name="patients_priceitem_code"),)

    class Privacy:
        # Reference data of the clinic; it speaks of no person.
        plain = {
            name: Plain(level=2, purpose="billing")
            for name in (
                "id", "code", "name", "name_zh", "amount", "currency", "valid_from", "valid_until",
                "created_at", "created_by", "version",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the price by its code."""
        return f"{self.code} {self.pk}"
