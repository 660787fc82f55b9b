"""The pages of a merge: a comparison, a second look, and addresses that lead to the record that stays."""

from uuid import uuid4

import pytest
from django.utils import timezone

from patients.models import AccessRequest, BreakGlass, Condition, Merge, Patient
from tests.patients import cast
from tests.patients.test_merges import BORN, PHONE, merge

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def stays():
    return cast.patient("Wang", "Xiaoming", birth_on=BORN, sex="female", record_number="A-1")


@pytest.fixture
def goes():
    return cast.patient(
        "王", "小明", birth_on=BORN, sex="male", record_number="B-2", telecoms=PHONE
    )


def address(stays, goes):
    return f"/patients/{stays.pk}/merge/{goes.pk}/"


def said(stays, goes, **changes):
    return {
        "survivor_version": stays.version, "absorbed_version": goes.version, "take_sex": "absorbed",
        "reason": "same person", "is_compared": "on",
    } | changes  # fmt: skip


def test_the_desk_chooses_compares_merges_and_undoes(desk, stays, goes):
    client = cast.browser(desk)
    chosen = cast.words(client.get(f"/patients/{stays.pk}/merge/"))
    assert "same name and birth date" in chosen
    compared = client.get(address(stays, goes))
    shown = cast.words(compared)
    for words in ("A-1", "B-2", "王小明", "Xiaoming Wang", "+8613800138001", "you choose below"):
        assert words in shown
    answer = client.post(address(stays, goes), said(stays, goes))
    assert answer.headers["Location"] == f"/patients/{stays.pk}/contacts/"
    with cast.acting(desk):
        assert Patient.objects.get(pk=stays.pk).sex == "male"
    row = Merge.objects.get()
    page = client.get(f"/patients/{stays.pk}/contacts/")
    assert "B-2" in cast.words(page)
    url = f"/patients/{stays.pk}/unmerge/{row.pk}/"
    undoing = client.get(url)
    assert "goes back" in cast.words(undoing) or "go back" in cast.words(undoing)
    version = undoing.context["form"]["survivor_version"].value()
    back = client.post(url, {"survivor_version": version, "reason": "two people"})
    assert back.headers["Location"] == f"/patients/{goes.pk}/contacts/"
    assert client.get(f"/patients/{goes.pk}/").status_code == 200
    assert client.get(url).status_code == 404


def test_another_record_is_found_by_its_number_and_not_by_a_foreign_one(desk, stays, goes):
    client = cast.browser(desk)
    url = f"/patients/{stays.pk}/merge/"
    assert client.post(url, {"number": "b 2"}).headers["Location"] == address(stays, goes)
    for number in ("A-1", "nobody", "", "x" * 99):
        assert client.post(url, {"number": number}).status_code == 422, number


@pytest.mark.parametrize(
    "changes",
    [
        {"is_compared": ""},
        {"reason": ""},
        {"take_sex": "both"},
        {"take_sex": ""},
        {"survivor_version": "x"},
    ],
)
def test_a_merge_without_a_second_look_is_refused(desk, stays, goes, changes):
    answer = cast.browser(desk).post(address(stays, goes), said(stays, goes, **changes))
    assert answer.status_code == 422
    assert not Merge.objects.exists()


def test_a_merge_of_what_was_changed_meanwhile_shows_both_anew(desk, stays, goes):
    answer = cast.browser(desk).post(address(stays, goes), said(stays, goes, absorbed_version=2))
    assert answer.status_code == 409
    assert "changed meanwhile" in cast.words(answer)
    assert not Merge.objects.exists()


def test_merging_asks_for_a_fresh_factor(desk, stays, goes):
    client = cast.stale(cast.browser(desk))
    for answer in (
        client.get(address(stays, goes)),
        client.post(address(stays, goes), said(stays, goes)),
    ):
        assert "/account/confirm/" in answer.headers["Location"]
    assert not Merge.objects.exists()


def test_only_who_writes_numbers_merges(desk, stays, goes):
    nurse = cast.staff("nurse")
    cast.care(nurse, stays, goes)
    for user, status in (
        (nurse, 403),
        (cast.staff("finance"), 403),
        (cast.staff("physician"), 404),
    ):
        client = cast.browser(user)
        assert client.get(f"/patients/{stays.pk}/merge/").status_code == status
        assert client.get(address(stays, goes)).status_code == status
        assert client.post(address(stays, goes), said(stays, goes)).status_code == status
        assert client.get(f"/patients/{stays.pk}/unmerge/{stays.pk}/").status_code == status
    assert not Merge.objects.exists()


def test_a_record_is_not_compared_with_itself_nor_with_none(desk, stays):
    client = cast.browser(desk)
    refused = client.get(address(stays, stays))
    assert refused.status_code == 403
    assert "with itself" in cast.words(refused)
    assert (
        client.get(f"/patients/{stays.pk}/merge/01890000-0000-7000-8000-000000000000/").status_code
        == 404
    )


def test_the_address_of_a_merged_record_leads_to_the_one_that_stays(desk, stays, goes):
    doctor = cast.staff("physician")
    cast.care(doctor, goes)
    entry = Condition.objects.create(patient=goes, code_text="Asthma", occurred_at=timezone.now())
    merge(desk, stays, goes)
    for user in (desk, doctor):
        client = cast.browser(user)
        moved = client.get(f"/patients/{goes.pk}/contacts/?after=x")
        assert moved.headers["Location"] == f"/patients/{stays.pk}/contacts/?after=x"
    clinical = cast.browser(doctor).get(f"/patients/{goes.pk}/clinical/", follow=True)
    assert "Asthma" in cast.words(clinical)
    assert str(entry.patient_id) not in clinical.redirect_chain[0][0]
    stranger = cast.browser(cast.staff("physician"))
    assert stranger.get(f"/patients/{goes.pk}/").status_code == 404
    assert (
        cast.browser(desk).post(f"/patients/{goes.pk}/contacts/new/", {"kind": "O"}).status_code
        == 409
    )


def test_a_merged_record_stands_in_no_list(desk, stays, goes):
    merge(desk, stays, goes)
    home = cast.browser(desk).get("/")
    assert str(goes.pk) not in home.content.decode()
    assert str(stays.pk) in home.content.decode()
    waiting = cast.browser(desk).get("/patients/unassigned/").content.decode()
    assert str(goes.pk) not in waiting


def test_whoever_asks_about_a_merged_record_learns_no_more_than_about_none(desk, stays, goes):
    merge(desk, stays, goes)
    client = cast.browser(cast.staff("nurse"))
    said = {"code": "life", "reason": "Unconscious at the bus stop", "minutes": "60"}
    asked = {"reason": "Covers for a colleague tonight", "days": "1"}
    for tail, form in (("emergency/", said), ("request/", asked), ("", {}), ("notes/", {})):
        merged, absent = (f"/patients/{one}/{tail}" for one in (goes.pk, uuid4()))
        assert client.get(merged).status_code == client.get(absent).status_code, tail
        answers = [client.post(one, form) for one in (merged, absent)]
        assert answers[0].status_code == answers[1].status_code, tail
    assert not BreakGlass.objects.exists()
    assert not AccessRequest.objects.exists()
