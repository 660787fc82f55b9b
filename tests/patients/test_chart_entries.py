"""The timeline and the tables of a record: every entry once, in order, page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.models import (
    ClinicalAttachment,
    Condition,
    Encounter,
    MedicationRequest,
    Observation,
)
from patients.queries import clinical, timeline
from patients.queries.measures import measured
from tests.patients import cast
from tests.patients.charts import NOW, page, reader, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def mia():
    return record()


# The timeline


def test_the_timeline_shows_every_dated_entry_once_the_newest_first(mia, monkeypatch):
    monkeypatch.setattr(timeline, "PAGE", 3)
    doctor = reader("physician", mia)
    client, url, seen = cast.browser(doctor), reverse("patients:timeline", args=[mia.pk]), []
    while url:
        shown = client.get(url).context["timeline"]
        seen += [(item["at"], item.get("text", "locked")) for item in shown["items"]]
        url = shown["next_url"]
    # Of one instant, what was recorded last comes first.
    assert [text for _at, text in seen] == [
        "Remote visit", "locked", "Potassium", "Salbutamol", "Follow-up",
        "Penicillin", "Old cold", "Asthma",
    ]  # fmt: skip
    assert [at for at, _text in seen] == sorted((at for at, _text in seen), reverse=True)
    assert len(seen) == 8


def test_the_timeline_shows_one_kind_when_asked_and_all_for_nonsense(mia):
    doctor = cast.browser(reader("physician", mia))
    url = reverse("patients:timeline", args=[mia.pk])
    shown = doctor.get(url, {"kind": "conditions"}).context["timeline"]
    assert [item.get("text") for item in shown["items"]] == [None, "Old cold", "Asthma"]
    active = [kind["key"] for kind in shown["kinds"] if kind["active"]]
    assert active == ["conditions"]
    counts = {kind["key"]: kind["count"] for kind in shown["kinds"]}
    assert counts["conditions"] == 3
    assert counts["visits"] == 2
    for nonsense in ("x", "__class__", "conditions' OR 1=1", "patient__names", "\x00", "*"):
        shown = doctor.get(url, {"kind": nonsense, "after": nonsense}).context["timeline"]
        assert len(shown["items"]) == 8


def test_pages_of_the_timeline_take_as_many_queries_for_many_entries_as_for_few(mia):
    doctor = reader("physician", mia)
    client = cast.browser(doctor)
    counts = []
    for _round in range(2):
        for tab in ("timeline", "clinical", "patient"):
            with CaptureQueriesContext(connection) as made:
                assert client.get(reverse(f"patients:{tab}", args=[mia.pk])).status_code == 200
            counts.append(len(made))
        for model in (Condition, Observation, MedicationRequest, Encounter):
            model.objects.bulk_create(
                model(patient=mia, occurred_at=NOW - timedelta(days=number)) for number in range(30)
            )
    few, many = counts[:3], counts[3:]
    assert all(later <= before for before, later in zip(few, many, strict=True))
    # Among them what the registers of consent hold, tabs of the page, and what waits in the navigation.
    assert max(many) <= 52


# The clinical record


def test_a_table_shows_its_first_rows_and_the_way_to_the_others(mia, monkeypatch):
    monkeypatch.setattr(clinical, "ROWS", 2)
    monkeypatch.setattr(clinical, "MORE_ROWS", 2)
    doctor = cast.browser(reader("physician", mia))
    for number in range(5):
        Observation.objects.create(patient=mia, code_text=f"Value {number}", occurred_at=None)
    sections = doctor.get(reverse("patients:clinical", args=[mia.pk])).context["clinical"][
        "sections"
    ]
    (table,) = [one for one in sections if one["key"] == "observations"]
    assert (len(table["rows"]), table["total"]) == (2, 6)
    seen, url = [row["cells"][0]["text"] for row in table["rows"]], table["next_url"]
    while url:
        (table,) = doctor.get(url).context["clinical"]["sections"]
        seen += [row["cells"][0]["text"] for row in table["rows"]]
        url = table["next_url"]
    assert sorted(seen) == ["Potassium", *(f"Value {number}" for number in range(5))]
    assert seen[0] == "Potassium"
    for nonsense in ("x", "__class__", "patient__names"):
        sections = doctor.get(reverse("patients:clinical", args=[mia.pk]), {"section": nonsense})
        assert len(sections.context["clinical"]["sections"]) > 4


def test_a_blood_pressure_is_read_as_one_value():
    row = Observation(
        components=[
            {"valueQuantity": {"value": 153, "unit": "mm[Hg]"}, "interpretation": [{"coding": [{"code": "H"}]}]},
            {"valueQuantity": {"value": {"$number": "92.0"}, "unit": "mm[Hg]"}},
        ]
    )  # fmt: skip
    assert measured(row) == {"value": "153/92.0", "unit": "mmHg", "flag": "high"}


def test_what_another_source_said_of_the_person_is_no_document(mia):
    ClinicalAttachment.objects.create(
        patient=mia, resource_type="Patient", title="Copy", occurred_at=NOW
    )
    ClinicalAttachment.objects.create(
        patient=mia, resource_type="Goal", title="Walk daily", occurred_at=NOW
    )
    text = cast.words(page(reader("physician", mia), mia, "clinical"))
    assert "Walk daily" in text
    assert "Copy" not in text
