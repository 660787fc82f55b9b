"""The record of one patient as a FHIR R4 Bundle (GDPR 20, 45 CFR 164.524(c)(2), NDR 25)."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from consent.models import Consent, State
from consent.queries import absent
from patients.fhir import export
from patients.fhir.mapping import RECORD_SHAPES
from patients.models import (
    BillingAttachment,
    ClinicalAttachment,
    Document,
    Invoice,
    Note,
    NoteAddendum,
    Patient,
    Relation,
)
from security.people import called
from security.sealing import SealBroken

Resource = dict[str, Any]
# A reference to a row of ours; one to a resource of the source has the source's id and stays.
REFERENCE = re.compile(r"(Patient|Encounter)/([0-9a-f-]{36})\Z")
ROLE_CODES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
CONSENT_SCOPES = "http://terminology.hl7.org/CodeSystem/consentscope"
CONSENT_STATES = {
    State.GRANTED: "active",
    State.DECLINED: "rejected",
    State.INVALID: "entered-in-error",
}
NOTE_STATES = {
    Note.Status.OPEN: "preliminary",
    Note.Status.SIGNED: "final",
    Note.Status.MISTAKEN: "entered-in-error",
}


@dataclass(slots=True)
class Collected:
    """The resources of a record, what our ids became, and what could not be opened."""

    resources: list[Resource] = field(default_factory=list)
    ids: dict[UUID, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def of(patient_ids: Collection[UUID], files: Mapping[UUID, str]) -> tuple[Resource, list[str]]:
    """Return the bundle of a record, and which rows do not open; `files` names the file of a document."""
    found = Collected()
    for row in _shaped(patient_ids):
        _collect(found, row, export.resource_of)
    for row in Document.objects.filter(patient_id__in=patient_ids).order_by("occurred_at", "pk"):
        _collect(found, row, lambda one: _document(one, files.get(one.pk, "")))
    for model, build in OTHERS:
        for row in model._default_manager.filter(patient_id__in=patient_ids).order_by("pk"):
            _collect(found, row, build)
    entries = [
        {
            "fullUrl": f"urn:uuid:{resource['id']}",
            "resource": _pointed(absent.marked(resource), found.ids),
        }
        for resource in found.resources
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": _instant(timezone.now()),
        "entry": entries,
    }
    return bundle, found.broken


def dumps(value: Any) -> str:
    """Return JSON in which a decimal keeps the digits it was written with."""
    mark = secrets.token_hex(8)

    def exact(one: Any) -> str:
        if isinstance(one, Decimal):
            return f"{mark}{one}"
        raise TypeError(type(one).__name__)

    text = json.dumps(value, default=exact, ensure_ascii=False, indent=1)
    return re.sub(f'"{mark}([-+0-9.eE]+)"', r"\1", text)


def _shaped(patient_ids: Collection[UUID]) -> Iterator[Any]:
    yield from Patient._base_manager.filter(pk__in=patient_ids).order_by("merged_into_id", "pk")
    models: tuple[Any, ...] = (
        *(shape.model for shape in RECORD_SHAPES), ClinicalAttachment, BillingAttachment,
    )  # fmt: skip
    for model in models:
        rows = model._default_manager.filter(patient_id__in=patient_ids)
        yield from rows.order_by("occurred_at", "pk")


def _collect(found: Collected, row: Any, build: Any) -> None:
    try:
        resource = build(row)
    except SealBroken:
        found.broken.append(f"{row._meta.label_lower} {row.pk}")
        return
    resource.setdefault("id", str(row.pk))
    found.ids[row.pk] = resource["id"]
    found.resources.append(resource)


def _pointed(value: Any, ids: Mapping[UUID, str]) -> Any:
    """Return a resource whose references to rows of ours lead to entries of the bundle."""
    if isinstance(value, dict):
        return {
            name: _reference(part, ids) if name == "reference" else _pointed(part, ids)
            for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_pointed(part, ids) for part in value]
    return value


def _reference(text: Any, ids: Mapping[UUID, str]) -> Any:
    match = REFERENCE.match(text) if isinstance(text, str) else None
    if match is None or UUID(match[2]) not in ids:
        return text
    return f"urn:uuid:{ids[UUID(match[2])]}"


def _of(row: Any) -> Resource:
    return {"reference": f"Patient/{row.patient_id}"}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(kind: str, text: str) -> Resource:
    return {"contentType": kind, "data": base64.b64encode(text.encode()).decode()}


def _document(row: Document, file: str) -> Resource:
    attachment: Resource = {"contentType": row.media_type, "size": row.size}
    title = row.restricted_title or row.title
    attachment |= {"title": title} if title else {}
    attachment |= {"url": file} if file else {}
    resource = {
        "resourceType": "DocumentReference",
        "status": "entered-in-error" if row.withdrawn_at else "current",
        "type": {"text": str(row.get_kind_display())},
        "subject": _of(row),
        "content": [{"attachment": attachment}],
    }
    return resource | ({"date": _instant(row.occurred_at)} if row.occurred_at else {})


def _note(row: Note) -> Resource:
    if row.is_protected:
        row.uncover()
    text = "\n\n".join(f"{name}: {said}" for name, said in (row.sections or {}).items())
    resource = {
        "resourceType": "DocumentReference",
        "status": "entered-in-error" if row.status == Note.Status.MISTAKEN else "current",
        "docStatus": NOTE_STATES[Note.Status(row.status)],
        "type": {"text": str(row.get_template_display())},
        "subject": _of(row),
        "author": [{"display": called(row.author)}],
        "content": [{"attachment": _text("text/plain; charset=utf-8", text)}],
    }
    resource |= {"description": row.title} if row.title else {}
    return resource | ({"date": _instant(row.occurred_at)} if row.occurred_at else {})


def _addendum(row: NoteAddendum) -> Resource:
    if row.is_protected:
        row.uncover()
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final",
        "subject": _of(row),
        "author": [{"display": called(row.author)}],
        "relatesTo": [
            {"code": "appends", "target": {"reference": f"urn:uuid:{row.note_id}"}},
        ],
        "content": [{"attachment": _text("text/plain; charset=utf-8", row.text or "")}],
    }


def _relation(row: Relation) -> Resource:
    resource: Resource = {"resourceType": "RelatedPerson", "patient": _of(row), "active": True}
    if row.kind:
        resource["relationship"] = [{"coding": [{"system": ROLE_CODES, "code": row.kind}]}]
    resource |= {"name": list(row.names)} if row.names else {}
    resource |= {"telecom": list(row.telecoms)} if row.telecoms else {}
    period = {
        name: at.isoformat()
        for name, at in (("start", row.starts_on), ("end", row.ends_on))
        if at is not None
    }
    return resource | ({"period": period} if period else {})


def _invoice(row: Invoice) -> Resource:
    resource: Resource = {
        "resourceType": "Invoice",
        "status": "draft" if row.status == Invoice.Status.DRAFT else "issued",
        "subject": _of(row),
        "totalGross": {"value": row.total, "currency": row.currency},
        "lineItem": [
            {"sequence": place, "chargeItemCodeableConcept": {"text": line["name"]}}
            for place, line in enumerate(row.lines or (), 1)
        ],
    }
    resource = {name: value for name, value in resource.items() if value != []}
    return resource | ({"date": row.issued_on.isoformat()} if row.issued_on else {})


def _consent(row: Consent) -> Resource:
    permit = "permit" if row.state == State.GRANTED else "deny"
    period = {"start": _instant(row.since)}
    return {
        "resourceType": "Consent",
        "status": CONSENT_STATES.get(State(row.state), "inactive"),
        "scope": {"coding": [{"system": CONSENT_SCOPES, "code": "patient-privacy"}]},
        "category": [{"text": row.purpose.name or row.purpose.key}],
        "patient": _of(row),
        "dateTime": _instant(row.since),
        "policyRule": {"text": row.purpose.key},
        "provision": {
            "type": permit,
            "period": period | ({"end": _instant(row.until)} if row.until else {}),
        },
    }


OTHERS: tuple[tuple[Any, Any], ...] = (
    (Note, _note),
    (NoteAddendum, _addendum),
    (Relation, _relation),
    (Invoice, _invoice),
    (Consent, _consent),
)
