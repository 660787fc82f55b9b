"""Bringing bundles in for tests, and looking at what came of it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import connection

from patients import models
from patients.fhir import bundle as bundle_reader
from patients.fhir import export, parsing, values
from patients.models import Organization, Patient, Practitioner
from patients.services import imports
from patients.services.imports import BundleRefused, Outcome
from tests.patients import bundles


def bring(tree: dict[str, Any], **options: Any) -> Outcome:
    """Bring a bundle in as a file of it would be."""
    read = bundle_reader.read(parsing.parse(bundles.text_of(tree).encode()))
    return imports.bring_in(bundle=read, **options)


def refusals(tree: dict[str, Any]) -> list[str]:
    """Return why a bundle is refused."""
    with pytest.raises(BundleRefused) as refusal:
        bring(tree)
    return [str(one) for one in refusal.value.problems]


def fingerprint() -> str:
    """Return a digest of every row of the record, the directory and the trail."""
    state = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND"
            " (tablename LIKE 'patients%' OR tablename LIKE 'audit_%' OR tablename = 'security_datakey')"
            " ORDER BY 1"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            state.update(repr((table, cursor.fetchall())).encode())
    return state.hexdigest()


def given_back() -> dict[tuple[str, str], Any]:
    """Return every resource that the record and the directory hold."""
    found = [one for person in Patient.objects.all() for one in export.record_of(person.pk)]
    for model in (Practitioner, Organization, models.DirectoryResource):
        for row in model._default_manager.all():
            found += export.directory_resources(row)
    assert len(found) == len({(one["resourceType"], one["id"]) for one in found})
    return {(one["resourceType"], one["id"]): one for one in found}


def assert_given_back(tree: dict[str, Any]) -> None:
    """Hold every entry of a bundle against what comes out."""
    found = given_back()
    parsed = parsing.parse(bundles.text_of(tree).encode())
    for one in parsed["entry"]:
        resource = one["resource"]
        assert values.same(found[resource["resourceType"], resource["id"]], resource)


def change(tree: dict[str, Any], name: str, /, **elements: Any) -> None:
    """Change elements of an entry."""
    for one in tree["entry"]:
        if one["resource"]["id"] == bundles.uid(name):
            one["resource"] |= elements
