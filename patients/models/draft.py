"""What somebody typed and has not saved: kept sealed on the server, so that nothing typed is lost."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from django.db import models
from django.utils import timezone

from patients.models.patient import Patient
from security.models import User
from security.sealing import (
    Category,
    EnvelopeField,
    Plain,
    SealedJSON,
    SealedModel,
    SealedQuerySet,
    SubjectKind,
)


class DraftQuerySet(SealedQuerySet["Draft"]):
    """Queries for drafts."""

    def of_form(
        self, user: User, *, form: str, patient_id: UUID | None, target_id: UUID | None
    ) -> Self:
        """Keep one person's draft of one form about one patient (or nobody yet) and row (or a new one)."""
        about: dict[str, Any] = {"patient_id": patient_id, "target_id": target_id}
        return self.filter(user=user, form=form, **about)


class Draft(SealedModel):
    """The unsaved content of one form of one person; nobody else sees it, and saving ends it."""

    category, seal_label = Category.CLINICAL, "patients.draft"
    subject_field = None

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # Nobody where the person is only being registered: then the writer's own key seals it.
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, related_name="+")
    form = models.CharField(max_length=40)
    # The row that is being changed; none where a new one is written.
    target_id = models.UUIDField(null=True)
    target_version = models.PositiveIntegerField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    restricted_version = models.PositiveIntegerField(default=1, editable=False)
    sealed_restricted = EnvelopeField("restricted")
    content = SealedJSON(level=4, purpose="care")
    restricted_content = SealedJSON(level=5, purpose="care")

    objects = DraftQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "patient", "form", "target_id"],
                nulls_distinct=False,
                name="patients_draft_one_per_form",
            ),
        )
        indexes = (models.Index(fields=["updated_at"], name="patients_draft_age"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="operation")
            for name in ("user", "patient", "form", "target_id", "target_version", "updated_at")
        }
        operational = ("updated_at",)

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whose key seals the draft: the patient's, or the writer's before there is a patient."""
        return SubjectKind.PATIENT if self.patient_id else SubjectKind.USER

    def _subject(self) -> UUID:
        return self.patient_id or self.user_id
