"""Bills: priced from the list, numbered without a gap, never changed once issued."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.queries import records
from patients import currencies
from patients.models import (
    CashUp,
    Invoice,
    InvoiceSeries,
    Payment,
    PriceItem,
    RecordVersion,
    Refund,
)
from patients.queries import versions as kept
from patients.services import cashups, invoices, prices, versions
from tests.patients import cast, desk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def clerk():
    return cast.staff("finance")


@pytest.fixture
def mia():
    return cast.patient()


def numbers(series="INV"):
    found = Invoice.objects.filter(series=series).order_by("sequence")
    return list(found.values_list("sequence", flat=True))


def test_a_draft_is_priced_from_the_list_and_has_no_number(mia, clerk):
    row = desk.draft(mia, clerk, quantity=3, payer="王建国")
    assert (row.number, row.status, row.total, row.balance) == ("", "draft", Decimal("361.50"), 0)
    assert row.lines[0]["amount"] == "361.50"
    event = cast.events("patients.invoice.drafted")[0]
    assert event.subjects == [mia.pk]
    assert event.object_id == row.pk


def test_issuing_gives_the_next_number_and_the_day_it_is_due(mia, clerk, settings):
    settings.PAYMENT_DAYS = 14
    first, second = desk.bill(mia, clerk), desk.bill(mia, clerk)
    year = timezone.localdate().year
    assert [first.number, second.number] == [f"INV-{year}-000001", f"INV-{year}-000002"]
    assert first.due_on == timezone.localdate() + timedelta(days=14)
    assert (first.balance, first.issued_by) == (first.total, clerk)
    assert len(cast.events("patients.invoice.issued")) == 2


def test_an_issue_that_is_rolled_back_leaves_no_gap(mia, clerk):
    desk.bill(mia, clerk)
    row = desk.draft(mia, clerk)
    with cast.acting(clerk), transaction.atomic():
        invoices.issue(invoice_id=row.pk, version=row.version, by=clerk)
        transaction.set_rollback(True)
    desk.bill(mia, clerk)
    assert numbers() == [1, 2]
    assert desk.again(row).number == ""
    assert len(cast.events("patients.invoice.issued")) == 2


def test_credit_notes_have_a_series_of_their_own(mia, clerk):
    with cast.acting(clerk):
        note = invoices.cancel(
            invoice_id=desk.bill(mia, clerk).pk, reason="Wrong patient", by=clerk
        )
    assert note.number == f"CRN-{timezone.localdate().year}-000001"
    assert numbers("INV") == numbers("CRN") == [1]


def test_a_cancelled_bill_stays_as_it_was_and_nothing_is_owed(mia, clerk):
    row = desk.bill(mia, clerk)
    before = (row.version, row.total, row.lines, row.number)
    with cast.acting(clerk):
        note = invoices.cancel(invoice_id=row.pk, reason="Wrong patient", by=clerk)
        row = desk.again(row)
        assert (row.version, row.total, row.lines, row.number) == before
        assert (row.balance, note.total, note.cancels_id) == (0, row.total, row.pk)
        assert note.cancel_reason == "Wrong patient"
        with pytest.raises(invoices.CancelledBefore):
            invoices.cancel(invoice_id=row.pk, reason="Once more", by=clerk)
        with pytest.raises(invoices.NotIssued):
            invoices.cancel(invoice_id=note.pk, reason="The note itself", by=clerk)


def test_an_issued_bill_never_changes(mia, clerk):
    row = desk.bill(mia, clerk)
    one = desk.price("OTHER", "1.00")
    changes = {"currency": "CNY", "due_on": None, "payer": "", "items": [invoices.Item(one.pk, 1)]}
    with cast.acting(clerk):
        for deed in (
            lambda: invoices.revise(
                invoice_id=row.pk, version=row.version, changes=changes, by=clerk
            ),
            lambda: invoices.discard(invoice_id=row.pk, version=row.version, by=clerk),
            lambda: invoices.issue(invoice_id=row.pk, version=row.version, by=clerk),
        ):
            with pytest.raises(invoices.NotADraft):
                deed()
    assert desk.again(row).version == row.version


def test_a_draft_is_changed_and_the_earlier_one_kept(mia, clerk):
    row = desk.draft(mia, clerk, payer="Before")
    one = desk.price("OTHER", "9.99")
    changes = {"currency": "CNY", "due_on": None, "payer": "", "items": [invoices.Item(one.pk, 2)]}
    with cast.acting(clerk):
        invoices.revise(invoice_id=row.pk, version=1, changes=changes, by=clerk)
        row = desk.again(row)
        assert (row.total, row.payer, row.version) == (Decimal("19.98"), "", 2)
        assert kept.at(row, 1).payer == "Before"
        with pytest.raises(versions.Conflict):
            invoices.revise(invoice_id=row.pk, version=1, changes=changes, by=clerk)


def test_a_draft_that_is_thrown_away_leaves_nothing_behind(mia, clerk):
    row = desk.draft(mia, clerk)
    with cast.acting(clerk):
        with pytest.raises(versions.Conflict):
            invoices.discard(invoice_id=row.pk, version=7, by=clerk)
        invoices.discard(invoice_id=row.pk, version=1, by=clerk)
    assert not Invoice.objects.exists()
    assert not RecordVersion.objects.exists()
    assert cast.events("patients.invoice.discarded")


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_bill_without_lines_is_none(mia, clerk, quantity):
    with pytest.raises(invoices.NothingOnIt):
        desk.draft(mia, clerk, quantity=quantity)
    assert not Invoice.objects.exists()


def test_currencies_are_never_mixed(mia, clerk):
    one = desk.price("USD-1", "10.00", "USD")
    with pytest.raises(invoices.CannotBePriced):
        desk.draft(mia, clerk, of=one, currency="CNY")
    lines = [{"amount": "1.00", "currency": "CNY"}, {"amount": "1.00", "currency": "USD"}]
    with pytest.raises(currencies.MixedCurrencies):
        invoices.total_of(lines, "CNY")


def test_a_price_that_ended_since_the_draft_is_not_issued(mia, clerk):
    one = desk.price()
    row = desk.draft(mia, clerk, of=one)
    yesterday = timezone.localdate() - timedelta(days=1)
    with cast.acting(clerk):
        prices.end(price_id=one.pk, version=1, valid_until=yesterday, by=clerk)
        with pytest.raises(invoices.CannotBePriced):
            invoices.issue(invoice_id=row.pk, version=1, by=clerk)
    desk.price(amount="130.00", valid_from=timezone.localdate())
    assert numbers() == []


def test_a_day_that_has_passed_is_no_day_to_be_due(mia, clerk):
    row = desk.draft(mia, clerk, due_on=timezone.localdate() - timedelta(days=1))
    with cast.acting(clerk), pytest.raises(invoices.DueBefore):
        invoices.issue(invoice_id=row.pk, version=1, by=clerk)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("2.005", "CNY", "2.01"),
        ("2.5", "JPY", "3"),
        ("2.0005", "KWD", "2.001"),
        ("-2.005", "CNY", "-2.01"),
    ],
)
def test_amounts_have_the_digits_of_their_currency(amount, currency, expected):
    assert str(currencies.round_to(Decimal(amount), currency)) == expected


def test_the_trail_knows_every_row_of_the_desk_as_it_is_stored(mia, clerk):
    row = desk.bill(mia, clerk)
    desk.pay(row, clerk, "1.5", method="cash")
    desk.refund(row, clerk, "1.00")
    with cast.acting(clerk):
        cashups.close(day=timezone.localdate(), currency="CNY", counted=Decimal("1.5"), by=clerk)
    models = (Invoice, Payment, Refund, CashUp, PriceItem)
    assert all(model.objects.exists() for model in models)
    assert not [one for model in models for one in records.mismatched(model)]


def test_the_database_refuses_a_second_same_number(mia, clerk):
    row = desk.bill(mia, clerk)
    with cast.acting(clerk), pytest.raises(IntegrityError), transaction.atomic():
        Invoice(
            patient=mia, currency="CNY", status="issued", series=row.series, year=row.year,
            sequence=row.sequence, issued_on=row.issued_on,
        ).save()  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.prove(step=2, full=100)
def test_two_who_issue_at_the_same_time_get_neighbouring_numbers(mia, clerk, rounds):
    drafts = [desk.draft(mia, clerk) for _number in range(max(6, rounds))]
    done = []

    def issue(rows):
        try:
            with cast.acting(clerk):
                for row in rows:
                    invoices.issue(invoice_id=row.pk, version=1, by=clerk)
            done.append(len(rows))
        finally:
            connection.close()

    threads = [threading.Thread(target=issue, args=(drafts[n::3],)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == len(drafts)
    assert numbers() == list(range(1, len(drafts) + 1))
    assert InvoiceSeries.objects.get().last == len(drafts)
