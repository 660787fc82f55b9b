"""Conversations between a patient and the clinic: what was written is sealed and never changed."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from security.classification import Plain
from security.models import Unit, User
from security.sealing import Category, Scope, SealedModel, SealedQuerySet, SealedText


class ThreadQuerySet(SealedQuerySet["Thread"]):
    """Queries over conversations."""

    def open(self) -> Self:
        """Keep conversations that somebody still has to answer."""
        return self.exclude(state=Thread.State.DONE)


class Thread(SealedModel):
    """One conversation with a patient, in the inbox of a unit; closed and taken up again, never deleted."""

    class State(models.TextChoices):
        """Whose turn it is."""

        US = "us", _("Waiting for us")
        PATIENT = "patient", _("Waiting for the patient")
        DONE = "done", _("Done")

    category, scope, seal_label = Category.MESSAGES, Scope.ENGAGEMENT, "engagement.thread"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    # The inbox.
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=7, choices=State.choices)
    assignee = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    last_at = models.DateTimeField(default=timezone.now)
    # Since when a word of the patient has no answer.
    waiting_since = models.DateTimeField(null=True)
    # The first word of the patient, and the first answer to it.
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    escalated_at = models.DateTimeField(null=True)

    subject = SealedText(level=4, purpose="communication")

    objects = ThreadQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("conversation"), _("conversations")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False)
                | (~Q(state="done") & Q(done_at__isnull=True)),
                name="engagement_thread_done",
            ),
            models.CheckConstraint(
                condition=Q(state="us", waiting_since__isnull=False)
                | (~Q(state="us") & Q(waiting_since__isnull=True)),
                name="engagement_thread_waiting",
            ),
        )
        indexes = (
            models.Index(fields=["unit", "-last_at"], name="engagement_thread_inbox"),
            models.Index(
                fields=["assignee"], condition=~Q(state="done"), name="engagement_thread_mine"
            ),
            models.Index(
                fields=["waiting_since"], condition=Q(state="us"), name="engagement_thread_late"
            ),
            models.Index(fields=["patient", "-last_at"], name="engagement_thread_patient"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="communication")
            for name in (
                "patient", "unit", "state", "assignee", "opened_at", "opened_by", "last_at",
                "waiting_since", "asked_at", "answered_at", "done_at", "done_by", "escalated_at",
            )
        }  # fmt: skip


class ThreadMessage(SealedModel):
    """One message, note or step of a conversation; the database refuses to change it."""

    class Kind(models.TextChoices):
        """Who speaks, and to whom."""

        PATIENT = "patient", _("From the patient")
        TEAM = "team", _("From the clinic")
        NOTE = "note", _("Internal note")
        # What happened to the conversation; its words are made for each reader from `code`.
        STEP = "step", _("Step")

    class Code(models.TextChoices):
        """What happened to a conversation."""

        ASSIGNED = "assigned", _("Given to a colleague")
        TAKEN_BACK = "taken_back", _("Given to nobody in particular")
        HANDED_OVER = "handed_over", _("Handed over")
        DONE = "done", _("Marked as done")
        REOPENED = "reopened", _("Taken up again")

    # Steps that the patient sees as well; the others are the clinic's own affair.
    FOR_EVERYBODY = ("done", "reopened")

    category, scope, seal_label = Category.MESSAGES, Scope.ENGAGEMENT, "engagement.message"
    subject_field = "patient_id"
    goes_with = "thread"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    code = models.CharField(max_length=12, choices=Code.choices, blank=True, default="")
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # Whom or which inbox a step concerns.
    to_user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    to_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    # By which way the patient was told that something waits; empty: by none.
    told_by = models.CharField(max_length=12, blank=True, default="")

    text = SealedText(level=4, purpose="communication", blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("message"), _("messages")
        indexes = (
            models.Index(fields=["thread", "written_at"], name="engagement_message_order"),
            models.Index(fields=["patient", "-written_at"], name="engagement_message_patient"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="communication")
            for name in (
                "patient", "thread", "kind", "code", "written_at", "author", "to_user", "to_unit",
                "told_by",
            )
        }  # fmt: skip


class ThreadAttachment(SealedModel):
    """A file that came with a message, sealed on the disk under a key that lies in this row's envelope."""

    category, scope, seal_label = Category.MESSAGES, Scope.ENGAGEMENT, "engagement.attachment"
    subject_field = "patient_id"
    goes_with = "message"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(ThreadMessage, on_delete=models.PROTECT, related_name="attachments")
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    pages = models.PositiveSmallIntegerField(default=1)
    scan = models.CharField(max_length=16, default="not_scanned")
    file_id = models.UUIDField()

    filename = SealedText(level=4, purpose="communication")
    sha256 = SealedText(level=3, purpose="integrity")
    file_key = SealedText(level=4, purpose="communication")

    class Meta:
        verbose_name, verbose_name_plural = _("attachment"), _("attachments")
        indexes = (models.Index(fields=["message"], name="engagement_attachment_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="communication")
            for name in ("patient", "message", "media_type", "size", "pages", "scan", "file_id")
        }


class ThreadParticipant(SealedModel):
    """Somebody in a conversation: whether the person takes part, and how far it was read."""

    category, scope, seal_label = Category.MESSAGES, Scope.ENGAGEMENT, "engagement.participant"
    subject_field = "patient_id"
    goes_with = "thread"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="participants")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # Whoever wrote, was given it or closed it; a member of the inbox who only looked does not.
    takes_part = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("participant of a conversation")
        verbose_name_plural = _("participants of conversations")
        constraints = (
            models.UniqueConstraint(
                fields=["thread", "user"], name="engagement_threadparticipant_one"
            ),
        )
        indexes = (models.Index(fields=["user", "patient"], name="engagement_participant_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="communication")
            for name in ("patient", "thread", "user", "takes_part", "joined_at", "read_at")
        }
        operational = ("read_at",)
