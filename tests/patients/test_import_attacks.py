"""Files as a way around what a page would refuse: the own record, masked codes, somebody else's columns."""

from decimal import Decimal

import pytest
from django.urls import reverse

from patients.fhir import shapes
from patients.fhir.elements import Mistake
from patients.fhir.mapping import SHAPES
from patients.models import Claim, ImportBatch, Patient
from patients.services import batches, staff_links
from security.access.gate import Refused
from tests.patients import cast, tables

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
BILLS = ("Patient", "Claim number", "Billed on", "Total", "Diagnosis code")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def clerk():
    return cast.staff("finance")


def kept_out(colleague, patient, kind):
    officer = cast.staff("receptionist")
    with cast.acting(officer):
        staff_links.declare(patient_id=patient.pk, colleague=colleague, kind=kind, by=officer)


def bills(*rows):
    return tables.text_of([list(row) for row in rows], head=BILLS)


def bill(number, patient="P-8", total="10", code="B20"):
    return (patient, number, "2024-01-01", total, code)


@pytest.mark.parametrize("kind", ["self", "child"])
def test_nobody_changes_the_own_record_or_that_of_family_by_a_file(desk, kind):
    people = tables.text_of([tables.person(0), tables.person(1)])
    tables.brought(cast.staff("receptionist"), people)
    own = next(one for one in Patient.objects.all() if one.record_number == "P-000000")
    kept_out(desk, own, kind)
    changed = [tables.person(number, **{"Family name": "Changed"}) for number in (0, 1)]
    batch = tables.brought(desk, tables.text_of(changed))
    assert tables.faults(batch, "import") == [(2, "record_number", "not_open")]
    assert Patient.objects.get(pk=own.pk).names[0]["family"] == "Muster0"
    assert batch.rows_changed == 1


def test_nobody_takes_back_what_a_colleague_imported_of_the_own_record(desk):
    first = [tables.person(number) for number in (0, 1)]
    colleague = cast.staff("receptionist")
    tables.brought(colleague, tables.text_of(first))
    renamed = [tables.person(number, **{"Family name": "Changed"}) for number in (0, 1)]
    batch = tables.brought(colleague, tables.text_of(renamed))
    own = next(one for one in Patient.objects.all() if one.record_number == "P-000000")
    # Noted without a mark on the chart, so that its version is the one of the import.
    with cast.acting(colleague):
        staff_links.declare(patient_id=own.pk, colleague=desk, kind="parent", by=colleague)
    tables.undone(desk, batch)
    names = {one.record_number: one.names[0]["family"] for one in Patient.objects.all()}
    assert names == {"P-000000": "Changed", "P-000001": "Muster1"}


def test_nobody_bills_the_own_record_by_a_file(clerk):
    own, other = cast.patient(record_number="P-9"), cast.patient("Joe", record_number="P-8")
    kept_out(clerk, own, "self")
    batch = tables.brought(clerk, bills(bill("C-1", "P-9"), bill("C-2")), "claims")
    assert tables.faults(batch) == [(2, "patient", "not_open")]
    assert [one.patient_id for one in Claim.objects.all()] == [other.pk]


@pytest.mark.parametrize("total", ["10", "0", "10.00", "1,000", "1E3", "-5", "007"])
def test_a_claim_over_any_amount_comes_to_an_end(clerk, total):
    cast.patient(record_number="P-8")
    batch = tables.brought(clerk, bills(bill("C-1", total=total)), "claims")
    assert batch.status == ImportBatch.Status.DONE
    assert Claim.objects.get().total == Decimal(total.replace(",", ""))


def test_content_that_never_comes_back_as_it_came_is_refused_and_not_tried_for_ever():
    # No parser of ours gives a whole number as an exact one, so that it can not be given back as such.
    total = {"value": Decimal(10), "currency": "CNY"}
    with pytest.raises(Mistake):
        shapes.read(SHAPES["Claim"], {"resourceType": "Claim", "status": "active", "total": total})


def test_a_colleague_sees_no_code_of_a_file_that_pages_would_mask(clerk):
    cast.patient(record_number="P-8")
    rows = bills(bill("C-1", code="CANARY"), bill("C-2", code="CAN\x01ARY"))
    batch = tables.checked(clerk, rows, "claims")
    pages = [reverse(f"patients:{name}", args=[batch.pk]) for name in ("import", "import_errors")]
    for user, sees in ((clerk, True), (cast.staff("finance"), False)):
        client = cast.browser(user)
        for page in pages:
            answer = client.get(page)
            assert answer.status_code == 200
            found = answer.content.decode().replace("\x01", "").replace(" ", "")
            assert ("CANARY" in found) == sees, page


def test_a_file_whose_columns_somebody_matched_anew_is_not_started_unseen(desk):
    batch = tables.checked(desk, tables.text_of([tables.person(0)]))
    seen, colleague = batch.version, cast.staff("receptionist")
    with cast.acting(colleague):
        swapped = batch.mapping | {
            "family": batch.mapping["given"],
            "given": batch.mapping["family"],
        }
        batches.match(
            batch_id=batch.pk, version=seen, mapping=swapped, day_order="", by=colleague
        )  # fmt: skip
    tables.worked(batch)
    with cast.acting(desk), pytest.raises(Refused, match="gone on meanwhile"):
        batches.start(batch_id=batch.pk, version=seen, by=desk)
    start = reverse("patients:import_start", args=[batch.pk])
    for sent in ({}, {"version": ""}, {"version": "x"}, {"version": seen}, {"version": "-1"}):
        assert cast.browser(desk).post(start, sent).status_code == 403
    assert not Patient.objects.exists()


def test_an_import_begins_with_a_fresh_factor(desk):
    batch = tables.checked(desk, tables.text_of([tables.person(0)]))
    start = reverse("patients:import_start", args=[batch.pk])
    answer = cast.stale(cast.browser(desk)).post(start, {"version": batch.version})
    assert answer.headers["Location"].startswith("/account/confirm/")
    assert ImportBatch.objects.get().status == ImportBatch.Status.CHECKED
