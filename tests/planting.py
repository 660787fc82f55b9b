"""Rows of every sealed model that is about a patient or a deed of staff, filled with what a test looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from consent.models import Consent, Erasure, ProcessingPurpose, Recipient, RightsRequest, State
from engagement.models import (
    Appointment,
    Campaign,
    ContactPreference,
    Lead,
    Segment,
    Service,
    Survey,
    Task,
    Thread,
    ThreadMessage,
)
from patients.models import Invoice, Note, Patient
from security.ids import new_id
from security.models import User
from security.sealing import SealedModel
from security.sealing.register import sealed_models
from tests import world

# What others point to comes first.
FIRST = (Note, Invoice, RightsRequest, Thread, ThreadMessage, Appointment)
# Of these a person has one that is not over at a time.
OVER: dict[type[SealedModel], dict[str, Any]] = {
    Erasure: {"state": "done"},
    Task: {"plan": None},
    Thread: {"state": "patient"},
    # Taken over into the record.
    Lead: {"state": "won"},
}
# A person has one of these.
ONE: tuple[type[SealedModel], ...] = (ContactPreference,)
ABOUT = {
    "patient", "requested_by", "clerk", "acting_for", "opened_by", "due_at", "dedupe_key", "made_by",
    "asked_by", "report",
}  # fmt: skip


def rows(
    patient: Patient, account: User, fill: Callable[[SealedModel], Any]
) -> Iterator[SealedModel]:
    """Yield one filled and saved row of each sealed model that has a patient or somebody who asked."""
    columns = columns_for(patient, account)
    for model in sorted(sealed_models(), key=_rank):
        names = {field.name for field in model._meta.concrete_fields}
        if model in ONE and model._base_manager.filter(patient=patient).exists():
            continue
        if names & ABOUT:
            known = {name: columns[name] for name in names & set(columns)}
            row = model(**known | OVER.get(model, {}))
            fill(row)
            row.save()
            columns.setdefault(model.seal_label.rpartition(".")[2], row)
            yield row


def _rank(model: type[SealedModel]) -> int:
    return FIRST.index(model) if model in FIRST else len(FIRST)  # type: ignore[arg-type]


def columns_for(patient: Patient, account: User) -> dict[str, Any]:
    """Return what the columns of those models need, by their names."""
    now, day = timezone.now(), timezone.localdate()
    people = dict.fromkeys(
        ("user", "author", "uploaded_by", "acting_for", "requested_by", "clerk", "taken_by", "asked_by", "proposed_by"),
        account,
    )  # fmt: skip
    return people | {
        "patient": patient, "occurred_at": now, "template": "soap", "form": "note", "target_id": new_id(),
        "label": "patients.condition", "row_id": new_id(), "row_version": 1, "file_id": new_id(), "size": 1,
        "absorbed": Patient.objects.create(names=[{"text": "Somebody"}]),
        "asked_of": world.person("nurse", name="Somebody"),
        "session": "a" * 64, "code": "life", "ends_at": now + timedelta(hours=1),
        "amount": 1, "counted": 1, "expected": 1, "currency": "CNY", "day": day,
        "received_on": day,
        "event_id": new_id(), "actor_id": account.pk, "subject_id": patient.pk, "due_at": now,
        "opened_by": account, "assigned_to": account, "number": new_id().hex[:20],
        "dedupe_key": new_id().hex, "made_by": account, "other_id": patient.pk,
        "starts_on": day, "ends_on": day, "first_on": day, "last_on": day, "starts_at": now, "until": now, "zone": "UTC",
        "due_on": day, "delete_on": day, "expires_at": now + timedelta(days=1), "survey": _survey(),
        "clinician": account, "service": Service.objects.create(name=f"Planted {new_id().hex}"),
        "given_at": now, "unit": world.team(f"Planted {new_id().hex}"), "consent": _consent(patient), "recipient": _recipient(),
        "processing": ProcessingPurpose.objects.create(key=f"planted-{new_id().hex[:20]}"),
        "campaign": _campaign(),
        "plan": {"subjects": [str(patient.pk)], "scopes": [], "loose": {}, "holds": []},
    }  # fmt: skip


def _survey() -> Survey:
    """Return a survey that is over, so that there may be others."""
    return Survey.objects.create(
        title="Planted", title_zh="Planted", intro="", intro_zh="", is_active=False
    )


def _campaign() -> Campaign:
    """Return a campaign that nobody agreed to."""
    segment = Segment.objects.create(name="Planted")
    return Campaign.objects.create(name="Planted", lane="tips", channel="email", segment=segment)


def _recipient() -> Recipient:
    """Return somebody outside to whom data may go."""
    return Recipient.objects.create(key=f"planted-{new_id().hex[:20]}", kind="other", country="DE")


def _consent(patient: Patient) -> Consent:
    """Return where a purpose stands that no deed knows of."""
    purpose = ProcessingPurpose.objects.create(key=f"planted-{new_id().hex[:20]}")
    return Consent.objects.create(
        patient=patient, purpose=purpose, state=State.GRANTED, since=timezone.now()
    )
