"""Forms of the structured entries of a record, one for each kind that people write."""

from __future__ import annotations

from collections.abc import Mapping

from patients.forms.entries.allergy import Allergy
from patients.forms.entries.condition import Condition
from patients.forms.entries.entry import Entry
from patients.forms.entries.immunization import Immunization
from patients.forms.entries.medication import Medication
from patients.forms.entries.observation import Observation
from patients.forms.entries.plan import Plan
from patients.forms.entries.procedure import Procedure

FORMS: Mapping[str, type[Entry]] = {
    form.kind: form
    for form in (Condition, Allergy, Medication, Observation, Procedure, Immunization, Plan)
}
