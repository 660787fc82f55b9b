"""The pages of a patient: each tab, each part of it, only as decided; broken parts stay alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from patients.models import (
    AllergyIntolerance,
    Claim,
    ClinicalAttachment,
    Condition,
    Coverage,
    Encounter,
    MedicationRequest,
    Observation,
    Organization,
    Practitioner,
)
from patients.queries import clinical, timeline
from patients.queries.measures import measured
from security.models import Clearance
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
TABS = {
    "physician": ["Summary", "Timeline", "Clinical", "Billing", "Access"],
    "nurse": ["Summary", "Timeline", "Clinical", "Access"],
    "receptionist": ["Summary", "Billing", "Access"],
    "finance": ["Summary", "Billing", "Access"],
    "engagement": ["Summary", "Access"],
    "compliance_officer": ["Summary", "Access"],
    "auditor": ["Summary", "Billing", "Access"],
}
NOW = timezone.now()


@pytest.fixture
def mia():
    row = cast.patient(
        names=[
            {"use": "official", "text": "欧阳娜娜", "family": "欧阳", "given": ["娜娜"]},
            {"use": "official", "family": "Muster", "given": ["Mia"]},
        ],
        birth_on=date(1985, 2, 28), birth_precision="day", sex="female", language="zh-CN",
        record_number="AH-100001",
        identifiers=[
            {"type": {"coding": [{"code": "MR"}]}, "value": "AH-100001"},
            {"type": {"coding": [{"code": "NI"}]}, "system": "urn:id", "value": "110101198502281234"},
        ],
        telecoms=[
            {"system": "phone", "value": "+8613800138000", "use": "mobile"},
            {"system": "email", "value": "mia@example.org"},
        ],
        addresses=[{"line": ["Mill Lane 3"], "city": "Anhe"}],
        contacts=[{"relationship": [{"text": "Mother"}], "name": {"text": "Ada Muster"}}],
    )  # fmt: skip
    with transaction.atomic():
        surgery = Organization.objects.create(name="North Clinic", identity="o|1")
        doctor = Practitioner.objects.create(
            names=[{"family": "Lin", "given": ["Zhiyuan"]}], identity="p|1"
        )
    visit = Encounter.objects.create(
        patient=row, occurred_at=NOW - timedelta(days=3), class_code="AMB", type_text="Follow-up",
        status="finished", reasons=[{"text": "Cough"}], practitioner=doctor, organization=surgery,
        restricted_note="a protected note",
    )  # fmt: skip
    Encounter.objects.create(
        patient=row, occurred_at=NOW + timedelta(days=9), class_code="VR", status="planned"
    )
    Condition.objects.create(
        patient=row, encounter=visit, code_text="Asthma", status="active", verification="confirmed",
        occurred_at=NOW - timedelta(days=900), restricted_detail="a protected detail",
    )  # fmt: skip
    Condition.objects.create(
        patient=row, code_text="Old cold", status="resolved", occurred_at=NOW - timedelta(days=800)
    )
    Condition.objects.create(
        patient=row, code_text="Secret illness", status="active", confidentiality="R",
        occurred_at=NOW - timedelta(days=2),
    )  # fmt: skip
    AllergyIntolerance.objects.create(
        patient=row, code_text="Penicillin", status="active", criticality="high",
        reactions=[{"manifestation": [{"text": "Rash"}]}], occurred_at=NOW - timedelta(days=700),
    )  # fmt: skip
    MedicationRequest.objects.create(
        patient=row, code_text="Salbutamol", status="active", dosages=[{"text": "2 puffs"}],
        occurred_at=NOW - timedelta(days=3),
    )  # fmt: skip
    Observation.objects.create(
        patient=row, code_text="Potassium", status="final", value_number=Decimal("5.900"), value_unit="mmol/L",
        interpretations=[{"coding": [{"code": "H"}]}], occurred_at=NOW - timedelta(days=3),
    )  # fmt: skip
    Claim.objects.create(
        patient=row, status="active", type_text="professional", total=Decimal("1234.5"), currency="CNY",
        occurred_at=NOW - timedelta(days=2),
        diagnoses=[{"diagnosisCodeableConcept": {"text": "Asthma words", "coding": [{"code": "J45.9"}]}}],
        items=[{"diagnosisSequence": [1], "productOrService": {"coding": [{"code": "195967001"}], "text": "Line words"}},
               {"productOrService": {"text": "Follow-up line"}}],
    )  # fmt: skip
    Coverage.objects.create(
        patient=row, status="active", payer_text="City Fund", type_text="Basic", member_number="MEMBER-00777001",
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return row


def reader(role, *whom, cleared=False):
    user = cast.staff(role)
    if role in {"physician", "nurse"}:
        cast.care(user, *whom)
    if cleared:
        with transaction.atomic():
            Clearance.objects.create(user=user, reason="named")
    return user


def page(user, patient, tab="patient", **query):
    return cast.browser(user).get(reverse(f"patients:{tab}", args=[patient.pk]), query)


def tabs_of(response):
    return [str(tab["label"]) for tab in response.context["tabs"]]


# Who sees what


@pytest.mark.parametrize("role", TABS)
def test_each_role_is_offered_its_tabs_and_no_other(mia, role):
    response = page(reader(role, mia), mia)
    assert response.status_code == 200
    assert tabs_of(response) == TABS[role]


@pytest.mark.parametrize("role", ["physician", "nurse"])
def test_a_clinician_sees_what_matters_today(mia, role):
    text = cast.words(page(reader(role, mia), mia))
    for shown in ("Mia Muster", "欧阳娜娜", "Female", "Chinese", "Penicillin", "Rash", "severe", "Asthma",
                  "Salbutamol", "2 puffs", "Potassium", "5.90", "mmol/L", "Follow-up", "Cough",
                  "Zhiyuan Lin", "North Clinic", "Remote visit", "+8613800138000", "Mill Lane 3",
                  "Contact person (Mother)", "you are responsible for this patient"):  # fmt: skip
        assert shown in text, shown
    for hidden in ("Old cold", "Secret illness", "protected", "110101198502281234", "1234.5"):
        assert hidden not in text, hidden
    assert "Restricted entry" in text
    assert "**** 1234" in text


@pytest.mark.parametrize("role", ["receptionist", "finance"])
def test_the_desk_sees_the_person_and_nothing_clinical(mia, role):
    response = page(reader(role, mia), mia)
    text = cast.words(response)
    for shown in ("Mia Muster", "Mill Lane 3", "mia@example.org", "AH-100001", "**** 1234"):
        assert shown in text, shown
    for hidden in (
        "Penicillin",
        "Asthma",
        "Salbutamol",
        "Potassium",
        "Follow-up",
        "Allergies",
        "Restricted",
    ):
        assert hidden not in text, hidden
    assert response.context["banner"]["allergies"] is None


@pytest.mark.parametrize("role", ["engagement", "compliance_officer", "auditor"])
def test_who_sees_people_masked_sees_neither_name_nor_address(mia, role):
    text = cast.words(page(reader(role, mia), mia))
    for hidden in (
        "Mia",
        "Muster",
        "娜",
        "Feb",
        "13800138000",
        "mia@",
        "Mill Lane",
        "Anhe",
        "AH-100001",
        "Ada",
    ):
        assert hidden not in text, hidden
    for shown in ("1985", "*** **** 8000", "**** 0001"):
        assert shown in text, shown
    assert ("**** 1234" in text) is (role != "engagement")
    assert "Reveal" not in text


@pytest.mark.parametrize("tab", ["timeline", "clinical", "billing"])
@pytest.mark.parametrize("role", ["engagement", "nurse", "receptionist"])
def test_a_tab_that_is_not_offered_is_refused_with_the_roles_that_may(mia, role, tab):
    user, offered = reader(role, mia), [name.lower() for name in TABS[role]]
    response = page(user, mia, tab)
    assert response.status_code == (200 if tab in offered else 403)
    if response.status_code == 403:
        assert "Physician" in cast.words(response)
        assert cast.events("security.access.refused")[-1].subjects == [mia.pk]


def test_a_hidden_patient_and_an_absent_one_are_the_same_answer(mia):
    client = cast.browser(cast.staff("physician"))
    for tab in ("patient", "timeline", "clinical", "billing", "access"):
        hidden = client.get(reverse(f"patients:{tab}", args=[mia.pk]))
        absent = client.get(
            reverse(f"patients:{tab}", args=["01890a5d-ac96-774b-bcce-b302099a8057"])
        )
        assert hidden.status_code == absent.status_code == 404
        assert cast.words(hidden) == cast.words(absent)
        assert len(hidden.content) == len(absent.content)


def test_a_confidential_chart_asks_reception_for_a_fresh_factor():
    vip = cast.patient(confidentiality="vip")
    desk = cast.browser(cast.staff("receptionist"))
    url = reverse("patients:patient", args=[vip.pk])
    shown = desk.get(url)
    assert "Mia Muster" in cast.words(shown)
    assert "VIP: confidential" in cast.words(shown)
    assert cast.events("patients.chart.opened")[-1].basis == "role"
    asked = cast.stale(desk).get(url)
    assert asked.status_code == 302
    assert asked.url.startswith(reverse("security:step_up"))
    doctor = cast.stale(cast.browser(reader("physician", vip)))
    assert doctor.get(url).status_code == 200


# Protected entries


def test_protected_entries_open_to_a_named_clearance_alone(mia):
    plain, cleared = reader("physician", mia), reader("physician", mia, cleared=True)
    for tab in ("clinical", "timeline"):
        text = cast.words(page(plain, mia, tab))
        assert "Restricted entry" in text
        for hidden in ("Secret illness", "a protected detail", "a protected note"):
            assert hidden not in text, hidden
        text = cast.words(page(cleared, mia, tab))
        assert "Restricted entry" not in text
        for shown in ("Secret illness", "a protected detail", "a protected note"):
            assert shown in text, shown
    reads = [one for one in cast.events("security.record.read") if one.actor_id == plain.pk]
    assert not any("restricted" in name for one in reads for name in one.fields)


def test_a_protected_envelope_is_not_even_fetched_without_clearance(mia):
    plain = reader("nurse", mia)
    client = cast.browser(plain)
    with CaptureQueriesContext(connection) as made:
        client.get(reverse("patients:clinical", args=[mia.pk]))
    assert not [one for one in made.captured_queries if "sealed_restricted" in one["sql"]]


# Bills


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("physician", ("J45.9 Asthma words", "195967001 Line words", "**** 7001"), ("MEMBER-00777001",)),
        ("finance", ("J45.9, 195967001", "**** 7001", "Reveal"), ("words", "Follow-up line")),
        ("receptionist", ("**** 7001",), ("J45.9", "195967001", "words", "Diagnosis")),
        ("auditor", ("Diagnosis: **", "**** 7001"), ("J45.9", "words", "Reveal", "Mia")),
    ],
)  # fmt: skip
def test_a_bill_shows_the_diagnosis_as_far_as_the_role_may(mia, role, shown, hidden):
    text = cast.words(page(reader(role, mia), mia, "billing"))
    for one in ("1,234.50", "CNY", "City Fund", "Physician&#x27;s bill", *shown):
        assert one in text, one
    for one in hidden:
        assert one not in text, one


def test_a_protected_bill_tells_no_diagnosis(mia):
    Claim.objects.create(
        patient=mia, confidentiality="R", status="active", occurred_at=NOW,
        diagnoses=[{"diagnosisCodeableConcept": {"coding": [{"code": "F10.2"}]}}],
    )  # fmt: skip
    assert "F10.2" not in cast.words(page(reader("finance"), mia, "billing"))


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
    assert max(many) <= 35


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


# Broken seals


def test_a_broken_entry_stays_alone_and_is_an_event(mia):
    broken = Condition.objects.get(patient=mia, occurred_at=NOW - timedelta(days=900))
    cast.break_seal(broken)
    doctor = reader("physician", mia)
    for tab in ("patient", "clinical", "timeline"):
        text = cast.words(page(doctor, mia, tab))
        assert "Unavailable" in text
        assert "Penicillin" in text
    assert cast.events("security.seal.broken")[-1].subjects == [mia.pk]


@pytest.mark.parametrize(
    ("column", "gone", "there"),
    [("sealed_card", "Mia Muster", "Asthma"), ("sealed", "Mill Lane 3", "Mia Muster")],
)
def test_a_broken_person_leaves_the_record_readable(mia, column, gone, there):
    cast.break_seal(mia, column)
    response = page(reader("physician", mia), mia)
    assert response.status_code == 200
    text = cast.words(response)
    assert "Unavailable" in text
    assert gone not in text
    assert there in text


def test_an_allergy_that_can_not_be_read_is_never_left_out(mia):
    row = AllergyIntolerance.objects.get(patient=mia)
    cast.break_seal(row)
    AllergyIntolerance.objects.create(patient=mia, code_text="Latex", confidentiality="R")
    banner = page(reader("nurse", mia), mia).context["banner"]
    assert [one.get("broken") for one in banner["allergies"]] == [True, False]
    assert "Latex" not in str(banner)
    assert not banner["no_known_allergies"]


def test_no_known_allergies_are_told_apart_from_none_recorded():
    known, unknown = cast.patient(), cast.patient()
    AllergyIntolerance.objects.create(patient=known, code={"coding": [{"code": "716186003"}]})
    nurse = reader("nurse", known, unknown)
    assert "No known allergies" in cast.words(page(nurse, known))
    assert "None recorded; ask the patient" in cast.words(page(nurse, unknown))


def test_what_was_cancelled_or_entered_in_error_does_not_matter_today(mia):
    for model in (Condition, Observation, MedicationRequest):
        model.objects.create(
            patient=mia, code_text="Slip", status="entered-in-error", occurred_at=NOW
        )
    Condition.objects.create(
        patient=mia, code_text="Slip", status="active", verification="refuted", occurred_at=NOW
    )
    Encounter.objects.create(
        patient=mia, type_text="Slip", status="cancelled", occurred_at=NOW + timedelta(days=1)
    )
    assert "Slip" not in cast.words(page(reader("physician", mia), mia))


# The trail


def test_opening_a_tab_is_a_deed_and_more_of_it_is_none(mia):
    doctor = reader("physician", mia)
    client = cast.browser(doctor)
    before = mia.last_activity_at
    client.get(reverse("patients:clinical", args=[mia.pk]))
    client.get(
        reverse("patients:clinical", args=[mia.pk]), {"section": "visits", "after": "A" * 32}
    )
    (event,) = cast.events("patients.chart.opened")
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
