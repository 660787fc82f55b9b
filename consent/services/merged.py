"""What a merge of two records may not join; what was said of either stays with it and is read with both."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from consent.models import ProcessingRestriction, ScopeOutcome
from patients.services import merges

Kind = ProcessingRestriction.Kind


def follow(survivor_id: UUID, absorbed_id: UUID) -> None:
    """Refuse to join what was erased or is only stored."""
    both = [survivor_id, absorbed_id]
    stored = ProcessingRestriction.objects.in_force().filter(kind=Kind.STORAGE, patient_id__in=both)
    if ScopeOutcome.objects.filter(patient_id__in=both).exists() or stored.exists():
        raise merges.Impossible(_("One of these records was erased, or its data are only stored."))


def install() -> None:
    """Follow every merge of two records; called once at start-up."""
    merges.followers.append(follow)
