"""What the tests of requests make: officers, a patient who asks, and a request."""

from datetime import UTC, date, datetime

import time_machine

from consent.services import requests
from consent.services.requests import Asked
from patients.models import Patient
from security.models import ClinicProfile, Unit
from tests import world

# A Tuesday morning in Shanghai, whenever the tests run.
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def frozen(at=NOW):
    """Stop the clock at a moment."""
    return time_machine.travel(at, tick=False)


def clinic(*laws, zone="Asia/Shanghai"):
    """Say under which laws the clinic works."""
    unit = Unit.objects.create(name="Harbour Clinic", name_zh="海港诊所", kind=Unit.Kind.CLINIC)
    return ClinicProfile.objects.create(
        unit=unit, name="Harbour Clinic", name_zh="海港诊所", laws=list(laws or ("hipaa", "gdpr", "pipl")),
        languages=["en", "zh-hans"], time_zone=zone,
    )  # fmt: skip


def officer(name="Officer"):
    """Make somebody who answers requests."""
    return world.person("compliance_officer", name=name)


def patient(**fields):
    """Make somebody who may ask."""
    given = {"names": [{"family": "Muster", "given": ["Mia"]}], "birth_on": date(1980, 5, 1)}
    return Patient.objects.create(**(given | fields))


def asked(kind="access", **said):
    """Return what somebody asks."""
    given = {"way": "staff", "asked": "All of my record, please.", "received_at": NOW}
    return Asked(kind=kind, **(given | said))


def receive(whom, by, kind="access", **said):
    """Note a request of a patient."""
    return requests.receive(asked=asked(kind, **said), subject_id=whom.pk, by=by)


def proved(row, by):
    """Show who asks."""
    return requests.prove_identity(
        request_id=row.pk, version=row.version, how="document", shown="Identity card", by=by
    )
