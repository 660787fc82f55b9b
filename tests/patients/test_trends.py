"""How a measurement ran: one line for what is the same, honest about what is left out."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from patients.models import Observation
from tests.patients import cast
from tests.patients.charts import reader
from tests.patients.writing import url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
LOINC = "http://loinc.org"


def measured(patient, value, *, days=0, code="4548-4", text="HbA1c", unit="%", **fields):
    fields = {"status": "final"} | fields
    return Observation.objects.create(
        patient=patient, code_text=text, code={"coding": [{"system": LOINC, "code": code}], "text": text},
        value_number=Decimal(value), value_unit=unit, occurred_at=timezone.now() - timedelta(days=days), **fields,
    )  # fmt: skip


@pytest.fixture
def patient():
    return cast.patient()


@pytest.fixture
def client(patient):
    return cast.browser(reader("nurse", patient))


def trend_url(row):
    return f"/patients/{row.patient_id}/trend/{row.pk}/"


def test_a_line_holds_the_same_measurement_in_order_whatever_it_was_called(client, patient):
    newest = measured(patient, "7.1", text="Glycated haemoglobin")
    measured(patient, "8.4", days=300)
    measured(patient, "7.8", days=100)
    measured(patient, "4.6", days=50, code="2823-3", text="Potassium", unit="mmol/L")
    page = client.get(trend_url(newest))
    assert [p["values"] for p in page.context["trend"].points] == [[8.4], [7.8], [7.1]]
    assert [row["value"] for row in page.context["trend"].rows] == ["7.1", "7.8", "8.4"]
    content = page.content.decode()
    assert 'role="img"' in content
    assert '<script id="trend-data" type="application/json">' in content
    assert "chart.umd.min.js" in content


def test_chart_js_comes_on_trend_pages_alone(client, patient):
    row = measured(patient, "7.1")
    for page in (f"/patients/{patient.pk}/clinical/", url(row, "observations"), "/"):
        assert "chart.umd" not in client.get(page).content.decode()


def test_another_unit_stands_in_the_table_and_not_in_the_line(client, patient):
    row = measured(patient, "7.1")
    measured(patient, "54", days=3, unit="mmol/mol")
    measured(patient, "7.3", days=5)
    trend = client.get(trend_url(row)).context["trend"]
    assert (len(trend.points), len(trend.rows), trend.other_units) == (2, 3, 1)


def test_mistakes_are_no_results_and_locked_ones_are_not_read(client, patient):
    row = measured(patient, "7.1")
    measured(patient, "71", days=1, status="entered-in-error")
    measured(patient, "9.9", days=2, confidentiality="R")
    page = client.get(trend_url(row))
    assert len(page.context["trend"].rows) == 1
    assert "A line needs two results" in cast.words(page)


def test_a_result_that_does_not_open_is_said_to_be_left_out(client, patient):
    row = measured(patient, "7.1")
    cast.break_seal(measured(patient, "8", days=1), "sealed_card")
    assert "1 result can not be opened" in cast.words(client.get(trend_url(row)))


def test_a_blood_pressure_is_two_lines(client, patient):
    def part(code, value):
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mmHg"},
        }

    rows = [
        Observation.objects.create(
            patient=patient, code_text="Blood pressure", code={"coding": [{"code": "85354-9"}]}, status="final",
            components=[part("8480-6", 120 + n), part("8462-4", 80 + n)], occurred_at=timezone.now() - timedelta(days=n),
        )
        for n in range(2)
    ]  # fmt: skip
    drawing = client.get(trend_url(rows[0])).context["drawing"]
    assert [[point["y"] for point in line["points"]] for line in drawing["lines"]] == [
        [121, 120],
        [81, 80],
    ]


def test_the_range_of_the_result_is_drawn(client, patient):
    row = measured(patient, "7.1", reference_ranges=[{"low": {"value": 4}, "high": {"value": 6}}])
    drawing = client.get(trend_url(row)).context["drawing"]
    assert (drawing["low"], drawing["high"]) == (4, 6)


def test_names_are_text_in_the_page_whatever_they_are(client, patient):
    evil = "</script><script>alert(1)</script>"
    row = measured(patient, "1", text=evil)
    measured(patient, "2", days=1, text=evil)
    content = client.get(trend_url(row)).content.decode()
    assert "<script>alert" not in content


def test_a_trend_is_for_who_reads_the_record(patient):
    row = measured(patient, "7.1")
    assert cast.browser(cast.staff("finance")).get(trend_url(row)).status_code == 403
    assert cast.browser(cast.staff("physician")).get(trend_url(row)).status_code == 404


def test_a_trend_costs_the_same_for_two_results_and_for_twenty(client, patient):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            client.get(trend_url(row))
        return len(queries)

    row = measured(patient, "7.1")
    measured(patient, "7.2", days=1)
    cost()
    two = cost()
    for days in range(2, 20):
        measured(patient, "7.3", days=days)
    assert cost() == two
