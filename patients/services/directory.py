"""Keeping the directory: practitioners, organizations and other published resources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patients.fhir import bundle as bundles
from patients.fhir import codes, shapes, values
from patients.fhir.bundle import Bundle, Entry, Pointer, Problem
from patients.fhir.elements import Mistake
from patients.fhir.mapping import SHAPES
from patients.models import DirectoryResource, Organization, Practitioner

NPI = "http://hl7.org/fhir/sid/us-npi"
KEPT_WHOLE = tuple(sorted(codes.DIRECTORY))
LISTED: dict[str, Any] = {"Practitioner": Practitioner, "Organization": Organization}
_IDENTITY_LIMIT = 500


@dataclass(slots=True)
class Listed:
    """What a bundle said of the directory: rows by entry, and which of them are new or changed."""

    rows: dict[Pointer | int, Any] = field(default_factory=dict)
    created: list[Any] = field(default_factory=list)
    updated: list[Any] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@transaction.atomic
def enter(*, bundle: Bundle) -> Listed:
    """Enter a bundle's practitioners, organizations and other published resources."""
    listed = Listed()
    for kind in (*LISTED, *KEPT_WHOLE):
        entries = bundle.of_type(kind)
        if entries:
            _enter_kind(kind, entries, listed)
    return listed


def identity_of(entry: Entry) -> str:
    """Return what an entry of the directory is recognised by, or nothing."""
    tokens = bundles.identifiers(entry.resource)
    leading = next((token for token in tokens if token[0] == NPI), tokens[0] if tokens else None)
    found = "|".join(leading) if leading else (entry.source if entry.is_unique else "")
    return f"{entry.type}: {found}" if found and entry.type in KEPT_WHOLE else found


def _enter_kind(kind: str, entries: list[Entry], listed: Listed) -> None:
    model = LISTED.get(kind, DirectoryResource)
    named = [(entry, identity_of(entry)) for entry in entries]
    known = model.objects.select_for_update().filter(identity__in={name for _e, name in named})
    rows = {row.identity: row for row in known}
    fresh: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    for entry, identity in named:
        if not identity or len(identity) > _IDENTITY_LIMIT:
            reason = _("no identifier by which it could be recognised again")
            listed.problems.append(entry.problem("identifier", reason))
            continue
        try:
            said = _read(entry)
        except Mistake as mistake:
            listed.problems.append(entry.problem(mistake.path, mistake.reason))
            continue
        if identity not in rows:
            rows[identity] = fresh[identity] = model(identity=identity, **said)
        elif _note(rows[identity], entry, said) and identity not in fresh:
            changed[identity] = rows[identity]
        listed.rows[entry.index] = rows[identity]
    model.objects.bulk_create(fresh.values(), batch_size=500)
    for row in changed.values():
        row.save()
    listed.created += fresh.values()
    listed.updated += changed.values()


def _read(entry: Entry) -> dict[str, Any]:
    """Return the columns that an entry fills."""
    shape = SHAPES.get(entry.type)
    if shape is None:
        said: dict[str, Any] = {
            "resource_type": entry.type,
            "resource": values.pack(entry.resource, exact=True),
            "extra": {"digest": shapes.digest(entry.resource)},
        }
    else:
        said = shapes.read(shape, entry.resource)
    said["extra"]["source"] = entry.source
    return {name: value for name, value in said.items() if value is not None}


def _note(row: Any, entry: Entry, said: dict[str, Any]) -> bool:
    """Take over what the row's own source says now; keep what another one says beside it."""
    digest = said["extra"]["digest"]
    others = row.extra.get("others") or {}
    if row.extra.get("source") == entry.source:
        if row.extra.get("digest") == digest:
            return False
        emptied = {field.name: field.get_default() for field in row._meta.concrete_fields}
        shape = SHAPES.get(entry.type)
        for name in shape.fields if shape else ("resource",):
            setattr(row, name, said.get(name, emptied[name]))
        row.extra = said["extra"] | ({"others": others} if others else {})
        return True
    kept = others.get(entry.source)
    if shapes.digest(entry.resource) == digest_of(kept) or row.extra.get("digest") == digest:
        return False
    others = others | {entry.source: values.pack(entry.resource, exact=True)}
    row.extra = row.extra | {"others": others}
    return True


def digest_of(kept: Any) -> str:
    """Return the digest of a resource that is kept, or nothing."""
    return shapes.digest(values.unpack(kept)) if kept else ""


def outside(pointers: Iterable[Pointer]) -> dict[Pointer | int, Any]:
    """Return the entries of the directory that references outside of the bundle lead to."""
    wanted = set(pointers)
    found: dict[Pointer | int, Any] = {}
    for kind, model in LISTED.items():
        of_kind = [pointer for pointer in wanted if pointer.type == kind]
        by_identity = {"|".join(p.identifier): p for p in of_kind if p.identifier}
        by_source = {p.source: p for p in of_kind if p.source}
        for row in model.objects.filter(identity__in=[*by_identity, *by_source]):
            found[by_identity.get(row.identity) or by_source[row.identity]] = row
        missing = [source for source, pointer in by_source.items() if pointer not in found]
        for row in model.objects.filter(extra__source__in=missing) if missing else ():
            found[by_source[row.extra["source"]]] = row
    return found
