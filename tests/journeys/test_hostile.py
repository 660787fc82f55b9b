"""What is stored is not trusted: broken seals are named, markup is text."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from crm.demo import accounts
from patients.models import (
    AllergyIntolerance,
    CareRelationship,
    Condition,
    Coverage,
    Encounter,
    MedicationRequest,
)
from patients.services import relationships, teams
from security import trail
from security.models import User
from security.services import roles, units, users
from tests import database
from tests.patients import cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "'><svg onload=alert(3)>",
    "<iframe srcdoc='<script>alert(4)</script>'></iframe>",
    "<a href=javascript:alert(5)>link</a>",
    "</title></textarea></style></script><script>alert(6)</script>",
    "<div hx-get=/search/ hx-trigger=load>load</div>",
    "<style>@import 'http://127.0.0.1:9/x.css';</style>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<img src=http://127.0.0.1:9/x.png>",
    "&lt;script&gt;alert(7)&lt;/script&gt;",
    "{{ request.user }}{% debug %}${alert(8)}",
    "`;alert(9)//\\\\",
)


def break_seal(table: str, column: str, row_id: object) -> None:
    """Flip a byte of an envelope behind everybody's back, as who administers the database can."""
    flipped = f"set_byte({column}, 40, 255 - get_byte({column}, 40))"
    with database.administrator() as other, other.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {flipped} WHERE id = %s", [row_id])
        assert cursor.rowcount == 1


def test_a_broken_seal_is_named_and_the_rest_of_the_page_works(visitor, clinic):
    page, patient = visitor.page, clinic.patients["ouyang-xuemei"]
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        problems = Condition.objects.filter(patient_id=patient)
        broken = next(one for one in problems if one.code_text.startswith("Essential hypertension"))
    break_seal("patients_condition", "sealed_card", broken.pk)
    break_seal("patients_patient", "sealed_card", clinic.patients["oconnor"])
    visitor.is_signed_in("physician1")
    visitor.goes("/")
    rows = page.locator("#patient-rows .c-person")
    expect(rows.filter(has_text="Unavailable")).to_have_count(1)
    expect(rows.filter(has_text="Ouyang Xuemei")).to_have_count(1)
    rows.filter(has_text="Ouyang Xuemei").get_by_role("link").click()
    listed = page.get_by_role("region", name="Active problems").get_by_role("listitem")
    expect(listed).to_have_count(3)
    expect(listed.filter(has_text="Unavailable")).to_have_count(1)
    expect(listed.filter(has_text="Type 2 diabetes")).to_have_count(1)
    assert all(text.strip() for text in listed.all_inner_texts())
    visitor.look("summary")
    for tab in ("Timeline", "Clinical"):
        visitor.presses(tab, role="link", exact=True)
        expect(page.locator("[data-tabs] [aria-current=page]")).to_have_text(tab)
        visitor.sees("Follow-up encounter", within="#record")
    visitor.sees("Unavailable", within="#section-conditions")
    visitor.goes(f"/patients/{clinic.patients['oconnor']}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Unavailable")
    visitor.sees("Amlodipine")
    visitor.look("unavailable")


@pytest.fixture
def hostile(clinic):
    """A patient, a doctor and teams whose every name and text is markup."""
    first, second = MARKUP[:2]
    with trail.acting_for(system="tests", purpose="HSYSADMIN"), transaction.atomic():
        doctor = users.create(
            kind=User.Kind.STAFF, display_name=first, email="markup@demo.example", by=None
        )
        roles.grant(user=doctor, role="physician", by=None)
        accounts.give_factor(user=doctor)
        clinic.people["markup"] = doctor
        row = cast.patient(
            names=[{"family": f"Markup {first}", "given": [second]}, {"use": "nickname", "text": MARKUP[5]}],
            sex="female", record_number=MARKUP[2], language=MARKUP[3],
            telecoms=[{"system": "phone", "value": MARKUP[4]}], addresses=[{"text": MARKUP[7]}],
            identifiers=[{"system": "urn:x", "value": MARKUP[8], "type": {"text": MARKUP[9]}}],
        )  # fmt: skip
        now = timezone.now()
        visit = Encounter.objects.create(
            patient=row, occurred_at=now, type_text=MARKUP[6], class_code=MARKUP[10], status=MARKUP[1],
            reasons=[{"text": MARKUP[3]}],
        )  # fmt: skip
        for text in MARKUP:
            Condition.objects.create(
                patient=row, encounter=visit, code_text=text, status="active", occurred_at=now
            )
        AllergyIntolerance.objects.create(
            patient=row, code_text=MARKUP[2], status="active", occurred_at=now, reactions=[{"manifestation": [{"text": MARKUP[3]}]}]
        )  # fmt: skip
        MedicationRequest.objects.create(
            patient=row,
            code_text=MARKUP[4],
            status="active",
            occurred_at=now,
            dosages=[{"text": MARKUP[6]}],
        )
        Coverage.objects.create(patient=row, status=MARKUP[0], payer_text=MARKUP[1], type_text=MARKUP[2], occurred_at=now, member_number=MARKUP[3])  # fmt: skip
        for text in MARKUP:
            unit = units.create(name=text, name_zh=text, kind="team", by=None)
        units.join(user=doctor, unit=unit, by=None)
        teams.assign(patient_ids=[row.pk], unit=unit, by=None)
        relationships.grant(user=doctor, patient_id=row.pk, source=CareRelationship.Source.RESPONSIBLE, by=None)  # fmt: skip
    return row.pk


def test_markup_in_names_and_texts_is_shown_as_text(doors, clinic, hostile):
    doctor = doors.open()
    page = doctor.page
    doctor.is_signed_in("markup")
    doctor.goes("/")
    doctor.sees(MARKUP[0])
    page.locator("#search-input").fill("markup")
    doctor.sees(MARKUP[0], within="#search-panel")
    page.locator("#search-panel a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(MARKUP[1])
    problems = page.get_by_role("region", name="Active problems")
    for text in MARKUP:
        expect(problems).to_contain_text(text)
    doctor.look("summary")
    for tab in ("Timeline", "Clinical", "Billing", "Access"):
        doctor.presses(tab, role="link", exact=True)
        expect(page.locator("[data-tabs] [aria-current=page]")).to_have_text(tab)
        doctor.sees(MARKUP[12] if tab == "Access" else MARKUP[1], within="#record")
        page.reload()
    page.locator("#search-input").fill(MARKUP[1])
    page.keyboard.press("Enter")
    doctor.sees("Nobody found who is open to you")
    assert page.locator("main script, main iframe, main img, main [hx-get='/search/']").count() == 0

    keeper = doors.open()
    keeper.is_signed_in("administrator1")
    for model in ("unit", "membership", "user"):
        keeper.goes(f"/admin/security/{model}/")
        keeper.sees("<•••" if model == "user" else MARKUP[12], within="body")
    for one in (doctor, keeper):
        one.page.wait_for_load_state("networkidle")
