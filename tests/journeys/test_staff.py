"""A day at the clinic: what each role finds, opens and is refused."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from patients.models import Claim, Patient
from security import trail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABS = [
    "Summary",
    "Timeline",
    "Clinical",
    "Notes",
    "Documents",
    "Billing",
    "Contacts",
    "Consents",
    "Appointments",
    "Relationship",
    "Messages",
    "Contact wishes",
    "Feedback",
    "Access",
]


@pytest.fixture
def coded_bill(clinic):
    """A bill that carries a diagnosis, as a code and in words."""
    concept = {"coding": [{"code": "J45.9"}], "text": "Asthma in words"}
    with trail.acting_for(system="tests", purpose="HSYSADMIN"), transaction.atomic():
        Claim.objects.create(
            patient_id=clinic.patients["ouyang-xuemei"], status="active", type_text="professional",
            total=Decimal("99.5"), currency="CNY", occurred_at=timezone.now(),
            diagnoses=[{"diagnosisCodeableConcept": concept}],
        )  # fmt: skip


def told(patient_id):
    """Return a patient's phone number and identity number as they were registered."""
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        row = Patient.objects.get(pk=patient_id)
        phone = next(one["value"] for one in row.telecoms if one["system"] == "phone")
        numbers = [one["value"] for one in row.identifiers if one["value"] != row.record_number]
        return phone, numbers


def test_a_physician_finds_a_patient_reads_the_record_and_leaves_nothing_behind(visitor, clinic):
    page = visitor.page
    visitor.goes("/")
    visitor.look("sign-in")
    visitor.gives_password("physician1@demo.example", "demo-clinic-2026")
    visitor.look("factor")
    visitor.gives_code(clinic.people["physician1"])
    expect(page.get_by_role("heading", level=1)).to_have_text("My patients")
    visitor.look("home")

    page.keyboard.press("/")
    expect(page.locator("#search-input")).to_be_focused()
    page.keyboard.type("ouyangxue")
    hit = page.locator("#search-panel [data-hits] a")
    expect(hit).to_have_count(1)
    expect(page.locator("[data-search-status]")).to_have_text("1 patient found")
    visitor.look("search")
    page.keyboard.press("ArrowDown")
    expect(hit).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/patients/{clinic.patients['ouyang-xuemei']}/")
    visitor.sees("Ouyang").get_by_text("欧阳雪梅").first.wait_for()
    visitor.sees("Allergy to penicillin")
    visitor.look("summary")

    tabs = page.locator("[data-tabs] a")
    expect(tabs).to_have_text(TABS)
    for name in TABS[1:]:
        page.locator("[data-tabs] [aria-current=page]").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        expect(page.locator("[data-tabs] [aria-current=page]")).to_have_text(name)
        expect(page.locator("#record h2").first).to_have_text(
            {"Clinical": "Clinical record"}.get(name, name)
        )
        visitor.look(name)
    visitor.sees("Why can I see this?", within="#record")
    visitor.sees("Because you are responsible for this patient.", within="#record")

    page.get_by_label("Purpose", exact=True).select_option(label="Healthcare operations")
    visitor.sees("for the purpose “Healthcare operations”", within="#record")

    page.locator("[data-menu] summary").click()
    visitor.look("menu")
    visitor.presses("Sign out")
    page.wait_for_url("**/signed-out/")
    visitor.look("signed out")
    page.go_back()
    page.wait_for_url(re.compile("/sign-in/"))
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    for name in ("Ouyang", "欧阳", "penicillin", "Zhiyuan"):
        assert name not in page.content() + kept


