"""Money that comes in and goes back: never more than there is, beyond the limit only by two people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients.models import CashUp, Payment, PriceItem, Refund
from patients.queries import tills
from patients.services import cashups, invoices, payments, prices, refunds
from tests.patients import cast, desk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def clerk():
    return cast.staff("finance")


@pytest.fixture
def colleague():
    return cast.staff("finance", name="Colleague")


@pytest.fixture
def mia():
    return cast.patient()


@pytest.fixture
def row(mia, clerk):
    """A bill of 1,205.00."""
    return desk.bill(mia, clerk, quantity=10)


def test_payments_lower_what_is_owed(row, clerk, mia):
    desk.pay(row, clerk, "205.00", reference="slip 17")
    desk.pay(row, clerk, "1000")
    assert desk.again(row).balance == 0
    event = cast.events("patients.payment.taken")[0]
    assert (event.subjects, event.object_id) == ([mia.pk], row.pk)


@pytest.mark.parametrize(
    "amount", ["0", "-5", "1205.01", "0.001", "10.005", "100000001", "NaN", "Infinity"]
)
def test_amounts_that_cannot_be_paid_are_refused(row, clerk, amount):
    with pytest.raises((payments.NotAnAmount, payments.MoreThanOwed)):
        desk.pay(row, clerk, amount)
    assert not Payment.objects.exists()
    assert desk.again(row).balance == Decimal("1205.00")


def test_nothing_is_paid_on_a_draft_or_a_credit_note(mia, clerk, row):
    with cast.acting(clerk):
        note = invoices.cancel(invoice_id=row.pk, reason="Wrong patient", by=clerk)
    for one in (desk.draft(mia, clerk), note):
        with pytest.raises(invoices.NotIssued):
            desk.pay(one, clerk, "1.00")


def test_the_same_form_sent_twice_is_one_payment(row, clerk):
    form_id = uuid4()
    desk.pay(row, clerk, "5.00", form_id=form_id)
    with pytest.raises(payments.SentBefore):
        desk.pay(row, clerk, "5.00", form_id=form_id)
    assert Payment.objects.count() == 1


def test_cash_is_taken_today_and_nothing_tomorrow(row, clerk):
    today = timezone.localdate()
    desk.pay(row, clerk, "1.00", method="transfer", received_on=today - timedelta(days=3))
    for method, days in (("cash", -1), ("cash", 1), ("card", 1)):
        with pytest.raises(payments.WrongDay):
            desk.pay(row, clerk, "1.00", method=method, received_on=today + timedelta(days=days))


def test_a_refund_within_the_limit_goes_back_at_once(row, clerk, settings):
    settings.REFUND_LIMIT = Decimal(500)
    desk.pay(row, clerk, "600.00")
    made = desk.refund(row, clerk, "500.00")
    assert (made.status, made.paid_by, made.decided_by) == ("paid", clerk, None)
    assert desk.again(row).balance == Decimal("1105.00")
    assert cast.events("patients.refund.paid")


def test_a_refund_beyond_the_limit_waits_for_somebody_else(row, clerk, colleague, settings):
    settings.REFUND_LIMIT = Decimal(500)
    desk.pay(row, clerk, "1205.00")
    made = desk.refund(row, clerk, "500.01")
    assert made.status == "requested"
    assert desk.again(row).balance == 0
    with cast.acting(clerk), pytest.raises(refunds.OwnRequest):
        refunds.approve(refund_id=made.pk, by=clerk)
    with cast.acting(clerk), pytest.raises(refunds.OwnRequest):
        refunds.refuse(refund_id=made.pk, reason="My own", by=clerk)
    with cast.acting(colleague):
        refunds.approve(refund_id=made.pk, by=colleague)
        with pytest.raises(refunds.DecidedBefore):
            refunds.approve(refund_id=made.pk, by=colleague)
    made = Refund.objects.get()
    assert (made.status, made.decided_by, made.paid_by) == ("paid", colleague, colleague)
    assert desk.again(row).balance == Decimal("500.01")
    assert cast.events("patients.refund.approved")[0].subjects == [row.patient_id]


def test_a_refused_refund_moves_nothing(row, clerk, colleague):
    desk.pay(row, clerk, "1205.00")
    made = desk.refund(row, clerk, "900")
    with cast.acting(colleague):
        refunds.refuse(refund_id=made.pk, reason="It was owed", by=colleague)
        assert Refund.objects.get().decision_reason == "It was owed"
    assert (Refund.objects.get().status, desk.again(row).balance) == ("refused", 0)


def test_splitting_a_refund_does_not_pass_the_limit(row, clerk, mia, settings):
    settings.REFUND_LIMIT = Decimal(500)
    other = desk.bill(mia, clerk, quantity=10)
    for one in (row, other):
        desk.pay(one, clerk, "1205.00")
    assert desk.refund(row, clerk, "300").status == "paid"
    assert desk.refund(row, clerk, "250").status == "requested"
    assert desk.refund(other, clerk, "10").status == "requested"


def test_a_refund_in_another_currency_needs_two_people(mia, clerk):
    desk.price("USD-1", "10.00", "USD")
    one = desk.bill(mia, clerk, currency="USD")
    desk.pay(one, clerk, "20.00")
    assert desk.refund(one, clerk, "0.01").status == "requested"


def test_no_more_goes_back_than_came_in(row, clerk, colleague):
    desk.pay(row, clerk, "800.00")
    desk.refund(row, clerk, "700.00")
    for amount in ("101", "800.01"):
        with pytest.raises(refunds.MoreThanPaid):
            desk.refund(row, clerk, amount)
    assert refunds.returnable(row) == 100


def test_a_cancelled_bill_that_was_paid_gives_back_what_came_in(row, clerk):
    desk.pay(row, clerk, "200.00")
    with cast.acting(clerk):
        invoices.cancel(invoice_id=row.pk, reason="Wrong patient", by=clerk)
    assert desk.again(row).balance == -200
    desk.refund(row, clerk, "200.00")
    assert desk.again(row).balance == 0


def test_the_database_lets_nobody_approve_the_own_request(row, clerk):
    desk.pay(row, clerk, "1205.00")
    made = desk.refund(row, clerk, "900")
    with cast.acting(clerk):
        made.decided_by = clerk
        made.advance()
        with pytest.raises(IntegrityError), transaction.atomic():
            made.save()


def test_a_payment_and_its_event_roll_back_together(row, clerk):
    with transaction.atomic():
        desk.pay(row, clerk, "5.00")
        transaction.set_rollback(True)
    assert not Payment.objects.exists()
    assert not cast.events("patients.payment.taken")
    assert desk.again(row).balance == Decimal("1205.00")


def close(clerk, counted, **fields):
    with cast.acting(clerk):
        day = fields.pop("day", timezone.localdate())
        return cashups.close(day=day, currency="CNY", counted=Decimal(counted), by=clerk, **fields)


def test_a_till_is_what_came_in_less_what_went_back(row, clerk, colleague):
    desk.pay(row, clerk, "300.00", method="cash")
    desk.pay(row, clerk, "100.00", method="card")
    desk.pay(row, colleague, "50.00", method="cash")
    desk.refund(row, clerk, "20.00", method="cash")
    assert tills.expected_of(clerk, timezone.localdate(), "CNY") == 280
    closed = close(clerk, "280.00")
    assert (closed.expected, closed.counted) == (280, 280)
    assert cast.events("patients.cash_up.closed")
    with pytest.raises(cashups.ClosedBefore):
        close(clerk, "280.00")


def test_a_difference_needs_a_reason(row, clerk):
    desk.pay(row, clerk, "300.00", method="cash")
    with pytest.raises(cashups.NeedsReason):
        close(clerk, "299.00")
    assert not CashUp.objects.exists()
    close(clerk, "299.00", reason="One coin fell behind the counter")
    with cast.acting(clerk):
        assert CashUp.objects.get().reason == "One coin fell behind the counter"


def test_no_cash_moves_after_the_till_is_closed(row, clerk, colleague):
    desk.pay(row, clerk, "300.00", method="cash")
    close(clerk, "300.00")
    for deed in (desk.pay, desk.refund):
        with pytest.raises(payments.TillIsClosed):
            deed(row, clerk, "1.00", method="cash")
        deed(row, clerk, "1.00", method="card")
    desk.pay(row, colleague, "1.00", method="cash")


@pytest.mark.parametrize(("counted", "days"), [("-1", 0), ("1.005", 0), ("0", 1), ("0", -8)])
def test_a_till_that_cannot_be_is_not_closed(clerk, counted, days):
    with pytest.raises((payments.NotAnAmount, payments.WrongDay)):
        close(clerk, counted, day=timezone.localdate() + timedelta(days=days))


def test_two_prices_of_a_service_never_overlap(clerk):
    today = timezone.localdate()
    first = desk.price("A", valid_from=today, valid_until=today + timedelta(days=9))
    for start, end in ((0, None), (9, 20), (-5, 0), (-5, None), (3, 4)):
        with pytest.raises(prices.Overlaps):
            desk.price(
                "A",
                valid_from=today + timedelta(days=start),
                valid_until=None if end is None else today + timedelta(days=end),
            )
    desk.price("A", valid_from=today + timedelta(days=10))
    desk.price("A", currency="USD", valid_from=today)
    assert PriceItem.objects.valid_on(today).filter(code="A", currency="CNY").get() == first


def test_a_price_ends_once(clerk):
    one, today = desk.price(), timezone.localdate()
    with cast.acting(clerk):
        with pytest.raises(prices.EndsBefore):
            prices.end(price_id=one.pk, version=1, valid_until=today - timedelta(days=99), by=clerk)
        prices.end(price_id=one.pk, version=1, valid_until=today, by=clerk)
        with pytest.raises(prices.EndedMeanwhile):
            prices.end(price_id=one.pk, version=1, valid_until=today, by=clerk)
    assert cast.events("patients.price.ended")


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1e12"])
def test_a_price_that_is_no_amount_is_refused(amount):
    with pytest.raises(payments.NotAnAmount):
        desk.price(amount=amount)
