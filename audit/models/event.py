"""What was done: one row per event, written once and never changed."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id

FORMAT = 1


class EventQuerySet(models.QuerySet["Event"]):
    """Queries over the trail."""

    def about(self, subject_id: UUID) -> Self:
        """Keep the events in which a person's data was touched."""
        return self.filter(subjects__contains=[subject_id])

    def by_actor(self, actor_id: UUID) -> Self:
        """Keep what one account did."""
        return self.filter(actor_id=actor_id)

    def newest_first(self) -> Self:
        """Order by time, the newest first."""
        return self.order_by("-recorded_at", "-id")


class Event(models.Model):
    """One thing that somebody did, tried or read; only inserted, by `audit.writer` alone.

    No foreign keys: the trail outlives what it tells of. Names of fields, never values.
    """

    class Outcome(models.TextChoices):
        SUCCESS = "success", _("Done")
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Failed")

    class ActorKind(models.TextChoices):
        STAFF = "staff", _("Staff")
        PATIENT = "patient", _("Patient")
        SYSTEM = "system", _("System")
        VISITOR = "visitor", _("Not signed in")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Which canonical form its leaf has; a new column means a new format (audit.canonical).
    format = models.PositiveSmallIntegerField(default=FORMAT)
    recorded_at = models.DateTimeField()
    action = models.TextField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    actor_id = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=8, choices=ActorKind.choices)
    system = models.TextField()
    roles = ArrayField(models.TextField())
    on_behalf_of = models.UUIDField(null=True)
    purpose = models.TextField()
    basis = models.TextField()
    # Pseudonymous ids of the patients and users whose data was touched.
    subjects = ArrayField(models.UUIDField())
    object_label = models.TextField()
    object_id = models.UUIDField(null=True)
    fields = ArrayField(models.TextField())
    counts = models.JSONField()
    session_ref = models.TextField()
    device_ref = models.TextField()
    request_id = models.UUIDField()
    route = models.TextField()
    # Envelope with address, user agent and free-text reason, under the actor's own key.
    detail = models.BinaryField()

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("event"), _("events")
        indexes = (
            GinIndex(fields=["subjects"], name="audit_event_subjects"),
            models.Index(fields=["actor_id", "-recorded_at"], name="audit_event_actor"),
            models.Index(fields=["-recorded_at"], name="audit_event_recorded"),
            models.Index(
                fields=["object_label", "object_id", "-recorded_at"], name="audit_event_object"
            ),
            # Costs nothing where it holds nothing: what waits for a review is found without a scan.
            models.Index(
                fields=["recorded_at"],
                condition=Q(action="patients.glass.opened"),
                name="audit_event_glass",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "format", "recorded_at", "action", "outcome", "actor_id", "actor_kind",
                "system", "roles", "on_behalf_of", "purpose", "basis", "subjects", "object_label",
                "object_id", "fields", "counts", "session_ref", "device_ref", "request_id",
                "route", "detail",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the event by its action and id."""
        return f"{self.action} {self.pk}"
