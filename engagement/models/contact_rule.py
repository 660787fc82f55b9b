"""How often and at which hours the clinic writes to people, whoever wants to; one row."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.lanes import CHANNELS
from engagement.models.segment import Segment
from security.classification import Plain
from security.models import User

LAST_DAY = 28


class ContactRule(models.Model):
    """The clinic's limits on writing to people, and the monthly security tip; there is one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    # Of messages that count, a person gets so many within so many days.
    most = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    days = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    # Nothing leaves from the one hour to the other, in the clinic's zone; what is due then waits.
    quiet_from = models.CharField(max_length=5, default="21:00")
    quiet_until = models.CharField(max_length=5, default="08:00")
    # The monthly tip: prepared on this day for this segment, and sent once somebody agreed.
    tip_day = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(LAST_DAY)]
    )
    tip_segment = models.ForeignKey(
        Segment, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    tip_channel = models.CharField(max_length=12, choices=list(CHANNELS.items()), default="email")
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("limit of contacts"), _("limits of contacts")
        constraints = (
            models.CheckConstraint(condition=Q(id=1), name="engagement_contactrule_one"),
            models.CheckConstraint(
                condition=Q(tip_day__gte=1, tip_day__lte=LAST_DAY),
                name="engagement_contactrule_day",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "most", "days", "quiet_from", "quiet_until", "tip_day", "tip_segment",
                "tip_channel", "changed_by", "version",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row."""
        return "limits of contacts"
