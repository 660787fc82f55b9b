"""Enquiries: after the notice and a tick, under a key of their own, which a record takes over or a night destroys."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client, override_settings
from django.utils import timezone

from audit.models import Event
from consent.models import NoticeDelivery
from engagement.models import Lead
from engagement.services import lead_deletions, leads
from patients.informing import Told
from patients.models import Patient
from patients.queries import erasable
from patients.services import merges
from security.backups import erasures as ledger
from security.models import DataKey
from security.sealing import SealBroken
from security.services import data_keys
from tests import world
from tests.engagement import telling
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
URL = "/engagement/enquiry/"


@pytest.fixture
def open_house(settings):
    telling.house()
    settings.ENQUIRY_SECONDS = 0
    return telling.notice()


@pytest.fixture
def place(tmp_path):
    with override_settings(ERASURE_LEDGER=str(tmp_path / "erasures.ledger")):
        yield tmp_path / "erasures.ledger"


def shown(browser):
    page = browser.get(URL, secure=True).content.decode()
    return re.search(r'name="shown" value="([^"]+)"', page)[1]


def send(browser, **more):
    given = {"name": "Ann Hart", "phone": "+8613900010001", "message": "Knee", "agree": "on"}
    given = {"shown": shown(browser)} | given | more
    return browser.post(URL, {name: value for name, value in given.items() if value}, secure=True)


def test_an_enquiry_is_kept_with_the_notice_that_was_shown_and_nothing_is_ticked_before(open_house):
    browser = Client()
    page = browser.get(URL, secure=True).content.decode()
    assert "checked" not in page
    assert "/consent/notice/pipl/" in page
    assert send(browser, agree="").status_code == 422
    assert send(browser, phone="").status_code == 422
    sent = send(browser)
    assert (sent.status_code, sent["Location"]) == (302, "/engagement/enquiry/thanks/")
    row = Lead.objects.get()
    assert (row.name, row.message, row.state) == ("Ann Hart", "Knee", "new")
    assert row.notices == [open_house.pk]
    assert row.notice_digests == ["1e".ljust(64, "0")]
    assert row.consented_at
    key = DataKey.objects.get(subject_id=row.pk)
    assert (key.subject_kind, key.scope) == ("lead", "record")
    assert b"Ann" not in bytes(row.__dict__["sealed_card"])


def test_machines_are_told_the_same_and_nothing_is_kept(open_house, settings):
    browser = Client()
    trapped = send(browser, website="http://spam.example")
    assert trapped["Location"] == "/engagement/enquiry/thanks/"
    assert send(browser, shown="forged").status_code == 422
    settings.ENQUIRY_SECONDS = 60
    assert send(browser).status_code == 422
    assert Lead.objects.count() == 0


def test_an_address_that_sends_many_has_to_wait(open_house):
    browser = Client()
    answers = [send(browser).status_code for _number in range(7)]
    assert answers[:5] == [302] * 5
    assert answers[-1] == 422
    assert Lead.objects.count() == 5


def test_who_read_another_notice_reads_the_new_one_first(open_house):
    browser = Client()
    old = shown(browser)
    telling.notice(2)
    answer = send(browser, shown=old)
    assert answer.status_code == 422
    assert 'name="agree" ' in answer.content.decode()
    assert "checked" not in answer.content.decode()
    assert Lead.objects.count() == 0


def test_without_a_notice_nothing_is_asked_and_nothing_is_kept():
    telling.house()
    browser = Client()
    assert 'name="agree"' not in browser.get(URL, secure=True).content.decode()
    given = {"name": "Ann", "phone": "+8613900010001", "agree": "on"}
    assert browser.post(URL, given, secure=True).status_code == 200
    assert Lead.objects.count() == 0
    with pytest.raises(leads.NotAgreed):
        leads.take_in(asked=leads.Asked(name="Ann", source="phone", phone="1"), by=None)


def test_the_answer_tells_nobody_who_is_known(open_house):
    cast.patient(telecoms=[{"system": "phone", "value": "+8613900010001"}])
    known, unknown = send(Client()), send(Client(), phone="+8613900010002")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def fields(**more):
    return {"names": [{"family": "Hart", "given": ["Ann"]}], "sex": "female"} | more


def test_a_lead_becomes_a_patient_under_the_same_data_key():
    by, row = world.person("receptionist"), telling.lead()
    key = DataKey.objects.get(subject_id=row.pk)
    patient = leads.convert(
        lead_id=row.pk, version=1, fields=fields(), doctor=None, told=None, by=by
    )
    assert patient.pk == row.pk
    after = DataKey.objects.get(subject_id=patient.pk, scope="record")
    assert (after.pk, after.subject_kind) == (key.pk, "patient")
    row = Lead.objects.get(pk=row.pk)
    assert (row.state, row.patient_id, row.name, row.message) == (
        "won",
        patient.pk,
        "Ann Hart",
        "Knee",
    )
    assert Patient.objects.get(pk=patient.pk).names[0]["family"] == "Hart"
    assert not Lead.objects.due(timezone.localdate() + timedelta(days=9999)).exists()
    with pytest.raises(leads.Converted):
        leads.lose(lead_id=row.pk, version=row.version, why="other", by=by)
    assert row in [one for rows in erasable.rows_of_scope("record", [patient.pk]) for one in rows]
    data_keys.destroy(subject_ids=[patient.pk], kind="patient", scopes=["record"], by=None)
    with pytest.raises(SealBroken):
        _ = Lead.objects.get(pk=row.pk).message


def test_a_lead_of_a_known_patient_goes_into_that_record_and_follows_its_merge_and_back():
    by, row, mia = world.person("receptionist"), telling.lead(), cast.patient()
    key = DataKey.objects.get(subject_id=row.pk)
    leads.join(lead_id=row.pk, version=1, patient_id=mia.pk, by=by)
    assert DataKey.objects.get(pk=key.pk).subject_id == mia.pk
    assert Lead.objects.get().message == "Knee"
    other = cast.patient("Hart", "Ann")
    merge = merges.merge(
        survivor_id=other.pk, survivor_version=1, absorbed_id=mia.pk, absorbed_version=1,
        choices={}, is_birth_confirmed=True, reason="same", by=by,
    )  # fmt: skip
    assert (Lead.objects.get().patient_id, Lead.objects.get().message) == (other.pk, "Knee")
    merges.undo(merge_id=merge.pk, survivor_version=2, reason="not the same", by=by)
    assert (Lead.objects.get().patient_id, Lead.objects.get().message) == (mia.pk, "Knee")


def test_a_conversion_that_fails_leaves_the_key_where_it_was(monkeypatch):
    row = telling.lead()
    telling.house()
    telling.notice()
    with pytest.raises(leads.registration.informing.NotInformed):
        leads.convert(
            lead_id=row.pk, version=1, fields=fields(), doctor=None, told=None,
            by=world.person("receptionist"),
        )  # fmt: skip
    assert DataKey.objects.get(subject_id=row.pk).subject_kind == "lead"
    assert Lead.objects.get().message == "Knee"
    assert Patient.objects.count() == 0


def test_the_night_destroys_the_key_of_whoever_is_due_and_of_nobody_else(place):
    row, other = telling.lead(), telling.lead("Tom")
    Lead._base_manager.filter(pk=row.pk).update(delete_on=timezone.localdate())
    assert lead_deletions.purge() == 1
    assert list(Lead.objects.all()) == [other]
    assert DataKey.objects.get(created_for=row.pk).wrapped is None
    assert [line.subjects for line in ledger.read(place)] == [[row.pk]]
    assert Event.objects.filter(action="engagement.lead.deleted").count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=800)):
        assert lead_deletions.purge() == 1
    assert Lead.objects.count() == 0


def test_a_restore_forgets_again_who_was_deleted_and_touches_no_patient(place):
    row, won = telling.lead(), telling.lead("Tom")
    by = world.person("receptionist")
    patient = leads.convert(
        lead_id=won.pk, version=1, fields=fields(), doctor=None, told=None, by=by
    )
    for one in (row, won):
        # As if both were deleted after the backup that was just restored.
        ledger.append(ledger.INTENT, erasure=one.pk, subjects=[str(one.pk)], subject_of="lead")
    assert ledger.replay(ledger.read(place))[0] == 2
    assert Lead.objects.get().patient_id == patient.pk
    assert not DataKey.objects.filter(created_for=row.pk, destroyed_at=None).exists()
    assert Lead.objects.get().message == "Knee"
    with pytest.raises(leads.Converted):
        lead_deletions.delete(lead_id=won.pk, why="asked", by=by)


def test_being_in_touch_begins_the_time_anew_and_being_lost_ends_it_soon():
    by, row = world.person("engagement"), telling.lead()
    Lead._base_manager.filter(pk=row.pk).update(delete_on=timezone.localdate() + timedelta(days=9))
    row = leads.move(lead_id=row.pk, version=1, state="contacted", by=by)
    assert (row.delete_on - timezone.localdate()).days > 700
    row = leads.lose(lead_id=row.pk, version=2, why="price", by=by)
    assert (row.delete_on - timezone.localdate()).days == 90
    with pytest.raises(leads.Changed):
        leads.move(lead_id=row.pk, version=2, state="new", by=by)
    row = leads.move(lead_id=row.pk, version=3, state="appointment", by=by)
    assert (row.lost_why, (row.delete_on - timezone.localdate()).days > 700) == ("", True)


def test_reception_registers_who_asked_after_a_look_at_who_is_here(open_house, place):
    desk = cast.browser(cast.staff("receptionist"))
    mia = cast.patient(telecoms=[{"system": "phone", "value": "+8613900010001"}])
    row, twice = telling.lead(), telling.lead("Ann H.")
    page = desk.get(f"/engagement/leads/{row.pk}/").content.decode()
    assert f"/patients/{mia.pk}/" in page
    assert f"/engagement/leads/{twice.pk}/" in page
    url = f"/engagement/leads/{row.pk}/convert/"
    assert 'value="Hart"' in desk.get(url).content.decode()
    given = {
        "version": 1, "family": "Hart", "given": "Ann", "birth_precision": "none", "sex": "female",
        "told": "shown", "language": "en",
    }  # fmt: skip
    assert desk.post(url, given).status_code == 302
    assert NoticeDelivery.objects.get().patient_id == row.pk
    sent = {"version": twice.version, "patient": mia.pk}
    assert desk.post(f"/engagement/leads/{twice.pk}/join/", sent).status_code == 302
    assert Lead.objects.filter(patient=mia).exists()


def test_coordinators_work_on_the_board_and_neither_register_nor_see_who_became_a_patient(
    open_house, place
):
    keeper = cast.browser(cast.staff("engagement"))
    row = telling.lead()
    won = telling.lead("Tom Wonder")
    leads.convert(
        lead_id=won.pk, version=1, fields=fields(), doctor=None, told=Told("shown", "en"),
        by=world.person("receptionist"),
    )  # fmt: skip
    board = keeper.get("/engagement/leads/").content.decode()
    assert "Ann Hart" in board
    assert "Wonder" not in board
    assert keeper.get(f"/engagement/leads/{row.pk}/convert/").status_code == 403
    taken = {
        "source": "referral", "name": "Eve", "phone": "+8613900010009", "told": "on", "message": "",
    }  # fmt: skip
    assert keeper.post("/engagement/leads/new/", taken).status_code == 422
    assert keeper.post("/engagement/leads/new/", taken | {"referrer": "Dr. Lin"}).status_code == 302
    copied = keeper.post(f"/engagement/leads/{row.pk}/copy/")
    assert '"name": "Ann Hart"' in copied.content.decode()
    gone = keeper.post(f"/engagement/leads/{row.pk}/delete/", {"why": "asked", "sure": "on"})
    assert gone["Location"] == "/engagement/leads/"
    assert not Lead.objects.filter(pk=row.pk).exists()
    assert cast.browser(cast.staff("physician")).get("/engagement/leads/").status_code == 403


def test_the_board_costs_the_same_for_one_and_ten():
    keeper = cast.browser(cast.staff("engagement"))

    def cost():
        with cast.CaptureQueries() as made:
            assert keeper.get("/engagement/leads/").status_code == 200
        return len(made)

    telling.lead()
    one = (cost(), cost())[1]
    for number in range(9):
        telling.lead(f"Ann {number}")
    assert cost() == one
