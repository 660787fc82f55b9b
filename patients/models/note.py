"""What clinicians write about a patient: notes, signed once and then only added to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models.protected import Protectable
from patients.models.record import EncounterRecord, PatientRecord
from security.models import User
from security.sealing import Plain, SealedJSON, SealedText


class Note(Protectable, EncounterRecord):
    """One note of one author about `occurred_at`: open to its author until it is signed, then final."""

    class Template(models.TextChoices):
        """The form a note is written in; each has its own sections."""

        SOAP = "soap", _("SOAP note")
        PHONE = "phone", _("Phone call")
        VISIT = "visit", _("Visit note")
        FREE = "free", _("Free text")

    class Status(models.TextChoices):
        """Where a note stands; nothing leads back from signed."""

        OPEN = "open", _("Not signed")
        SIGNED = "signed", _("Signed")
        MISTAKEN = "mistaken", _("Entered in error")

    seal_label = "patients.note"

    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    template = models.CharField(max_length=8, choices=Template.choices)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    title = SealedText(level=4, purpose="care", card=True)
    # {key of a section: text}
    sections = SealedJSON(level=4, purpose="care")
    mistake = SealedText(level=4, purpose="care")

    class Meta(EncounterRecord.Meta):
        verbose_name, verbose_name_plural = _("note"), _("notes")
        constraints = (
            *EncounterRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True, signed_by__isnull=True)
                | Q(signed_at__isnull=False, signed_by__isnull=False),
                name="patients_note_signed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="signed") | Q(signed_at__isnull=False),
                name="patients_note_signed_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="open") | Q(signed_at__isnull=True),
                name="patients_note_open_is_unsigned",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="care")
            for name in ("author", "template", "status", "signed_at", "signed_by")
        }


class NoteAddendum(Protectable, PatientRecord):
    """What somebody adds to a signed note; signed by being sent, at `occurred_at`."""

    seal_label = "patients.note_addendum"

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="addenda")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    text = SealedText(level=4, purpose="care")

    class Meta(PatientRecord.Meta):
        verbose_name, verbose_name_plural = _("addendum"), _("addenda")

    class Privacy:
        plain = {name: Plain(level=3, purpose="care") for name in ("note", "author")}
