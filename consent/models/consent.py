"""What a person allowed: where each purpose stands now, and every event that brought it there."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.form import ConsentFormVersion
from consent.models.purpose import ProcessingPurpose
from patients.models import Patient
from security.classification import Plain
from security.ids import new_id
from security.models import User
from security.sealing import Category, Scope, SealedJSON, SealedModel, SealedText


class State(models.TextChoices):
    """Where a consent stands, and the events that bring it there."""

    GRANTED = "granted", _("Granted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    SUPERSEDED = "superseded", _("Superseded")
    INVALID = "invalid", _("Not valid")


REFUSED = frozenset({State.DECLINED, State.WITHDRAWN})


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Queries over where consents stand."""

    def in_force(self, at: datetime | None = None) -> Self:
        """Keep what is allowed at an instant, now by default: granted, begun, not over, not refused since.

        A refusal under a record that was merged into this one is the same person's; an agreement there stays
        with that record.
        """
        now = at or timezone.now()
        begun = self.filter(state=State.GRANTED, since__lte=now)
        refused = Consent.objects.filter(
            # Few records were merged, and the planner knows how many.
            patient__merged_into__isnull=False,
            patient__merged_into=OuterRef("patient"),
            purpose=OuterRef("purpose"),
            channel=OuterRef("channel"),
            state__in=REFUSED,
            since__gte=OuterRef("since"),
        )
        return begun.filter(Q(until__isnull=True) | Q(until__gt=now)).exclude(Exists(refused))


class Consent(models.Model):
    """Where one purpose stands for one patient, per channel; written by the deeds that write its events."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    purpose = models.ForeignKey(ProcessingPurpose, on_delete=models.PROTECT, related_name="+")
    # Empty where the purpose is not asked per channel; for a third party, its key in the register.
    channel = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    # Whoever refused is not asked before.
    ask_from = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    # Consents are never carried to another record by a merge: each stays with who gave it.
    is_kept_apart = True
    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("consent"), _("consents")
        constraints = (
            models.UniqueConstraint(
                fields=["patient", "purpose", "channel"], name="consent_consent_one"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="consent_consent_period"
            ),
        )
        indexes = (models.Index(fields=["purpose", "channel", "state"], name="consent_consent_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "patient", "purpose", "channel", "state", "since", "until", "ask_from",
                "version",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row by its id."""
        return f"consent {self.pk}"


class ConsentEvent(SealedModel):
    """One act of will, or its end, with all that the law wants kept; never changed (a trigger holds that)."""

    class Method(models.TextChoices):
        TICK = "tick", _("Ticked")
        DRAWN = "drawn", _("Signature drawn")
        TYPED = "typed", _("Signature typed")
        VERBAL = "verbal", _("Spoken, before a witness")
        PAPER = "paper", _("On paper")
        SYSTEM = "system", _("By the system")

    class Capacity(models.TextChoices):
        SELF = "self", _("The person")
        GUARDIAN = "guardian", _("Guardian")
        REPRESENTATIVE = "representative", _("Representative")
        RELATIVE = "relative", _("Close relative of the deceased (PIPL 49)")
        SYSTEM = "system", _("The system")

    category, scope, seal_label = Category.CONSENT, Scope.CONSENT, "consent.event"
    subject_field = "patient_id"
    is_kept_apart = True

    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="events")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=State.choices)
    # When it was said, and when it was noted here; what begins later holds from then on.
    given_at = models.DateTimeField()
    noted_at = models.DateTimeField(default=timezone.now, editable=False)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    until = models.DateTimeField(null=True)
    words = models.ForeignKey(
        ConsentFormVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    text_sha256 = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="")
    # The versions of the privacy notices that the person knew then, one for each law.
    notices = ArrayField(models.UUIDField(), default=list, blank=True)
    method = models.CharField(max_length=6, choices=Method.choices)
    capacity = models.CharField(max_length=14, choices=Capacity.choices)
    # The code that joins a printed form to its scan.
    paper_code = models.CharField(max_length=16, blank=True, default="")
    document_id = models.UUIDField(null=True)

    # Who said it, with what proof; who witnessed it; what was signed.
    giver = SealedText(level=4, purpose="accountability", blank=True)
    proof = SealedText(level=4, purpose="accountability", blank=True)
    witness = SealedText(level=4, purpose="accountability", blank=True)
    signature = SealedJSON(level=4, purpose="accountability")
    # What regulation wants kept beside the words: controller, kinds, recipients, retention, expiry event.
    elements = SealedJSON(level=4, purpose="accountability")
    device = SealedText(level=4, purpose="accountability", blank=True)
    reason = SealedText(level=4, purpose="accountability", blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("consent event"), _("consent events")
        indexes = (
            models.Index(fields=["consent", "-given_at"], name="consent_event_of"),
            models.Index(fields=["patient", "-given_at"], name="consent_event_when"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "consent", "patient", "kind", "given_at", "noted_at", "noted_by", "until", "words",
                "text_sha256", "language", "notices", "method", "capacity", "paper_code",
                "document_id",
            )
        }  # fmt: skip
