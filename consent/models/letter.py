"""Letters about requests: each is made once, kept as it was, and sent in one way."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.rights import RightsRequest
from patients.models import Patient
from security.classification import SubjectKind
from security.models import User
from security.sealing import Category, Plain, Scope, SealedJSON, SealedModel, SealedText


class RightsLetter(SealedModel):
    """One letter in the language of who asked; its words and its paper never change."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Acknowledgement")
        IDENTITY = "identity", _("Identity asked for")
        EXTENDED = "extended", _("Extension")
        GRANTED = "granted", _("Granted")
        PARTLY = "partly", _("Granted in part")
        REFUSED = "refused", _("Refused")

    class Way(models.TextChoices):
        HANDED = "handed", _("Handed over")
        POSTED = "posted", _("Posted")
        # The e-mail says that an answer waits, and nothing of it.
        EMAILED = "emailed", _("Told by e-mail, without content")

    category, scope, seal_label = Category.RIGHTS, Scope.CONSENT, "consent.letter"
    subject_field = "subject_id"
    is_kept_apart = True

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    language = models.CharField(max_length=10)
    # As the request: whose data it speaks of.
    subject_id = models.UUIDField()
    subject_of = models.CharField(
        max_length=8, choices=[(one, one) for one in SubjectKind], default=SubjectKind.PATIENT
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # Of the paper, so that a copy that somebody holds can be compared.
    sha256 = models.CharField(max_length=64, blank=True, default="")
    way = models.CharField(max_length=7, choices=Way.choices, blank=True, default="")
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    # What it says, as data to the template, and the paper itself in base 64.
    content = SealedJSON(level=4, purpose="rights")
    paper = SealedText(level=4, purpose="rights", blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("letter"), _("letters")
        constraints = (
            models.CheckConstraint(
                condition=Q(way="", sent_at=None) | (~Q(way="") & Q(sent_at__isnull=False)),
                name="consent_letter_sent_in_a_way",
            ),
        )
        indexes = (models.Index(fields=["request", "made_at"], name="consent_letter_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "request", "kind", "language", "subject_id", "subject_of", "patient", "made_at",
                "made_by", "sha256", "way", "sent_at", "sent_by",
            )
        }  # fmt: skip

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whether it is about a patient or a colleague."""
        return SubjectKind(self.subject_of)
