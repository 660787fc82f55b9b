"""The way of a disclosure, for tests: authorised, prepared, asked for, made, taken."""

from __future__ import annotations

from datetime import timedelta

from consent.services import disclosures
from security.models import ClinicProfile
from security.services import exports
from tests import consenting, world
from tests.patients import cast

HERE, DAY = "this sign-in", timedelta(days=1)
ELEMENTS = {
    "recipients": ["insurer"],
    "categories": ["demographics", "clinical", "billing"],
    "expiry": "End of the claim",
}


def clinic_under(*laws):
    ClinicProfile.objects.create(
        unit=world.team("Clinic"), name="Clinic", laws=list(laws), languages=["en"], time_zone="UTC"
    )


def authorise(patient, to, **fields):
    """Let a patient authorise sharing with a recipient, with all that the law wants."""
    given = {"channel": to.key, "elements": ELEMENTS} | fields
    return consenting.allow(patient, of=consenting.purpose("sharing"), **given)


def planned(to, **fields):
    usual = {
        "recipient": to,
        "processing": consenting.purpose("billing", grounds=consenting.CARE),
        "ground": "authorised",
        "sections": ["person", "conditions"],
        "why": "Claim of the patient",
    }
    return disclosures.Planned(**(usual | fields))


def prepared(patient, by, to, **fields):
    with cast.acting(by):
        return disclosures.prepare(patient_id=patient.pk, planned=planned(to, **fields), by=by)


def asked(row, by, leave_out=()):
    with cast.acting(by):
        keys = {f"{one[0]}.{one[1]}" for one in row.items} - set(leave_out)
        return disclosures.ask(
            sharing_id=row.pk, version=row.version, keys=keys, kind="csv", by=by
        )[1]


def made(export, by, officer):
    with cast.acting(officer):
        exports.approve(export_id=export.pk, by=officer)
    with cast.acting(by):
        exports.prepare(export_id=export.pk, sign_in_ref=HERE, by=by)
    return exports.produce(export_id=export.pk)


def taken(export, by):
    with cast.acting(by):
        return exports.open_file(export_id=export.pk, sign_in_ref=HERE, by=by)[1].decode(
            "utf-8-sig"
        )
