"""What rows of several kinds have in common: whose they are, and what a known record says already."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from patients.fhir import export, shapes
from patients.fhir.elements import Mistake
from patients.fhir.shapes import Shape
from patients.imports import cells
from patients.imports.registry import Column, Line, Plan
from patients.models import PatientIndex, PatientRecord
from patients.queries import sources
from security import context
from security.access.categories import Reach
from security.access.decision import decide_many, purposes_of, reach_of_user
from security.access.permissions import Permission
from security.sealing.index import exact_hash

READ = Permission.DEMOGRAPHICS_READ
NUMBER_SYSTEM = "urn:custodia:import"
# Of every file about people who are here already.
WHOSE = Column(
    "patient", _("Patient's record number"), cells.number, True, "P-10482",
    "mrn,patient id,patient number,record number,patient,病历号,病案号,患者编号,患者ID",
)  # fmt: skip


def identifier(kind: str, value: str) -> dict[str, str]:
    """Return a number of a file as an identifier."""
    return {"system": f"{NUMBER_SYSTEM}:{kind}", "value": value}


def key_of(kind: str, value: str) -> bytes:
    """Return the key by which a row is recognised when it comes again."""
    return sources.key_of(f"csv|{kind}|{value}")


def holders(kind: str, values: Collection[str]) -> dict[str, set[UUID]]:
    """Return which patients hold each number; those that nobody holds are left out."""
    hashes: dict[bytes, list[str]] = {}
    for value in dict.fromkeys(values):
        hashes.setdefault(exact_hash(kind, value), []).append(value)
    rows = PatientIndex.objects.filter(kind=kind, exact__in=list(hashes))
    found: dict[str, set[UUID]] = {}
    # Of a record that was merged the one that took its place.
    whose = Coalesce("row__merged_into_id", "row_id")
    for exact, patient_id in rows.values_list("exact", whose):
        for value in hashes[bytes(exact)] if exact is not None else ():
            found.setdefault(value, set()).add(patient_id)
    return found


def closed(patient_ids: Collection[UUID]) -> set[UUID]:
    """Return the patients whose records the person who imports must stay out of, also by a file."""
    here = context.current()
    if here.actor is None or not patient_ids:
        return set()
    # By the role that imports: with another one's purpose most people would be out of reach.
    reaching = (
        one for one in purposes_of(here.actor) if reach_of_user(here.actor, READ, one) is Reach.ALL
    )
    made = decide_many(here.actor, READ, patient_ids, next(reaching, ""))
    # Of one chunk alone: a long file would fill the memory with answers.
    here.forget_decisions()
    return {one for one, decision in made.items() if not decision.is_reachable}


def patients_of(lines: Iterable[Line]) -> dict[int, UUID]:
    """Return whose each line is, by the patient's number; note on the others why nobody's."""
    lines = list(lines)
    known = holders("identifier", [line.said["patient"] for line in lines])
    barred = closed(set().union(*known.values()))
    found: dict[int, UUID] = {}
    for line in lines:
        candidates = known.get(line.said["patient"], set())
        if candidates & barred:
            line.refuse("not_open", "patient")
        elif len(candidates) == 1:
            found[line.number] = next(iter(candidates))
        else:
            line.refuse("several" if candidates else "nobody", "patient")
    return found


def read(line: Line, shape: Shape, resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the fields that a line fills, or note that it does not fit together."""
    try:
        return shapes.read(shape, dict(resource))
    except Mistake:
        line.refuse("content")
        return None


def meet(plan: Plan, line: Line, row: Any, said: Mapping[str, Any]) -> None:
    """Compare a known record with what its line says now."""
    with context.matching():
        verdict = export.compare(row, said)
    if verdict == "corrected":
        line.refuse("corrected")
        return
    plan.known[line.number] = row.pk
    if verdict == "changed":
        plan.changed.append((row, said))
    else:
        plan.unchanged += 1


def plan_records(
    lines: Sequence[Line],
    *,
    kind: str,
    shape: Shape,
    resource: Callable[[Line, UUID], dict[str, Any]],
    also: Callable[[Line, UUID], dict[str, Any]] = lambda line, patient_id: {},
) -> Plan:
    """Plan rows that belong to patients who are registered."""
    model: Any = shape.model
    plan, whose = Plan(), patients_of(lines)
    keys = {line.number: key_of(kind, line.said["number"]) for line in lines}
    known = known_items(model, whose.values(), keys.values())
    for line in lines:
        patient_id = whose.get(line.number)
        further = also(line, patient_id) if patient_id else {}
        if patient_id is None or line.is_bad:
            continue
        said = read(line, shape, resource(line, patient_id))
        if said is None:
            continue
        said |= further
        row = known.get((patient_id, keys[line.number]))
        if row is not None:
            meet(plan, line, row, said)
        else:
            fresh = model(patient_id=patient_id, source_key=keys[line.number], **said)
            plan.created.append(fresh)
            plan.known[line.number] = fresh.pk
    return plan


def known_items(
    model: type[PatientRecord], patients: Collection[UUID], keys: Collection[bytes]
) -> Mapping[tuple[UUID, bytes], Any]:
    """Return the records that an earlier import made of such rows."""
    return sources.items(model, set(patients), list(keys)) if patients else {}