def test_a_receptionist_finds_by_phone_reveals_a_number_and_gives_a_doctor(doors, clinic):
    desk, doctor = doors.open(), doors.open()
    page, waiting = desk.page, clinic.patients["han-li"]
    phone, numbers = told(waiting)
    desk.is_signed_in("receptionist1")
    desk.goes("/")
    desk.look("home")
    page.locator("#search-input").fill(phone[-4:])
    page.locator("#search-panel a", has_text="Han Li").click()
    page.wait_for_url(f"**/patients/{waiting}/")
    expect(page.locator("[data-tabs] a")).to_have_text(
        [
            "Summary",
            "Billing",
            "Contacts",
            "Consents",
            "Appointments",
            "Relationship",
            "Contact wishes",
            "Feedback",
            "Access",
        ]
    )
    expect(page.locator("main")).not_to_contain_text("Allergies")
    desk.look("summary")
    expect(page.locator("main")).not_to_contain_text(numbers[0])

    desk.waits(seconds=6 * 60)
    reveal = page.get_by_role("button", name=re.compile("^Reveal")).first
    desk.expected.add(403)
    reveal.click()
    page.wait_for_url(re.compile("/account/confirm/"))
    desk.look("step-up")
    desk.gives_code(clinic.people["receptionist1"])
    page.wait_for_url(f"**/patients/{waiting}/")
    reveal.click()
    revealed = page.locator(".c-masked--open")
    expect(revealed).to_contain_text("revealed and recorded")
    assert any(number in revealed.inner_text() for number in numbers)

    doctor.is_signed_in("physician1")
    doctor.expected.add(404)
    doctor.goes(f"/patients/{waiting}/")
    doctor.sees("There is nothing here that you may see")

    desk.presses("Waiting for a doctor", role="link")
    expect(page.get_by_role("heading", level=1)).to_have_text("Patients without a doctor")
    desk.look("waiting")
    page.locator("label", has_text="Han Li").click()
    page.locator("select[name=doctor]").select_option(label="Lin Zhiyuan 林知远")
    desk.presses("Give to this doctor")
    desk.sees("1 patient given.")

    doctor.goes(f"/patients/{waiting}/")
    doctor.sees("Han Li")
    doctor.sees("you are responsible for this patient")


def test_a_finance_clerk_reveals_the_code_on_a_bill_and_is_told_who_may_see_more(
    doors, clinic, coded_bill
):
    clerk = doors.open()
    page, patient = clerk.page, f"/patients/{clinic.patients['ouyang-xuemei']}/"
    clerk.is_signed_in("finance1")
    clerk.goes(patient)
    expect(page.locator("[data-tabs] a")).to_have_text(
        [
            "Summary",
            "Billing",
            "Contacts",
            "Consents",
            "Appointments",
            "Relationship",
            "Contact wishes",
            "Feedback",
            "Access",
        ]
    )
    clerk.presses("Billing", role="link", exact=True)
    claims = page.locator("#claim-rows")
    expect(claims).not_to_contain_text("J45.9")
    clerk.look("billing")
    claims.locator("tr").first.get_by_role("button", name="Reveal").first.click()
    expect(claims).to_contain_text("J45.9")
    expect(claims).not_to_contain_text("Asthma in words")

    clerk.expected.add(403)
    clerk.goes(f"{patient}clinical/")
    clerk.sees("This is not open to you")
    for role in ("Physician", "Nurse"):
        clerk.sees(role)
    clerk.sees("Nothing was changed.")
    clerk.look("refused")


@pytest.mark.parametrize("handle", ["compliance_officer1", "engagement1"])
def test_who_needs_no_names_sees_masked_names(doors, clinic, handle):
    reader = doors.open()
    page = reader.page
    reader.is_signed_in(handle)
    for address in ("/", f"/patients/{clinic.patients['ouyang-xuemei']}/"):
        reader.goes(address)
        reader.sees("O. X.")
        for name in ("Ouyang", "Xuemei", "欧阳", "雪梅", "Kowalska", "O'Connor"):
            assert name not in page.content()
        if handle == "engagement1":
            reader.look(address)


def test_a_physician_outside_cannot_tell_a_hidden_patient_from_none(doors, clinic):
    outside = doors.open()
    outside.is_signed_in("physician2")
    outside.expected.add(404)
    told = []
    for patient in (clinic.patients["ouyang-xuemei"], "01890000-0000-7000-8000-000000000000"):
        outside.goes(f"/patients/{patient}/")
        outside.sees("There is nothing here that you may see")
        text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", outside.page.content())
        told.append(text.replace(str(patient), "PATIENT"))
    assert told[0] == told[1]
    outside.look("nothing here")
    outside.goes("/")
    outside.page.locator("#search-input").fill("ouyang")
    outside.sees("Nobody found who is open to you", within="#search-panel")


def test_a_vip_asks_for_a_fresh_code(doors, clinic):
    desk = doors.open()
    page, address = desk.page, f"/patients/{clinic.patients['lan-xinyi']}/"
    user = desk.is_signed_in("receptionist2")
    desk.waits(seconds=6 * 60)
    desk.goes("/")
    row = page.locator(".c-person", has_text="needs a fresh code")
    expect(row).to_have_count(1)
    expect(row).not_to_contain_text("Lan")
    row.get_by_role("link").click()
    page.wait_for_url(re.compile("/account/confirm/"))
    desk.gives_code(user)
    page.wait_for_url(f"**{address}")
    desk.sees("Lan Xinyi")
    desk.sees("VIP: confidential")
    desk.look("vip")
