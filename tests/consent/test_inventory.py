"""The record of processing: three views, flat queries, one export in two languages."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import translation

from consent import declarations, exporters
from consent.models import ProcessingPurpose
from consent.queries import inventory
from security import exports
from security.models import Export
from security.services import exports as deeds
from tests import world
from tests.consent.conftest import asked, assessed, recipient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def test_every_declared_field_stands_in_the_record(register):
    listed = {
        f"{model['label']}.{field}"
        for item in inventory.of_controller()
        for model in item["models"]
        for field in model["fields"]
    }
    assert listed == {one.name for one in declarations.fields()}
    assert "patients.condition.code_text" in listed


def test_it_is_flat_whatever_the_register_holds(register):
    recipient(register)
    many = [asked(read) for read in (inventory.of_controller, inventory.of_processors, inventory.of_assessments)]  # fmt: skip
    ProcessingPurpose.objects.exclude(key="abroad").update(state="retired")
    few = [asked(read) for read in (inventory.of_controller, inventory.of_processors, inventory.of_assessments)]  # fmt: skip
    assert few == many


def test_recipients_abroad_processors_and_assessments_stand_in_it(register, officer, second):
    recipient(register)
    (abroad,) = [one for one in inventory.of_controller() if one["row"].key == "abroad"]
    assert abroad["abroad"] == ["Lab (DE): Standard contract filed (PIPL 38(3))"]
    (processor,) = inventory.of_processors()
    served = {one["purpose"].key for one in processor["for"]}
    assert (
        {"reminders", "marketing"}
        < served
        <= {"reminders", "marketing", "education", "information"}
    )
    signed = assessed(register["care"], officer, second)
    (care,) = [one for one in inventory.of_assessments() if one["row"].key == "care"]
    assert care["assessment"] == signed
    assert any("Sensitive" in text for text in care["triggers"])
    assert any("children" in text for text in care["triggers"])


@pytest.mark.parametrize("view", ["controller", "processors", "assessments", "nonsense"])
def test_its_pages_are_read_by_whoever_reads_consent(register, officer, view):
    browser = world.signed_in(officer, world.factor_of(officer))
    page = browser.get(f"/consent/inventory/?view={view}", secure=True).content.decode()
    word = {"processors": "Senders of e-mail", "assessments": "none signed off"}.get(view, "outpatient 15 years")  # fmt: skip
    assert word in page


def taken(officer, key, kind="csv"):
    """Return the file of an export that an officer asked for and made."""
    asked_for = deeds.Asked(key, {}, kind, "HCOMPL", "For the authority that asked")
    row = deeds.request(asked=asked_for, by=officer)
    assert row.state == Export.State.APPROVED
    deeds.prepare(export_id=row.pk, sign_in_ref="s", by=officer)
    deeds.produce(export_id=row.pk)
    return deeds.open_file(export_id=row.pk, sign_in_ref="s", by=officer)[1]


def test_an_officer_exports_it_in_both_languages_without_a_second_person(register, officer):
    english = list(csv.reader(io.StringIO(taken(officer, "processing-en").decode("utf-8-sig"))))
    chinese = list(csv.reader(io.StringIO(taken(officer, "processing-zh").decode("utf-8-sig"))))
    assert english[0][:2] == ["Key", "Purpose"]
    assert chinese[0][1] == "使用目的"
    care = {row[0]: row for row in english}["care"]
    assert care[1] == "Care"
    assert "patients.condition" in care[6]
    assert {row[0]: row for row in chinese}["care"][1] == "诊疗服务"
    assert len(english) == len(chinese) == len(register) + 2
    assert taken(officer, "processing-en", "xlsx")[:2] == b"PK"


def test_an_officer_takes_out_the_registers_and_the_accounting_and_nothing_else(officer):
    usable = {one.key for one in exports.usable_by(officer)}
    assert usable == set(exporters.LANGUAGES) | {"disclosures"}
    browser = world.signed_in(officer, world.factor_of(officer))
    assert (
        browser.get(reverse("security:export_ask", args=["patients"]), secure=True).status_code
        == 404
    )
    page = browser.get(reverse("security:export_ask", args=["processing-zh"]), secure=True)
    assert "使用目的" in page.content.decode()


def test_the_headings_keep_their_language_whoever_reads_them():
    columns = exports.find("processing-zh").columns
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert str(columns[1].label) == "使用目的"
