"""How a patient is reached, and the numbers others know the patient by: open, masked or left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from patients import names
from patients.models import Patient, Relation
from patients.queries import wording
from patients.queries.chart import Chart
from security.access.permissions import Permission
from security.sealing import SealBroken

IDENTIFIERS = "identifiers"
KINDS = dict(Relation.Kind.choices)
_BROKEN = {"value": "", "masked": False, "reveal_url": None, "field": "", "broken": True}
_PHONES = {"phone", "sms", "fax", "pager", None}


def contacts(chart: Chart) -> list[dict[str, Any]] | None:
    """Return the ways to reach a patient; masked for whoever sees the person masked."""
    if not chart.may(Permission.DEMOGRAPHICS_READ, Permission.DEMOGRAPHICS_READ_MASKED):
        return None
    called = [] if chart.is_masked else list(_called(chart.patient))
    try:
        return [*_contacts(chart.patient, is_masked=chart.is_masked), *called]
    except SealBroken:
        return [_BROKEN | {"label": gettext("Contact")}, *called]


def _called(patient: Patient) -> Iterator[dict[str, Any]]:
    """Yield whom to call in an emergency; a relative who is a patient here is named on the contacts page."""
    label, today = gettext("Emergency contact"), timezone.localdate()
    for row in Relation.objects.filter(patient=patient, related__isnull=True).order_by("pk"):
        try:
            if row.is_emergency_contact and row.holds_on(today):
                phones = (one.get("value") for one in wording.parts(row.telecoms))
                words = [names.display(row.names), *phones]
                kind = str(KINDS.get(row.kind or "", ""))
                shown = ", ".join(word for word in words if word)
                yield _item(_labelled(label, kind), shown, is_masked=False)
        except SealBroken:
            yield _BROKEN | {"label": label}


def _contacts(patient: Patient, *, is_masked: bool) -> Iterator[dict[str, Any]]:
    for contact in wording.parts(patient.telecoms):
        value = contact.get("value")
        if isinstance(value, str) and value:
            shown = _masked_contact(contact) if is_masked else value
            yield _item(_contact_label(contact), shown, is_masked=is_masked)
    for address in wording.parts(patient.addresses):
        shown = names.MASK if is_masked else address_text(address)
        yield _item(_with_use(gettext("Address"), address), shown, is_masked=is_masked)
    for person in () if is_masked else wording.parts(patient.contacts):
        yield _item(_relation(person), _contact_person(person), is_masked=False)


def _item(label: str, value: str, *, is_masked: bool) -> dict[str, Any]:
    return {
        "label": label,
        "value": value,
        "masked": is_masked,
        "reveal_url": None,
        "field": "",
        "broken": False,
    }


def _contact_label(contact: Mapping[str, Any]) -> str:
    system = contact.get("system")
    return _with_use(wording.word(wording.CONTACT_KINDS, system) or gettext("Contact"), contact)


def _with_use(label: str, value: Mapping[str, Any]) -> str:
    use = wording.word(wording.CONTACT_USES, value.get("use"))
    return f"{label} ({use})" if use else label


def _masked_contact(contact: Mapping[str, Any]) -> str:
    return names.masked_phone(contact["value"]) if contact.get("system") in _PHONES else names.MASK


def address_text(address: Mapping[str, Any]) -> str:
    """Return an address on one line."""
    written = address.get("text")
    if isinstance(written, str) and written:
        return written
    lines = [line for line in address.get("line") or () if isinstance(line, str)]
    known = ("city", "district", "state", "postalCode", "country")
    places = [address[name] for name in known if isinstance(address.get(name), str)]
    return ", ".join(filter(None, (*lines, *dict.fromkeys(places))))


def _relation(person: Mapping[str, Any]) -> str:
    relation = "; ".join(map(wording.concept, wording.parts(person.get("relationship"))))
    return _labelled(gettext("Contact person"), relation)


def _labelled(label: str, more: str) -> str:
    return f"{label} ({more})" if more else label


def _contact_person(person: Mapping[str, Any]) -> str:
    ways = [one.get("value") for one in wording.parts(person.get("telecom"))]
    found = [names.display(wording.parts(person.get("name"))), *ways]
    return ", ".join(part for part in found if isinstance(part, str) and part)


def identifiers(chart: Chart) -> list[dict[str, Any]] | None:
    """Return the numbers of a patient, masked for everybody; revealed one by one to those who may."""
    if not chart.may(Permission.IDENTIFIERS_READ, Permission.IDENTIFIERS_READ_MASKED):
        return None
    reveals = chart.may(Permission.IDENTIFIERS_READ)
    url = reverse("patients:reveal", args=[chart.patient.pk]) if reveals else None
    try:
        return [
            _item(label, names.masked_identifier(value), is_masked=True)
            | {"field": field, "reveal_url": url}
            for field, label, value in numbers(chart.patient)
        ]
    except SealBroken:
        return [_BROKEN | {"label": gettext("Numbers")}]


def numbers(patient: Patient) -> Iterator[tuple[str, str, str]]:
    """Yield field key, label and value of a patient's identifiers; the record number is shown apart."""
    record_number = patient.record_number
    for place, identifier in enumerate(wording.parts(patient.identifiers)):
        value = identifier.get("value")
        if isinstance(value, str) and value and value != record_number:
            yield f"{IDENTIFIERS}.{place}", _number_label(identifier), value


def number_words(identifier: Mapping[str, Any]) -> str:
    """Return a number in the clear, after what it is."""
    return f"{_number_label(identifier)}: {identifier.get('value', '')}"


def _number_label(identifier: Mapping[str, Any]) -> str:
    known = [code for code in wording.codes(identifier.get("type")) if code in wording.NUMBERS]
    if known:
        return str(wording.NUMBERS[known[0]])
    return wording.concept(identifier.get("type")) or gettext("Number")
