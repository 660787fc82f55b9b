"""What the trail tells of an opened chart, and what content from outside may not do on its pages."""

from __future__ import annotations

import pytest
from django.urls import reverse

from patients.models import (
    AllergyIntolerance,
    Claim,
    Condition,
    Coverage,
    Encounter,
    MedicationRequest,
    Observation,
)
from tests.patients import cast
from tests.patients.charts import NOW, reader, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def mia():
    return record()


# The trail


def test_opening_a_tab_is_a_deed_on_every_page_of_it(mia):
    doctor = reader("physician", mia)
    client = cast.browser(doctor)
    before = mia.last_activity_at
    client.get(reverse("patients:clinical", args=[mia.pk]))
    client.get(
        reverse("patients:clinical", args=[mia.pk]), {"section": "visits", "after": "A" * 32}
    )
    event, again = cast.events("patients.chart.opened")
    assert again.fields == event.fields
    assert (event.subjects, event.fields, event.actor_id) == ([mia.pk], ["clinical"], doctor.pk)
    assert (event.purpose, event.basis, event.roles) == ("TREAT", "responsible", ["physician"])
    mia.refresh_from_db(fields=["last_activity_at"])
    assert mia.last_activity_at == before


def test_a_chart_that_can_not_be_recorded_is_not_shown(mia, monkeypatch):
    client = cast.browser(reader("physician", mia))
    client.raise_request_exception = False

    def fail(**_all):
        raise RuntimeError

    monkeypatch.setattr("patients.views.chart.open_tab", fail)
    response = client.get(reverse("patients:patient", args=[mia.pk]))
    assert response.status_code >= 500
    assert "Muster" not in cast.words(response)


# Content from outside


@pytest.mark.parametrize(
    "payload",
    ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{ 7|add:7 }}{% now 'Y' %}", "javascript:alert(1)"],
)  # fmt: skip
def test_what_stands_in_a_record_is_text_and_nothing_else(payload):
    row = cast.patient(
        names=[{"family": payload, "given": [payload]}], record_number=payload, language=payload,
        identifiers=[{"value": payload * 3, "type": {"text": payload}}],
        telecoms=[{"system": payload, "use": payload, "value": payload}],
        addresses=[{"line": [payload], "city": payload}],
    )  # fmt: skip
    values = {
        "code_text": payload,
        "status": payload,
        "occurred_at": NOW,
        "notes": [{"text": payload}],
    }
    Condition.objects.create(patient=row, **values)
    Observation.objects.create(patient=row, value_text=payload, value_unit=payload, **values)
    AllergyIntolerance.objects.create(patient=row, criticality=payload, **values)
    Encounter.objects.create(patient=row, type_text=payload, status=payload, occurred_at=NOW)
    Claim.objects.create(patient=row, type_text=payload, currency=payload, status=payload)
    Coverage.objects.create(patient=row, payer_text=payload, member_number=payload * 2)
    client = cast.browser(reader("physician", row))
    for tab in ("patient", "timeline", "clinical", "billing", "access"):
        response = client.get(reverse(f"patients:{tab}", args=[row.pk]))
        assert response.status_code == 200
        assert b"<script>alert" not in response.content
        assert b"<img src=x" not in response.content
        assert b"1414" not in response.content
        assert b'href="javascript' not in response.content


@pytest.mark.parametrize(
    "strange",
    [None, "text", 7, True, {}, [], ["x"], [None], [{}], [{"coding": "x"}], {"a": {"b": 1}}],
)
def test_strange_shapes_of_content_are_no_error(strange):
    row = cast.patient(identifiers=strange, telecoms=strange, addresses=strange, contacts=strange)
    Condition.objects.create(patient=row, notes=strange, status="active")
    Observation.objects.create(patient=row, components=strange, interpretations=strange)
    MedicationRequest.objects.create(patient=row, dosages=strange, reasons=strange, status="active")
    AllergyIntolerance.objects.create(patient=row, reactions=strange, code=strange)
    Encounter.objects.create(patient=row, reasons=strange, occurred_at=NOW)
    Claim.objects.create(patient=row, items=strange, diagnoses=strange)
    client = cast.browser(reader("physician", row))
    for tab in ("patient", "timeline", "clinical", "billing"):
        assert client.get(reverse(f"patients:{tab}", args=[row.pk])).status_code == 200


def test_the_pages_speak_chinese(mia):
    client = cast.browser(reader("physician", mia))
    client.cookies["django_language"] = "zh-hans"
    response = client.get(reverse("patients:patient", args=[mia.pk]))
    text = cast.words(response)
    assert response.context["banner"]["name"] == "欧阳娜娜"
    assert "1985年2月28日" in text
    assert "女" in text
