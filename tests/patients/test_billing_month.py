"""The month's bills leave by the one service: with a purpose, a second person, numbers and no name."""

import pytest
from django.utils import timezone

from security.models import Export
from security.services import exports
from tests import world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
REASON = "Monthly accounts for the bookkeeper"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


def asked(**fields):
    month = timezone.localdate().strftime("%Y-%m")
    usual = {
        "exporter": "bills",
        "parameters": {"month": month},
        "kind": "csv",
        "purpose": "HPAYMT",
    }
    return exports.Asked(**usual | {"reason": REASON} | fields)


def test_finance_takes_the_month_after_approval_and_sees_no_name():
    clinic = world.clinic()
    bill, clerk, officer = world.bill(clinic), clinic.users["finance"], clinic.users["officer"]
    with cast.acting(clerk):
        row = exports.request(asked=asked(), by=clerk)
        with pytest.raises(exports.OwnExport):
            exports.approve(export_id=row.pk, by=clerk)
    with cast.acting(officer):
        exports.approve(export_id=row.pk, by=officer)
    with cast.acting(clerk):
        exports.prepare(export_id=row.pk, sign_in_ref="here", by=clerk)
    row = exports.produce(export_id=row.pk)
    with cast.acting(clerk):
        _row, content = exports.open_file(export_id=row.pk, sign_in_ref="here", by=clerk)
    text = content.decode("utf-8-sig")
    assert (bill.number in text) == (bill.issued_on is not None)
    assert "Muster" not in text
    assert clerk.handle in text.splitlines()[-1]


@pytest.mark.parametrize(
    "month", ["", "2026", "2026-13", "2026-1", "01/2026", "2026-01-01", "=1+1", "x" * 50]
)
def test_what_is_no_month_is_refused(month):
    sent = {"month": month, "purpose": "HPAYMT", "kind": "csv", "reason": REASON}
    answer = cast.browser(cast.staff("finance")).post("/exports/new/bills/", sent)
    assert answer.status_code == 422
    assert not Export.objects.exists()


@pytest.mark.parametrize("role", ["physician", "engagement"])
def test_bills_are_exported_by_finance_alone(role):
    assert cast.browser(cast.staff(role)).get("/exports/new/bills/").status_code == 404
