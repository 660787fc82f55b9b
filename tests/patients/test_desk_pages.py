"""The billing desk in a browser without a window: who may, what is shown, what an address can ask."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from patients.models import Claim, Invoice, PriceItem, Refund
from patients.services import invoices
from security.ids import new_id
from tests.patients import cast, desk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
PAGES = ("", "claims/", "refunds/", "prices/", "cash-up/")
HOSTILE = (
    "patient__sealed", "-lines", "payer", "patient__names", "?", "pk;drop table", "due_on", "__class__",
    "../../etc", "\x00", "<script>", "ORDER BY 1", "sealed_card", "amount,payer", "💥" * 50,
)  # fmt: skip


@pytest.fixture
def clerk():
    return cast.staff("finance")


@pytest.fixture
def browser(clerk):
    return cast.browser(clerk)


@pytest.fixture
def mia():
    return cast.patient("Muster", "Mia", record_number="P-77")


def at(row, deed=""):
    return f"/patients/{row.patient_id}/invoices/{row.pk}/{deed}"


def late(days):
    return timezone.localdate() - timedelta(days=days)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ["receptionist", "physician", "nurse", "auditor", "engagement"])
def test_the_desk_is_for_those_who_bill(page, role):
    assert cast.browser(cast.staff(role)).get(f"/patients/desk/{page}").status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_the_desk_opens_for_finance_empty_and_full(page, browser, clerk, mia):
    assert browser.get(f"/patients/desk/{page}").status_code == 200
    row = desk.bill(mia, clerk, quantity=10)
    desk.pay(row, clerk, "1205", method="cash")
    desk.refund(row, clerk, "1000")
    Claim.objects.create(patient=mia, status="active", total=None, occurred_at=timezone.now())
    response = browser.get(f"/patients/desk/{page}")
    assert response.status_code == 200
    assert "Billing desk" in cast.words(response)


def test_bills_stand_in_the_bucket_of_their_age(browser, clerk, mia):
    for days in (-5, 0, 1, 30, 31, 60, 61, 90, 91, 400):
        desk.bill(mia, clerk, due_on=late(days), quantity=1)
    page = browser.get("/patients/desk/").context
    counts = [bucket["count"] for bucket in page["ageing"][0]["buckets"]]
    assert counts == [2, 2, 2, 2, 2]
    assert page["ageing"][0]["total"] == "1,205.00"
    for key, first in (("current", 0), ("30", 30), ("60", 60), ("90", 90), ("over", 400)):
        rows = browser.get(f"/patients/desk/?bucket={key}").context["page"]["rows"]
        assert len(rows) == 2, key
        assert rows[0]["due"] == browser_day(late(first)), key


def browser_day(day):
    return f"{day.day} {day:%b} {day.year}"


def test_currencies_are_owed_apart(browser, clerk, mia):
    desk.price("USD-1", "10.00", "USD")
    desk.price("JPY-1", "1000", "JPY")
    for currency in ("CNY", "USD", "JPY"):
        desk.bill(mia, clerk, currency=currency, quantity=1)
    page = browser.get("/patients/desk/").context
    assert [(one["currency"], one["total"]) for one in page["ageing"]] == [
        ("CNY", "120.50"), ("JPY", "1,000"), ("USD", "10.00"),
    ]  # fmt: skip
    assert len(browser.get("/patients/desk/?currency=USD").context["page"]["rows"]) == 1


@pytest.mark.parametrize("name", ["show", "bucket", "currency", "sort", "after"])
def test_what_is_on_no_list_is_not_asked(browser, clerk, mia, name):
    desk.bill(mia, clerk)
    for hostile in HOSTILE:
        response = browser.get("/patients/desk/", {name: hostile})
        assert response.status_code == 200, hostile
        assert len(response.context["page"]["rows"]) == 1, hostile


@pytest.mark.parametrize("sort", ["due", "-due", "issued", "-issued", "amount", "-amount"])
def test_pages_follow_one_another_in_every_order(browser, clerk, mia, sort, monkeypatch):
    monkeypatch.setattr("patients.queries.desk.PAGE", 3)
    made = {
        desk.bill(mia, clerk, due_on=late(number % 3), quantity=1 + number % 2).number
        for number in range(7)
    }
    seen, url = [], f"?sort={sort}"
    for _page in range(4):
        page = browser.get(f"/patients/desk/{url}").context["page"]
        seen += [row["number"] for row in page["rows"]]
        url = page["next_url"]
        if not url:
            break
    assert len(seen) == 7
    assert set(seen) == made


@pytest.mark.parametrize("page", PAGES[:3])
def test_lists_cost_the_same_for_one_and_for_ten(
    page, browser, clerk, django_assert_max_num_queries
):
    def fill(count):
        for patient in cast.patients(count, family=f"F{count}"):
            row = desk.bill(patient, clerk, quantity=10, payer="Somebody else")
            desk.pay(row, clerk, "1100")
            desk.refund(row, clerk, "1000")
            Claim.objects.create(
                patient=patient, status="active", items=[{"net": {"value": 3}}],
                occurred_at=timezone.now(),
            )  # fmt: skip

    fill(1)
    browser.get(f"/patients/desk/{page}")
    with django_assert_max_num_queries(200) as first:
        browser.get(f"/patients/desk/{page}")
    fill(10)
    with django_assert_max_num_queries(200) as second:
        assert browser.get(f"/patients/desk/{page}").status_code == 200
    assert len(first.captured_queries) == len(second.captured_queries)


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("Muster", True), ("mia mus", True), ("Mustermann", False), ("王", True), ("wangjian", True),
        ("Pacific", True), ("P-77", True), ("", False), ("%", False), ("' OR 1=1", False),
        ("\x00", False), ("INV-1-1", False), ("x" * 5000, False),
    ],
)  # fmt: skip
def test_bills_are_found_by_name_and_by_who_pays(browser, clerk, mia, typed, is_found):
    desk.bill(mia, clerk, payer="王建国 Pacific Fund")
    response = browser.post("/patients/desk/search/", {"q": typed})
    assert response.status_code == 200
    assert bool(response.context["found"]["rows"]) is is_found


def test_a_bill_is_found_by_its_number_and_the_text_is_recorded_nowhere(browser, clerk, mia):
    row = desk.bill(mia, clerk)
    found = browser.post("/patients/desk/search/", {"q": f" {row.number.lower()} "})
    assert [one["number"] for one in found.context["found"]["rows"]] == [row.number]
    event = cast.events("patients.bill_search.made")[-1]
    assert (event.fields, event.counts) == (["number"], {"hits": 1})
    assert browser.get("/patients/desk/search/").status_code == 405


def sent(**lines):
    return {"currency": "CNY", "due_on": "", "payer": "", **lines}


def test_a_bill_is_written_issued_paid_and_cancelled(browser, mia):
    one = desk.price()
    url = f"/patients/{mia.pk}/invoices/new/"
    assert browser.get(url).status_code == 200
    written = browser.post(url, sent(line_1_price=str(one.pk), line_1_quantity="2"))
    row = Invoice.objects.get()
    assert (written.status_code, written["Location"]) == (302, at(row))
    assert browser.post(at(row, "issue/"), {"version": 1}).status_code == 302
    row = desk.again(row)
    assert row.number
    form = {
        "form_id": str(uuid4()), "amount": "41.00", "method": "cash",
        "received_on": timezone.localdate().isoformat(), "reference": "",
    }  # fmt: skip
    assert browser.post(at(row, "pay/"), form).status_code == 302
    assert browser.post(at(row, "pay/"), form).status_code == 422
    back = {"form_id": str(uuid4()), "amount": "1", "method": "cash", "reason": desk.REASON}
    assert browser.post(at(row, "refund/"), back).status_code == 302
    assert desk.again(row).balance == 201
    assert browser.post(at(row, "cancel/"), {"reason": "Wrong patient"}).status_code == 302
    page = cast.words(browser.get(at(row)))
    assert "CRN-" in page
    assert "Service CONS" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"line_1_price": "nonsense"}, {"line_1_price": str(uuid4())}, {"currency": "XXX"},
        {"line_1_quantity": "-1"}, {"line_1_quantity": "1e3"}, {"line_1_quantity": "99999"},
        {"due_on": "31.12.2026"}, {"payer": "x" * 121}, {"payer": "\x00"}, {"currency": "USD"},
    ],
)  # fmt: skip
def test_a_bill_that_cannot_be_written_comes_back_as_typed(browser, mia, wrong):
    one = desk.price()
    form = sent(line_1_price=str(one.pk), line_1_quantity="1") if wrong else sent()
    response = browser.post(f"/patients/{mia.pk}/invoices/new/", form | wrong)
    assert response.status_code == 422
    assert not Invoice.objects.exists()


def test_more_lines_are_offered_without_complaint(browser, mia):
    desk.price()
    response = browser.post(f"/patients/{mia.pk}/invoices/new/", sent(payer="Kept", more="1"))
    assert response.status_code == 200
    assert 'value="Kept"' in response.content.decode()


def test_what_was_typed_comes_back_after_a_session_ended(browser, mia):
    url = f"/patients/{mia.pk}/drafts/invoice/"
    assert browser.post(url, sent(payer="Typed before the end")).status_code == 200
    page = browser.get(f"/patients/{mia.pk}/invoices/new/").content.decode()
    assert "Typed before the end" in page


def test_two_clerks_who_change_one_draft_see_one_another(browser, clerk, mia):
    row = desk.draft(mia, clerk)
    one = PriceItem.objects.get()
    other = cast.browser(cast.staff("finance", name="Colleague"))
    form = sent(line_1_price=str(one.pk), line_1_quantity="5", version=1)
    assert other.post(at(row, "edit/"), form | {"payer": "Theirs"}).status_code == 302
    response = browser.post(at(row, "edit/"), form | {"payer": "Mine"})
    text = cast.words(response)
    assert response.status_code == 409
    assert "Theirs" in text
    assert "Mine" in response.content.decode()
    again = form | {"payer": "Mine", "version": 2}
    assert browser.post(at(row, "edit/"), again).status_code == 302
    with cast.acting(clerk):
        assert desk.again(row).payer == "Mine"
    stale = browser.post(at(row, "issue/"), {"version": 1}, follow=True)
    assert "changed this draft meanwhile" in cast.words(stale)
    assert desk.again(row).number == ""


@pytest.mark.prove(step=2, full=200)
def test_no_round_of_two_writers_loses_a_change_in_silence(browser, clerk, mia, rounds):
    row = desk.draft(mia, clerk)
    one = PriceItem.objects.get()
    other = cast.browser(cast.staff("finance", name="Colleague"))
    for number in range(rounds):
        version = desk.again(row).version
        form = sent(line_1_price=str(one.pk), line_1_quantity="5", version=version)
        first = other.post(at(row, "edit/"), form | {"payer": f"Theirs {number}"})
        second = browser.post(at(row, "edit/"), form | {"payer": f"Mine {number}"})
        assert (first.status_code, second.status_code) == (302, 409)
        with cast.acting(clerk):
            assert desk.again(row).payer == f"Theirs {number}"


def test_an_issued_bill_is_not_opened_for_changes(browser, clerk, mia):
    row = desk.bill(mia, clerk)
    response = browser.get(at(row, "edit/"), follow=True)
    assert "never changes" in cast.words(response)


def test_a_bill_is_found_under_its_own_patient_only(browser, clerk, mia):
    row = desk.bill(mia, clerk)
    other = cast.patient("Other")
    for deed in ("", "edit/"):
        url = f"/patients/{other.pk}/invoices/{row.pk}/{deed}"
        assert browser.get(url).status_code == 404
    for deed in ("issue/", "discard/", "cancel/", "pay/", "refund/"):
        url = f"/patients/{other.pk}/invoices/{row.pk}/{deed}"
        assert browser.post(url, {"version": 1}).status_code == 404


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("receptionist", ("INV-", "241.00"), ("Service CONS", "Record a payment", "slip 9")),
        ("auditor", ("INV-", "241.00"), ("Service CONS", "Record a payment", "Muster", "Payer X")),
        ("finance", ("INV-", "Service CONS", "Record a payment", "Payer X"), ()),
    ],
)
def test_a_bill_shows_what_the_role_may_see(role, shown, hidden, clerk, mia):
    row = desk.bill(mia, clerk, payer="Payer X")
    desk.pay(row, clerk, "1", reference="slip 9")
    text = cast.words(cast.browser(cast.staff(role)).get(at(row)))
    assert [one for one in shown if one not in text] == []
    assert [one for one in hidden if one in text] == []
    draft = desk.draft(mia, clerk)
    status = cast.browser(cast.staff(role)).get(at(draft)).status_code
    assert status == (200 if role == "finance" else 404)


def test_a_refund_is_decided_by_somebody_else_with_a_fresh_factor(browser, clerk, mia):
    row = desk.bill(mia, clerk, quantity=10)
    desk.pay(row, clerk, "1205")
    made = desk.refund(row, clerk, "1000")
    url = f"/patients/{mia.pk}/refunds/{made.pk}/"
    assert "somebody else must decide" in cast.words(browser.get("/patients/desk/refunds/"))
    browser.post(url, {"decision": "approve"})
    assert Refund.objects.get().status == "requested"
    other = cast.browser(cast.staff("finance", name="Colleague"))
    assert "/account/confirm/" in cast.stale(other).post(url, {"decision": "approve"})["Location"]
    assert Refund.objects.get().status == "requested"
    other = cast.browser(cast.staff("finance", name="Third"))
    other.post(url, {"decision": "refuse"})
    other.post(url, {"decision": "nonsense"})
    assert Refund.objects.get().status == "requested"
    assert other.post(f"/patients/{mia.pk}/refunds/{new_id()}/").status_code == 404
    other.post(url, {"decision": "approve"})
    assert Refund.objects.get().status == "paid"


def test_prices_are_added_and_ended_on_the_page(browser):
    form = {
        "code": "NEW-1", "name": "New", "name_zh": "新", "amount": "12.50", "currency": "CNY",
        "valid_from": timezone.localdate().isoformat(), "valid_until": "",
    }  # fmt: skip
    assert browser.post("/patients/desk/prices/", form).status_code == 302
    assert browser.post("/patients/desk/prices/", form).status_code == 422
    for wrong in ({"code": "lower"}, {"amount": "12.505"}, {"amount": "ten"}, {"currency": "??"}):
        assert browser.post("/patients/desk/prices/", form | wrong).status_code == 422
    one = PriceItem.objects.get()
    url = f"/patients/desk/prices/{one.pk}/end/"
    end = {"version": 1, "valid_until": timezone.localdate().isoformat()}
    assert browser.get(url).status_code == 200
    assert browser.post(url, end).status_code == 302
    assert browser.post(url, end).status_code == 422
    assert browser.get(f"/patients/desk/prices/{new_id()}/end/").status_code == 404


def test_a_till_is_closed_on_the_page(browser, clerk, mia):
    desk.pay(desk.bill(mia, clerk), clerk, "100", method="cash")
    form = {
        "day": timezone.localdate().isoformat(), "currency": "CNY", "counted": "99", "reason": "",
    }  # fmt: skip
    url = "/patients/desk/cash-up/"
    assert "100.00" in cast.words(browser.get(url))
    assert browser.post(url, form).status_code == 422
    assert browser.post(url, form | {"reason": "A coin rolled away"}).status_code == 302
    assert "A coin rolled away" in cast.words(browser.get(url))


def test_a_draft_that_nobody_can_price_says_so(browser, clerk, mia):
    with pytest.raises(invoices.NothingOnIt):
        desk.draft(mia, clerk, quantity=0)
    assert browser.get(f"/patients/{mia.pk}/invoices/{new_id()}/").status_code == 404


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "</textarea><b>",
     "javascript:alert(1)", "{{ 7|add:7 }}"],
)  # fmt: skip
def test_what_is_typed_is_text_on_every_page(browser, clerk, mia, hostile):
    one = desk.price(name=hostile, name_zh=hostile, amount="700.00")
    row = desk.bill(mia, clerk, of=one, payer=hostile)
    desk.pay(row, clerk, "1400", reference=hostile)
    desk.refund(row, clerk, "900", reason=hostile + " long enough")
    urls = [f"/patients/desk/{page}" for page in PAGES]
    for url in (*urls, "/patients/desk/?show=paid", at(row), f"/patients/{mia.pk}/billing/"):
        page = browser.get(url).content.decode()
        for raw in ("<script>alert", "<img src=x", "</textarea><b>", 'href="javascript:alert'):
            assert raw not in page, url


def test_the_form_starts_with_what_is_owed_as_people_write_it(browser, clerk, mia):
    row = desk.bill(mia, clerk, of=desk.price("R", "100.00"), quantity=4)
    assert 'value="400.00"' in browser.get(at(row)).content.decode()


@pytest.mark.parametrize(
    ("language", "sorting", "state"),
    [("en", "Sorted by", "in force"), ("zh-hans", "排序方式", "有效")],
)
def test_bills_say_by_what_they_are_sorted_and_a_price_that_it_holds(language, sorting, state):
    desk.price()
    browser = cast.browser(cast.staff("finance"))
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    assert sorting in cast.words(browser.get("/patients/desk/"))
    assert state in cast.words(browser.get("/patients/desk/prices/"))
