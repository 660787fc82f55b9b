"""Codes on claims: masked, revealed line by line for payment alone, and nothing clinical by any other way."""

from __future__ import annotations

import io
from datetime import date

import pypdf
import pytest
from django.utils import timezone

from audit.models import Event
from patients.models import Claim, Patient
from patients.queries import billing_export
from security.classification import Category
from security.sealing.fields import SealedJSON, SealedText
from security.sealing.shape import shape_of
from tests import consenting, planting, world
from tests.guards.test_matrix import address, values
from tests.guards.test_urls import routes
from tests.patients import cast, charts, desk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
CLINICAL = {Category.CLINICAL, Category.RESTRICTED, Category.BILL_DIAGNOSIS}


@pytest.fixture
def mia():
    return charts.record()


@pytest.fixture
def claim(mia):
    return Claim.objects.get(patient=mia)


@pytest.fixture
def browser():
    return cast.browser(cast.staff("finance"))


def reveal(client, patient, field, **headers):
    return client.post(f"/patients/{patient.pk}/claims/reveal/", {"field": field}, headers=headers)


def test_a_code_is_revealed_line_by_line_and_recorded_without_itself(mia, claim, browser):
    response = reveal(browser, mia, f"{claim.pk}.1", **{"HX-Request": "true"})
    assert response.status_code == 200
    text = cast.words(response)
    assert "J45.9" in text
    assert "words" not in text
    assert response.headers["Cache-Control"] == "no-store"
    (event,) = cast.events("patients.claim_code.revealed")
    assert (event.subjects, event.object_id, event.purpose) == ([mia.pk], claim.pk, "HPAYMT")
    assert event.counts == {"line": 1}
    assert "J45.9" not in str(list(Event.objects.values()))


def test_a_fresh_factor_is_asked_for(mia, claim, browser):
    response = reveal(cast.stale(browser), mia, f"{claim.pk}.1")
    assert "/account/confirm/" in response["Location"]
    assert not cast.events("patients.claim_code.revealed")


@pytest.mark.parametrize(
    "field",
    ["", "x", ".", "{pk}", "{pk}.", "{pk}.2", "{pk}.99", "{pk}.-1", "{pk}.1.1", "{pk}.１", "{pk}.1e0",
     "{other}.1", "identifiers.0"],
)  # fmt: skip
def test_what_is_no_line_with_a_code_is_not_revealed(mia, claim, browser, field):
    other = Claim.objects.create(patient=cast.patient("Other"), items=claim.items)
    asked = field.format(pk=claim.pk, other=other.pk)
    assert reveal(browser, mia, asked).status_code == 400
    assert not cast.events("patients.claim_code.revealed")


def test_a_protected_claim_reveals_nothing(mia, browser):
    hidden = Claim.objects.create(
        patient=mia, confidentiality="R",
        diagnoses=[{"diagnosisCodeableConcept": {"coding": [{"code": "F10.2"}]}}],
    )  # fmt: skip
    assert reveal(browser, mia, f"{hidden.pk}.0").status_code == 400


@pytest.mark.parametrize(
    ("role", "status"),
    [("receptionist", 403), ("auditor", 403), ("engagement", 403), ("nurse", 404)],
)
def test_others_reveal_nothing(mia, claim, role, status):
    consenting.allow(mia)
    response = reveal(cast.browser(cast.staff(role)), mia, f"{claim.pk}.1")
    assert response.status_code == status


def test_for_another_purpose_than_payment_nothing_is_revealed(mia, claim):
    user = cast.staff("physician", "finance")
    cast.care(user, mia)
    client = cast.browser(user)
    session = client.session
    session["purpose"] = "TREAT"
    session.save()
    assert reveal(client, mia, f"{claim.pk}.1").status_code == 403
    session["purpose"] = "HPAYMT"
    session.save()
    assert reveal(client, mia, f"{claim.pk}.1").status_code == 200


@pytest.mark.parametrize(
    "strange",
    [
        [{"net": {"value": True}}], [{"net": {"value": "NaN", "currency": ["x"]}}], [{"net": []}],
        [{"net": {"value": 1e300}}], [{"diagnosisSequence": "12"}], [{"diagnosisSequence": [True, {}]}],
        {"net": 3}, ["x", None], [{"productOrService": "text", "diagnosisSequence": [9]}],
    ],
)  # fmt: skip
def test_strange_lines_break_no_page(mia, browser, strange):
    Claim.objects.create(patient=mia, items=strange, diagnoses=strange, occurred_at=timezone.now())
    assert browser.get("/patients/desk/claims/").status_code == 200
    assert browser.get(f"/patients/{mia.pk}/billing/").status_code == 200


