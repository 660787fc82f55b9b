"""What rows looked like after an event, as digests."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from security.classification import Plain


class StateQuerySet(models.QuerySet["State"]):
    """Queries over the states of rows."""

    def newest(self, model: str, object_ids: list[UUID]) -> Self:
        """Keep the newest state of each of some rows of one model.

        A version only grows and a deletion is final, so neither clock nor sequence is trusted
        before them; event ids order the states of rows that carry no version.
        """
        return (
            self.filter(model=model, object_id__in=object_ids)
            .order_by("object_id", "-deleted", "-version", "-event_id")
            .distinct("object_id")
        )


class State(models.Model):
    """The digest of one row right after one event; only inserted, covered by the event's leaf."""

    pk = models.CompositePrimaryKey("event_id", "model", "object_id")
    event_id = models.UUIDField()
    # The seal label of a sealed model, else "app.model": a name that outlives renamed tables.
    model = models.TextField()
    object_id = models.UUIDField()
    version = models.PositiveBigIntegerField()
    digest = models.BinaryField(max_length=32)
    deleted = models.BooleanField()

    objects = StateQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("state of a row"), _("states of rows")
        indexes = (
            models.Index(
                fields=["model", "object_id", "-deleted", "-version", "-event_id"],
                name="audit_state_newest",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Exact(Length("digest"), 32), name="audit_state_digest_is_sha256"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in ("event_id", "model", "object_id", "version", "digest", "deleted")
        }

    def __str__(self) -> str:
        """Name the row and its version."""
        return f"{self.model} {self.object_id} version {self.version}"
