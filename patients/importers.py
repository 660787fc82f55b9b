"""The files that the record takes in: patients, visits, claims."""

from __future__ import annotations

from patients.imports import registry
from patients.imports.bills import CLAIMS
from patients.imports.people import PATIENTS
from patients.imports.visits import ENCOUNTERS

for _importer in (PATIENTS, ENCOUNTERS, CLAIMS):
    registry.register(_importer)
