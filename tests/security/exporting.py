"""The way of an export, for tests: asked for, decided, made, taken."""

from security.services import exports
from tests.patients import cast

REASON = "Recall of the asthma group in spring"
HERE = "this sign-in"


def asked(**fields):
    usual = {
        "exporter": "patients",
        "parameters": {},
        "kind": "csv",
        "purpose": "TREAT",
        "reason": REASON,
    }
    return exports.Asked(**usual | fields)


def ready(doctor, officer, **fields):
    """Take an export from the request to its file."""
    with cast.acting(doctor):
        row = exports.request(asked=asked(**fields), by=doctor)
    with cast.acting(officer):
        exports.approve(export_id=row.pk, by=officer)
    with cast.acting(doctor):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)
    return exports.produce(export_id=row.pk)


def taken(row, doctor, here=HERE):
    with cast.acting(doctor):
        return exports.open_file(export_id=row.pk, sign_in_ref=here, by=doctor)[1]
