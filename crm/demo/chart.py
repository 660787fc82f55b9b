"""The growing chart of one patient: a FHIR R4 transaction bundle, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from crm.demo.almanac import Almanac
from crm.demo.concepts import Concept
from crm.demo.people import Person

SYSTEM = "https://clinic.demo.example"
TAG = {"system": f"{SYSTEM}/tags", "code": "generated"}
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
RESTRICTED = {"system": CONFIDENTIALITY, "code": "R", "display": "restricted"}
Resource = dict[str, Any]


@dataclass
class Visit:
    """One encounter as the entries around it need it."""

    ref: str
    starts_at: datetime
    kind: Concept
    share: float
    doctor: str
    reasons: list[str] = field(default_factory=list)
    panels: set[str] = field(default_factory=set)
    lines: list[tuple[Concept, int]] = field(default_factory=list)

    def after(self, minutes: int) -> str:
        """Tell an instant of the visit."""
        return (self.starts_at + timedelta(minutes=minutes)).isoformat()

    @property
    def starts(self) -> str:
        """Tell when the visit began."""
        return self.starts_at.isoformat()


class Chart:
    """Collects the resources of one person; the same person gives the same identities always."""

    def __init__(self, person: Person, almanac: Almanac) -> None:
        """Open an empty chart."""
        self.person, self.almanac, self.dice = person, almanac, person.dice
        self.birth_on = person.birth_on(almanac)
        self.entries: list[Resource] = []
        self.counts: dict[str, int] = {}
        self.days_taken: set[int] = set()
        self.medicines: set[Concept] = set()
        self.patient = ""
        self.coverage = ""
        self.clinic = ""
        self.doctors: dict[str, str] = {}

    def add(
        self, kind: str, body: Resource, *, key: str = "", labels: Sequence[Resource] = ()
    ) -> str:
        """Add a resource and tell the reference by which others name it."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        name = key or f"{self.person.key}/{self.counts[kind]}"
        identity = str(uuid5(NAMESPACE_URL, f"{SYSTEM}/{kind}/{name}"))
        meta: Resource = {"tag": [dict(TAG)]}
        if labels:
            meta["security"] = [dict(label) for label in labels]
        resource = {"resourceType": kind, "id": identity, "meta": meta, **body}
        self.entries.append(
            {
                "fullUrl": f"urn:uuid:{identity}",
                "resource": resource,
                "request": {"method": "POST", "url": kind},
            }
        )
        return f"urn:uuid:{identity}"

    def about(self, visit: Visit | None = None, *, name: str = "subject") -> Resource:
        """Tell whom, and which visit, a resource is about."""
        body: Resource = {name: {"reference": self.patient}}
        if visit:
            body["encounter"] = {"reference": visit.ref}
        return body

    def bundle(self) -> Resource:
        """Close the chart as a transaction bundle."""
        return {"resourceType": "Bundle", "type": "transaction", "entry": self.entries}
