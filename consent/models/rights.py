"""Requests of people about their data, and every step that was taken on one."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from security.classification import SubjectKind
from security.models import User
from security.sealing import (
    Category,
    Plain,
    Scope,
    SealedModel,
    SealedQuerySet,
    SealedText,
)


class RightsRequestQuerySet(SealedQuerySet["RightsRequest"]):
    """Queries over requests."""

    def open(self) -> Self:
        """Keep requests that were not answered yet."""
        return self.filter(closed_at__isnull=True)


class RightsRequest(SealedModel):
    """What somebody asks about the own data or that of whom the person represents; answered in time."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("Access or copy")
        RECTIFICATION = "rectification", _("Correction")
        ERASURE = "erasure", _("Erasure")
        RESTRICTION = "restriction", _("Restriction")
        OBJECTION = "objection", _("Objection")
        PORTABILITY = "portability", _("Portability")
        ACCOUNTING = "accounting", _("Accounting of disclosures")
        EXPLANATION = "explanation", _("Explanation of the rules")
        CLOSURE = "closure", _("Closure of the account")
        COMPLAINT = "complaint", _("Complaint")

    class Way(models.TextChoices):
        """How it came in."""

        PORTAL = "portal", _("By the portal")
        STAFF = "staff", _("At the clinic")
        LETTER = "letter", _("By letter")
        EMAIL = "email", _("By e-mail")
        PHONE = "phone", _("By phone")

    class Capacity(models.TextChoices):
        """As whom somebody asks."""

        SELF = "self", _("The person")
        GUARDIAN = "guardian", _("Guardian")
        REPRESENTATIVE = "representative", _("Representative with proof")
        RELATIVE = "relative", _("Close relative of the deceased (PIPL 49)")
        OTHER = "other", _("Somebody else")

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        IDENTITY = "identity", _("Identity to be proved")
        WORKING = "working", _("In work")
        GRANTED = "granted", _("Granted")
        PARTLY = "partly", _("Granted in part")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        DUPLICATE = "duplicate", _("Asked before")

    class Where(models.TextChoices):
        """Where what was granted was carried out."""

        HERE = "here", _("By the system")
        ELSEWHERE = "elsewhere", _("Outside the system, as the letter says")

    category, scope, seal_label = Category.RIGHTS, Scope.CONSENT, "consent.request"
    subject_field = "subject_id"
    is_kept_apart = True

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=14, choices=Kind.choices)
    way = models.CharField(max_length=8, choices=Way.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    # Whose data: a patient, or a colleague (whose own data key then seals it).
    subject_id = models.UUIDField()
    subject_of = models.CharField(
        max_length=8, choices=[(one, one) for one in SubjectKind], default=SubjectKind.PATIENT
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    laws = ArrayField(models.CharField(max_length=8), default=list)
    language = models.CharField(max_length=10)
    capacity = models.CharField(max_length=14, choices=Capacity.choices, default=Capacity.SELF)
    received_at = models.DateTimeField(default=timezone.now)
    noted_at = models.DateTimeField(default=timezone.now, editable=False)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    assigned_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    identity_at = models.DateTimeField(null=True)
    identity_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # How it was shown who asks; what was shown is sealed.
    identity_how = models.CharField(max_length=12, blank=True, default="")
    # The earliest of the deadlines of all laws that apply; its target where a law gives no number.
    target_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    extended_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # The earlier request that this one repeats.
    repeats = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    # Charged for by an officer's decision, because it was asked before and excessively.
    is_charged = models.BooleanField(default=False)
    # An authority wants its disclosures left out of the accounting until then (45 CFR 164.528(a)(2)).
    suspended_until = models.DateField(null=True)
    # The case in which an officer reads the record for it: the id alone.
    case_id = models.UUIDField(null=True)
    # Where what was granted was carried out: by the system, or outside it, as the letter says.
    carried_out = models.CharField(max_length=9, choices=Where.choices, blank=True, default="")
    # On which ground of which law it was refused, by the keys of `consent.answers`.
    refusal = models.CharField(max_length=24, blank=True, default="")

    asked = SealedText(level=4, purpose="rights")
    # Who asks, where it is not the person: name, relation, proof shown.
    asker = SealedText(level=4, purpose="rights", blank=True)
    identity = SealedText(level=4, purpose="rights", blank=True)
    address = SealedText(level=4, purpose="rights", blank=True)
    extension = SealedText(level=4, purpose="rights", blank=True)
    outcome = SealedText(level=4, purpose="rights", blank=True)
    charge = SealedText(level=4, purpose="rights", blank=True)
    suspension = SealedText(level=4, purpose="rights", blank=True)

    objects = RightsRequestQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name, verbose_name_plural = _("rights request"), _("rights requests")
        constraints = (
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None) | Q(closed_at__isnull=False),
                name="consent_request_closed_pair",
            ),
        )
        indexes = (
            models.Index(fields=["closed_at", "due_on"], name="consent_request_due"),
            models.Index(fields=["subject_id"], name="consent_request_subject"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "number", "kind", "way", "state", "subject_id", "subject_of", "patient", "laws",
                "language", "received_at", "noted_at", "noted_by", "assigned_to", "identity_at",
                "identity_by", "target_on", "due_on", "extended_at", "escalated_at", "closed_at",
                "closed_by", "capacity", "repeats", "is_charged", "suspended_until", "case_id",
                "refusal", "identity_how", "carried_out",
            )
        }  # fmt: skip

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whether it is about a patient or a colleague."""
        return SubjectKind(self.subject_of)
