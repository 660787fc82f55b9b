"""The end of a clerk's day at the till."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from patients.models.money import AmountField
from security.models import User
from security.sealing import Category, Plain, Scope, SealedModel, SealedText, SubjectKind


class CashUp(SealedModel):
    """What lay in a clerk's till at the end of a day against what had to; closed once, never changed."""

    category, scope, seal_label = Category.BILLING, Scope.RECORD, "patients.cash_up"
    # The reason of a difference speaks of the clerk's own day, so the clerk's key seals it.
    subject_kind, subject_field = SubjectKind.USER, "clerk_id"

    clerk = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    currency = models.CharField(max_length=3)
    expected = AmountField()
    counted = AmountField()
    closed_at = models.DateTimeField(default=timezone.now)

    reason = SealedText(level=4, purpose="billing")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["clerk", "day", "currency"], name="patients_cashup_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(counted__gte=0), name="patients_cashup_not_negative"
            ),
        )
        indexes = (models.Index(fields=["-day", "-id"], name="patients_cashup_day"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="billing")
            for name in ("clerk", "day", "currency", "expected", "counted", "closed_at")
        }
