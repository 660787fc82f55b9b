"""Who belongs to the demo's patients: parents who decide for their children, a son for his father."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from crm.demo.people import Person
from patients.models import Relation
from patients.services import relations

KINDS = {
    "mother": Relation.Kind.MOTHER,
    "father": Relation.Kind.FATHER,
    "son": Relation.Kind.CHILD,
}


def record(person: Person, patient_id: UUID) -> None:
    """Record the one relative whom the roster names."""
    if person.kin is None:
        return
    name, tie = person.kin
    # Ranges that are kept for fiction, as at the front desk.
    number = person.number % 1000
    phone = f"+86154000{9000 + number:05d}" if person.origin == "CN" else f"+447700900{number:03d}"
    is_child = person.age < settings.GUARDIAN_AGE
    fields = {
        "kind": KINDS[tie],
        "names": [{"text": name}],
        "telecoms": [{"system": "phone", "value": phone}],
        "is_emergency_contact": True,
        "is_guardian": is_child,
        "is_legal_representative": False,
        "shares_home": is_child,
    }
    relations.add(patient_id=patient_id, related_id=None, fields=fields, by=None)
