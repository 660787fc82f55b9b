"""Documents: files of a patient, sealed on the disk under a key that lies in the row's envelope."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.record import EncounterRecord
from security.models import User
from security.sealing import EnvelopeField, Plain, SealedText


class Document(EncounterRecord):
    """One uploaded file, from `occurred_at`; taken back with a reason, never overwritten."""

    class Kind(models.TextChoices):
        LETTER = "letter", _("Letter")
        RESULT = "result", _("Result")
        IMAGE = "image", _("Picture")
        CONSENT = "consent", _("Signed form")
        OTHER = "other", _("Other")

    class Scan(models.TextChoices):
        NOT_SCANNED = "not_scanned", _("Not scanned for malware")
        NOTHING_FOUND = "nothing_found", _("Scanned for malware, nothing found")

    seal_label = "patients.document"

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.OTHER)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    pages = models.PositiveSmallIntegerField(default=1)
    scan = models.CharField(max_length=16, choices=Scan.choices, default=Scan.NOT_SCANNED)
    file_id = models.UUIDField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    restricted_version = models.PositiveIntegerField(default=1, editable=False)
    sealed_restricted = EnvelopeField("restricted")
    title = SealedText(level=4, purpose="care", card=True)
    filename = SealedText(level=4, purpose="care")
    sha256 = SealedText(level=3, purpose="integrity")
    file_key = SealedText(level=4, purpose="care")
    withdrawn_reason = SealedText(level=4, purpose="care")
    # Of a specially protected document the key and what it is called lie here and nowhere else.
    restricted_file_key = SealedText(level=5, purpose="care")
    restricted_title = SealedText(level=5, purpose="care")

    class Meta(EncounterRecord.Meta):
        verbose_name, verbose_name_plural = _("document"), _("documents")
        constraints = (
            *EncounterRecord.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="patients_document_withdrawn_pair",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="care")
            for name in (
                "kind", "media_type", "size", "pages", "scan", "file_id", "uploaded_by",
                "withdrawn_at", "withdrawn_by",
            )
        }  # fmt: skip
