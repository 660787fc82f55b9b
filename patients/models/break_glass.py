"""Emergency access: one person, one session, one patient, a reason and an end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient
from security.classification import Plain
from security.models import User
from security.sealing import Category, SealedModel, SealedQuerySet, SealedText

LONGEST = timedelta(hours=4)


class BreakGlassQuerySet(SealedQuerySet["BreakGlass"]):
    """Queries for emergency accesses."""

    def in_force(self, at: datetime | None = None) -> Self:
        """Keep what holds at an instant, now by default."""
        now = at or timezone.now()
        return self.filter(starts_at__lte=now, ends_at__gt=now)

    def of(self, user: User, session: str) -> Self:
        """Keep what one person opened in one session; without a session nothing is anybody's."""
        return self.filter(user_id=user.pk, session=session) if session else self.none()


class BreakGlass(SealedModel):
    """One broken glass: bound to user, session and patient, never prolonged, ended and never deleted."""

    class Code(models.TextChoices):
        """Why the care team could not be waited for."""

        LIFE = "life", _("Life or limb is in danger")
        URGENT = "urgent", _("Urgent treatment, the care team cannot be reached")
        COVER = "cover", _("Covering for a colleague without notice")
        SAFETY = "safety", _("Danger to the patient or to others")
        OTHER = "other", _("Another emergency")

    category, seal_label, subject_field = Category.CLINICAL, "patients.breakglass", "patient_id"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    # A hash of what belongs to one session alone; it opens nothing.
    session = models.CharField(max_length=64)
    code = models.CharField(max_length=8, choices=Code.choices)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    reason = SealedText(level=4, purpose="access")

    objects = BreakGlassQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")) & Q(ends_at__lte=F("starts_at") + LONGEST),
                name="patients_breakglass_at_most_four_hours",
            ),
            models.CheckConstraint(
                condition=~Q(session=""), name="patients_breakglass_has_session"
            ),
        )
        indexes = (
            models.Index(fields=["user", "patient", "ends_at"], name="patients_breakglass_user"),
            models.Index(fields=["-starts_at", "-id"], name="patients_breakglass_when"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="access")
            for name in ("user", "patient", "session", "code", "starts_at", "ends_at", "ended_by")
        }
