"""Two records side by side before they are joined, and what goes back before they are taken apart."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients import merging
from patients.models import Merge, Patient, PortalAccount
from patients.names import display, full
from patients.queries import details, people, subjects, versions, wording
from patients.queries.duplicates import Found, Probe, find, rows
from security.models import User

LABELS: dict[str, Promise] = {
    "names": gettext_lazy("Names"),
    "birth_on": gettext_lazy("Date of birth"),
    "sex": gettext_lazy("Sex"),
    "record_number": gettext_lazy("Record number"),
    "identifiers": gettext_lazy("Numbers"),
    "telecoms": gettext_lazy("Contact"),
    "addresses": gettext_lazy("Addresses"),
    "language": gettext_lazy("Language spoken"),
    "marital_status": gettext_lazy("Marital status"),
    "deceased": gettext_lazy("Deceased"),
    "confidentiality": gettext_lazy("Confidentiality"),
}
Shown = dict[str, Any]


def candidates(user: User, patient: Patient) -> list[Shown]:
    """Return who may be the same person as a patient, each with the address of the preview."""
    found: list[Found] = find(user, Probe.of_patient(patient))
    return [
        row | {"url": reverse("patients:merge", args=[patient.pk, row["id"]])}
        for row in rows(found)
    ]


def conflicts(survivor: Patient, absorbed: Patient) -> list[tuple[str, Promise]]:
    """Return the fields of which somebody must say whose value counts."""
    return [(key, LABELS[key]) for key in merging.conflicts(survivor, absorbed)]


def preview(survivor: Patient, absorbed: Patient) -> Shown:
    """Return both records field by field, and what moves with the one that is taken in."""
    conflicting = merging.conflicts(survivor, absorbed)
    sides = [_worded(row) for row in (survivor, absorbed)]
    together = dict.fromkeys(merging.JOINED, True)
    accounts = PortalAccount.objects.in_force().filter(patient=absorbed)
    return {
        "survivor": display(survivor.names),
        "absorbed": display(absorbed.names),
        "rows": [
            {
                "label": label,
                "survivor": sides[0][key],
                "absorbed": sides[1][key],
                "differs": sides[0][key] != sides[1][key],
                "asked": key in conflicting,
                "joined": key in together,
            }
            for key, label in LABELS.items()
            if sides[0][key] or sides[1][key]
        ],
        "entries": subjects.count(absorbed.pk),
        "accounts": accounts.count(),
        "swap_url": reverse("patients:merge", args=[absorbed.pk, survivor.pk]),
    }


def open_merge(patient_id: UUID, merge_id: UUID) -> Merge:
    """Return a merge that can be undone; raise Merge.DoesNotExist."""
    found: Merge = Merge.objects.select_related("absorbed").get(
        pk=merge_id, patient_id=patient_id, undone_at__isnull=True
    )
    return found


def undo_preview(merge: Merge, survivor: Patient) -> Shown:
    """Return what goes back to the record that was taken in, and what stays."""
    before = versions.at(survivor, merge.survivor_version)
    after = versions.at(survivor, merge.survivor_version + 1)
    now, then = _worded(survivor), _worded_apart(before, after, survivor)
    written = subjects.count(survivor.pk, since=Q(created_at__gt=merge.merged_at))
    return {
        "absorbed": display(merge.absorbed.names),
        "number": merge.absorbed.record_number or "",
        "at": merge.merged_at,
        "reason": merge.reason or "",
        "rows": [
            {"label": label, "now": now[key], "then": then[key]}
            for key, label in LABELS.items()
            if now[key] != then[key]
        ],
        "entries": sum(len(ids) for ids in (merge.moved or {}).values()),
        "written_since": written,
    }


def _worded_apart(before: Patient, after: Patient, now: Patient) -> dict[str, str]:
    return _words(merging.taken_apart(before, after, now))


def _worded(patient: Patient) -> dict[str, str]:
    return _words({name: getattr(patient, name) for name in merging.FIELDS})


def _words(fields: dict[str, Any]) -> dict[str, str]:
    """Return each field as text, the parts of lists on lines of their own."""
    language, sex = fields["language"], fields["sex"]
    died_at = fields["deceased_at"]
    died = date_format(died_at) if died_at else _("Yes")
    level = fields["confidentiality"]
    return {
        "names": _lines(map(full, wording.parts(fields["names"]))),
        "birth_on": people.birth(fields["birth_on"], fields["birth_precision"]),
        "sex": str(people.SEXES.get(sex or "", "")),
        "record_number": fields["record_number"] or "",
        "identifiers": _lines(map(details.number_words, wording.parts(fields["identifiers"]))),
        "telecoms": _lines(one.get("value") for one in wording.parts(fields["telecoms"])),
        "addresses": _lines(map(details.address_text, wording.parts(fields["addresses"]))),
        "language": wording.language(language),
        "marital_status": wording.concept(fields["marital_status"]),
        "deceased": died if fields["deceased"] else "",
        "confidentiality": str(people.CONFIDENTIALITIES.get(level, level)),
    }


def _lines(values: Any) -> str:
    return "\n".join(str(value) for value in values if value)
