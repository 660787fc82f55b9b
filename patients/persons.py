"""What audit asks about the people in the trail, answered from the records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import persons, printing
from audit.persons import Addressee, Emergency, Register, Shown
from patients import demographics
from patients.models import BreakGlass, Patient, PortalAccount, StaffLink
from patients.names import display, masked_name
from patients.queries import people
from patients.queries.kinds import KINDS
from patients.services import case_access
from security.classification import Category
from security.models import User
from security.sealing import SealBroken


def heirs(ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Return where the record of each of these patients is kept now."""
    rows = Patient._base_manager.filter(pk__in=list(ids)).values_list("pk", "merged_into_id")
    return {patient: heir or patient for patient, heir in rows}


def former(patient_id: UUID) -> Collection[UUID]:
    """Return a record and those that were merged into it."""
    merged = Patient._base_manager.filter(merged_into_id=patient_id).values_list("pk", flat=True)
    return [patient_id, *merged]


def shown(reader: User, ids: Collection[UUID]) -> Mapping[UUID, Shown]:
    """Return how a reader sees these patients; a merged one as the record that took its place."""
    places = heirs(ids)
    patients = Patient.objects.filter(pk__in=set(places.values())).only(*people.CARD)
    seen = people.sights(reader, [patient.pk for patient in patients])
    rows = {one.pk: people.row(one, seen[one.pk]) for one in patients if one.pk in seen}
    return {
        one: Shown(row["name"], row["url"])
        for one, heir in places.items()
        if (row := rows.get(heir)) is not None and not row["broken"]
    }


def name(patient_id: UUID, is_clear: bool) -> str:
    """Return a patient's name, in the clear or masked; raise LookupError where nobody is called so."""
    patient = Patient._base_manager.filter(pk=patient_id).first()
    if patient is None:
        raise LookupError(patient_id)
    try:
        names = patient.names
    except SealBroken:
        return ""
    return display(names) if is_clear else masked_name(names)


def kept_from(
    user_ids: Collection[UUID], patient_ids: Collection[UUID]
) -> Collection[tuple[UUID, UUID]]:
    """Return who must stay out of which of these records: the own one, and close family's."""
    places = heirs(patient_ids)
    links = StaffLink.objects.in_force().filter(
        user_id__in=user_ids, patient_id__in={*patient_ids, *places.values()}
    )
    return list(links.values_list("user_id", "patient_id"))


def account_of(patient_id: UUID) -> User | None:
    """Return the patient's own account, or nothing; representatives are told by the clinic."""
    own = PortalAccount.objects.in_force().filter(
        patient_id=heirs([patient_id]).get(patient_id, patient_id),
        capacity=PortalAccount.Capacity.SELF,
        user__is_active=True,
    )
    row = own.select_related("user").first()
    return row.user if row else None


def emergency(glass_id: UUID) -> Emergency | None:
    """Return what was said when a glass was broken; the reason is opened, and so read."""
    row = BreakGlass.objects.filter(pk=glass_id).first()
    if row is None:
        return None
    try:
        reason = row.reason
    except SealBroken:
        reason = None
    return Emergency(str(row.get_code_display()), reason, row.starts_at, row.ends_at)


def addressee(patient_id: UUID) -> Addressee | None:
    """Return where a letter to a patient goes and in which language the person reads it."""
    place = heirs([patient_id]).get(patient_id, patient_id)
    patient = Patient._base_manager.filter(pk=place).first()
    if patient is None:
        return None
    try:
        spoken = str(patient.language or "").lower()
        lines = demographics.postal(patient.addresses)
        names = {code: _called(patient, django) for code, django in printing.LANGUAGES.items()}
        return Addressee(names, lines, "zh" if spoken.startswith("zh") else "en")
    except SealBroken:
        return None


def _called(patient: Patient, language: str) -> str:
    with translation.override(language):
        return display(patient.names)


def parts() -> Mapping[str, Promise]:
    """Return what the parts of a record are called, by seal label or by field."""
    entries = {kind.model.seal_label: kind.label for kind in KINDS}
    return entries | {
        "patients.patient": _("Name and contact"),
        "patients.patient.identifiers": Category.IDENTIFIERS.label,
        "patients.breakglass": _("Reasons of emergency accesses"),
        "patients.relation": _("Family and contacts"),
        "patients.disclosure": _("Disclosures to others"),
    }


def install() -> None:
    """Tell audit who the patients are; called once at start-up."""
    persons.install(
        Register(
            heirs=heirs,
            former=former,
            shown=shown,
            name=name,
            kept_from=kept_from,
            let_in=case_access.let_in,
            let_out=case_access.let_out,
            account_of=account_of,
            emergency=emergency,
            addressee=addressee,
            parts=parts,
        )
    )
