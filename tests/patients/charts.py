"""A record with a little of everything, and the browser that looks at it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from patients.models import (
    AllergyIntolerance,
    Claim,
    Condition,
    Coverage,
    Encounter,
    MedicationRequest,
    Observation,
    Organization,
    Patient,
    Practitioner,
)
from security.models import Clearance
from tests.patients import cast

NOW = timezone.now()


def record() -> Patient:
    """Make a patient with one entry of nearly every kind."""
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