class Planted(list):
    """Canaries in whatever is clinical about a patient, and in every word on claims."""

    def canary(self):
        self.append(f"Klinik{len(self):03d}秘密")
        return self[-1]

    def fill(self, row):
        """Set each clinical text and JSON value of a row to a canary."""
        for name, field in shape_of(type(row)).fields.items():
            if (field.category or row.category) not in CLINICAL:
                continue
            if isinstance(field, SealedText):
                setattr(row, name, self.canary())
            elif isinstance(field, SealedJSON):
                words = {"text": self.canary(), "display": self.canary()}
                coded = {"text": self.canary(), "coding": [words | {"code": self.canary()}]}
                item = {"productOrService": coded, "diagnosisSequence": [1], **words}
                setattr(row, name, [item | {"diagnosisCodeableConcept": coded}])
        return row


def plant(patient):
    """Plant canaries in one row of every clinical model and in a claim."""
    planted = Planted()
    assert list(planting.rows(patient, cast.staff("physician"), planted.fill))
    return planted


def test_finance_reaches_nothing_clinical_by_any_route():
    clinic = world.clinic()
    planted = plant(clinic.patient)
    assert len(planted) > 60
    known = values(clinic, "finance")
    client, seen = clinic.client("finance"), 0
    sorts = [
        {"sort": "patient__sealed", "show": "notes", "bucket": "over"},
        {"q": "Muster"},
    ]
    for text, name, pattern in routes():
        if pattern.callback.gate.kind != "requires":
            continue
        url = address(text, known)
        answers = [client.get(url, secure=True), client.post(url, secure=True)]
        # Nothing that is sorted or filtered is asked before the gate is passed.
        if answers[0].status_code == 200:
            answers += [client.get(url, query, secure=True) for query in sorts]
        if answers[1].status_code not in {403, 404, 405}:
            answers += [client.post(url, query, secure=True) for query in sorts]
        for answer in answers:
            seen += 1
            content = readable(answer)
            assert not [one for one in planted if one in content], name
    assert seen > 200


def readable(answer):
    """Return what a person can read of an answer, of a PDF as well."""
    if answer.get("Content-Type") == "application/pdf":
        pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
        return "\n".join(page.extract_text() for page in pages)
    return answer.content.decode() + str(answer.headers)


def test_the_month_for_the_accounts_holds_amounts_and_nobody(mia):
    planted, clerk = plant(mia), cast.staff("finance")
    first = desk.bill(mia, clerk, payer="Payer X", quantity=10)
    desk.pay(first, clerk, "1205.00")
    desk.refund(first, clerk, "5.00")
    desk.draft(mia, clerk)
    today = timezone.localdate()
    with cast.acting(clerk):
        taken = list(billing_export.rows(today, reader=clerk))
        assert not list(billing_export.rows(date(1999, 1, 1), reader=clerk))
    assert [dict(zip((c.key for c in billing_export.COLUMNS), row, strict=True)) for row in taken] == [
        {
            "number": first.number, "kind": "invoice", "issued_on": today.isoformat(),
            "due_on": first.due_on.isoformat(), "currency": "CNY", "total": "1205.00",
            "paid": "1205.00", "refunded": "5.00", "balance": "5.00", "cancels": "",
        }
    ]  # fmt: skip
    everything = str(taken)
    assert not [one for one in (*planted, "Muster", "Payer X", "Service CONS") if one in everything]
    with cast.acting(cast.staff("physician")) as here:
        assert not list(billing_export.rows(today, reader=here.actor))


def test_months_begin_and_end_where_they_do():
    assert billing_export.month_of(date(2026, 12, 31)) == (date(2026, 12, 1), date(2027, 1, 1))
    assert billing_export.month_of(date(2026, 1, 1)) == (date(2026, 1, 1), date(2026, 2, 1))


def test_the_list_of_claims_costs_the_same_for_one_and_for_ten(
    browser, django_assert_max_num_queries
):
    def add(count):
        for one in cast.patients(count, family=f"F{count}"):
            Claim.objects.create(
                patient=one, items=[{"net": {"value": 1}}], occurred_at=timezone.now()
            )

    add(1)
    browser.get("/patients/desk/claims/")
    with django_assert_max_num_queries(200) as first:
        browser.get("/patients/desk/claims/")
    add(10)
    with django_assert_max_num_queries(200) as second:
        response = browser.get("/patients/desk/claims/")
    assert len(response.context["page"]["rows"]) == 11
    assert len(first.captured_queries) == len(second.captured_queries)
    assert Patient.objects.count() == 11
