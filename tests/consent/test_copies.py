"""Copies on request: an archive that opens elsewhere, and a passphrase that goes another way."""

import hashlib
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
import pyzipper
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from consent.models import RecordCopy, RightsRequest
from consent.services import copies
from consent.services.request_rows import OwnRequest
from patients.models import Document, Patient, StaffLink
from patients.services import merges
from security.sealing import files
from tests import world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
State = RecordCopy.State


@pytest.fixture(autouse=True)
def own_files(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path)


@pytest.fixture
def clinic():
    return world.clinic()


@pytest.fixture
def second():
    return world.person("compliance_officer", name="Second")


def asked(patient, **more):
    known = {"identity_at": timezone.now(), "kind": "access", "way": "letter", "language": "en"}
    row = RightsRequest(
        number=f"R-{RightsRequest.objects.count() + 1}",
        patient=patient,
        subject_id=patient.pk,
        asked="A copy, please",
        **known | more,
    )
    row.save()
    return row


def made(clinic, **more):
    row = copies.begin(request_id=asked(clinic.patient, **more).pk, by=clinic.users["officer"])
    return copies.produce(copy_id=row.pk)


def rewrite(table, column, value, row_id):
    """Change one column behind the back of the deeds."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, row_id])


def actions():
    return list(
        Event.objects.filter(action__startswith="consent.copy").values_list("action", flat=True)
    )


def test_the_archive_opens_with_its_passphrase_in_another_program_and_with_no_other(clinic, second):
    kept = files.write([b"%PDF-original"], most=99)
    Document.objects.create(
        patient=clinic.patient, media_type="application/pdf", size=13, file_id=kept.file_id,
        file_key=kept.key, uploaded_by=clinic.users["physician"], title="Letter",
    )  # fmt: skip
    row = made(clinic)
    assert (row.state, row.manifest["broken"]) == (State.READY, ())
    assert row.parts_done == row.parts_total
    _row, content = copies.fetch(copy_id=row.pk, by=clinic.users["officer"])
    passphrase = copies.tell_passphrase(copy_id=row.pk, by=second)
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        with pytest.raises(RuntimeError):
            archive.read("record.json", pwd=b"another")
        archive.setpassword(passphrase.encode())
        held = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(held.pop("manifest.json"))
    assert set(held) == {
        "README.txt", "everything.json", "record.json", "record.pdf", "record.html",
        "files/0001.pdf",
    }  # fmt: skip
    assert manifest["sha256"] == {
        name: hashlib.sha256(one).hexdigest() for name, one in held.items()
    }
    assert held["files/0001.pdf"] == b"%PDF-original"
    assert held["record.pdf"].startswith(b"%PDF-")
    assert "Muster" in held["record.html"].decode()
    assert "Muster" in held["everything.json"].decode()
    urls = [entry["resource"] for entry in json.loads(held["record.json"])["entry"]]
    documents = [one for one in urls if one["resourceType"] == "DocumentReference"]
    assert "files/0001.pdf" in json.dumps(documents)


def test_nothing_on_the_disk_can_be_read_and_the_reads_are_on_the_trail(clinic):
    row = made(clinic)
    stored = b"".join(
        path.read_bytes() for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()
    )
    assert stored
    assert not [part for part in (b"PK\x03\x04", b"record.json", b"Muster") if part in stored]
    read = Event.objects.filter(action="security.record.read", purpose="PATRQT").latest(
        "recorded_at"
    )
    assert clinic.patient.pk in read.subjects
    assert row.passphrase not in json.dumps(list(Event.objects.values()), default=str)


def test_a_merged_record_is_copied_with_the_one_that_took_it_in(clinic, second):
    third = Patient.objects.create(names=[{"text": "Third"}])
    merges.merge(
        survivor_id=clinic.patient.pk, survivor_version=1, absorbed_id=third.pk, absorbed_version=1,
        choices={}, is_birth_confirmed=False, reason="same", by=clinic.users["receptionist"],
    )  # fmt: skip
    row = made(clinic)
    assert row.manifest["entries"]["patients.patient"] == 2


@pytest.mark.parametrize(
    "more",
    [{"identity_at": None}, {"kind": "erasure"}, {"closed_at": timezone.now()}],
)
def test_a_request_that_is_not_proved_or_open_or_for_a_copy_is_refused(clinic, more):
    with pytest.raises(copies.NotAsked):
        copies.begin(request_id=asked(clinic.patient, **more).pk, by=clinic.users["officer"])
    assert not RecordCopy.objects.exists()
    assert actions() == []


def test_one_copy_at_a_time_and_another_after_it_was_stopped(clinic):
    request, officer = asked(clinic.patient), clinic.users["officer"]
    row = copies.begin(request_id=request.pk, by=officer)
    with pytest.raises(copies.OneIsThere):
        copies.begin(request_id=request.pk, by=officer)
    copies.cancel(copy_id=row.pk, by=officer)
    assert copies.produce(copy_id=row.pk) is None
    assert copies.begin(request_id=request.pk, by=officer).state == State.MAKING
    assert actions() == ["consent.copy.begun", "consent.copy.cancelled", "consent.copy.begun"]


def test_stopped_in_the_middle_nothing_stays(clinic, monkeypatch):
    row = copies.begin(request_id=asked(clinic.patient).pk, by=clinic.users["officer"])

    def stop(_self):
        copies.cancel(copy_id=row.pk, by=clinic.users["officer"])
        raise copies.Stopped

    monkeypatch.setattr(copies._Progress, "passed", stop)
    assert copies.produce(copy_id=row.pk) is None
    assert not [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]


def test_interrupted_work_is_handed_out_again_and_made_once(clinic):
    row = copies.begin(request_id=asked(clinic.patient).pk, by=clinic.users["officer"])
    handed = []
    copies.unfinished(handed.append)
    assert handed == []
    RecordCopy.objects.filter(pk=row.pk).update(moved_at=timezone.now() - timedelta(minutes=5))
    copies.unfinished(handed.append)
    copies.unfinished(handed.append)
    assert handed == [row.pk]
    assert copies.produce(copy_id=row.pk).state == State.READY
    assert copies.produce(copy_id=row.pk) is None


def test_archive_and_passphrase_go_through_two_pairs_of_hands(clinic, second):
    row, officer = made(clinic), clinic.users["officer"]
    copies.fetch(copy_id=row.pk, by=officer)
    with pytest.raises(copies.SamePerson):
        copies.tell_passphrase(copy_id=row.pk, by=officer)
    copies.tell_passphrase(copy_id=row.pk, by=second)
    with pytest.raises(copies.SamePerson):
        copies.fetch(copy_id=row.pk, by=second)
    with pytest.raises(IntegrityError), transaction.atomic():
        rewrite("consent_recordcopy", "fetched_by_id", second.pk, row.pk)
    assert actions()[-2:] == ["consent.copy.fetched", "consent.copy.unlocked"]


def test_a_third_pair_of_hands_does_not_let_the_first_have_both_halves(clinic, second):
    row, officer = made(clinic), clinic.users["officer"]
    copies.tell_passphrase(copy_id=row.pk, by=officer)
    with pytest.raises(copies.SamePerson):
        copies.tell_passphrase(copy_id=row.pk, by=second)
    with pytest.raises(copies.SamePerson):
        copies.fetch(copy_id=row.pk, by=officer)
    copies.fetch(copy_id=row.pk, by=second)
    with pytest.raises(copies.SamePerson):
        copies.fetch(copy_id=row.pk, by=world.person("compliance_officer", name="Third"))
    assert actions()[-2:] == ["consent.copy.unlocked", "consent.copy.fetched"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "withdrawn"),
        ("state", "refused"),
        ("state", "duplicate"),
        ("capacity", "guardian"),
    ],
)
def test_a_copy_ends_with_the_request_or_the_authority_of_who_asked(clinic, second, column, value):
    request = asked(clinic.patient)
    row = copies.begin(request_id=request.pk, by=second)
    rewrite("consent_rightsrequest", column, value, request.pk)
    for deed in (copies.fetch, copies.tell_passphrase):
        with pytest.raises(copies.NotAsked):
            deed(copy_id=row.pk, by=second)
    assert copies.produce(copy_id=row.pk).state == State.FAILED
    with pytest.raises(copies.NotAsked):
        copies.begin(request_id=request.pk, by=second)
    assert actions() == ["consent.copy.begun", "consent.copy.failed"]


def test_nobody_gets_a_copy_of_a_record_of_which_nobody_can_tell_who_may_ask(clinic):
    request = asked(clinic.patient, capacity="guardian")
    cast.break_seal(clinic.patient)
    with pytest.raises(copies.NotAsked, match="nobody can tell"):
        copies.begin(request_id=request.pk, by=clinic.users["officer"])


def test_nobody_makes_a_copy_of_the_own_record_or_of_close_family(clinic):
    officer = clinic.users["officer"]
    StaffLink.objects.create(user=officer, patient=clinic.patient, kind="family")
    with pytest.raises(OwnRequest):
        copies.begin(request_id=asked(clinic.patient).pk, by=officer)


def test_a_copy_of_a_colleague_is_made_of_the_account(clinic, second):
    officer = clinic.users["officer"]
    request = RightsRequest(
        number="R-9", subject_id=officer.pk, subject_of="user", kind="access", way="staff",
        language="zh-hans", identity_at=timezone.now(), asked="x",
    )  # fmt: skip
    request.save()
    with pytest.raises(OwnRequest):
        copies.begin(request_id=request.pk, by=officer)
    row = copies.produce(copy_id=copies.begin(request_id=request.pk, by=second).pk)
    assert row.manifest["entries"]["security.user"] == 1


def test_a_copy_that_nobody_took_is_deleted_with_its_passphrase(clinic):
    row = made(clinic)
    path = files.path_of(row.file_id)
    past = timezone.now() - timedelta(seconds=1)
    rewrite("consent_recordcopy", "expires_at", past, row.pk)
    with pytest.raises(copies.NotReady):
        copies.fetch(copy_id=row.pk, by=clinic.users["officer"])
    assert copies.sweep() == 1
    row = RecordCopy.objects.get(pk=row.pk)
    assert (row.state, row.passphrase, row.file_key) == (State.OVER, "", "")
    assert path.name
    assert copies.sweep() == 0


def test_an_entry_that_does_not_open_is_named_and_the_rest_is_copied(clinic):
    rewrite("patients_condition", "patient_id", clinic.other.pk, clinic.condition.pk)
    request = asked(clinic.other)
    row = copies.produce(copy_id=copies.begin(request_id=request.pk, by=clinic.users["officer"]).pk)
    assert any(str(clinic.condition.pk) in one for one in row.manifest["broken"])
    assert row.state == State.READY


# --- pages ----------------------------------------------------------------------------------


def test_an_officer_makes_a_copy_and_sees_how_far_it_is(clinic, monkeypatch):
    monkeypatch.setattr(
        "consent.tasks.make_copy.delay", lambda copy_id: copies.produce(copy_id=copy_id)
    )
    officer, request = clinic.client("officer"), asked(clinic.patient)
    page = officer.get(reverse("consent:copies")).content.decode()
    assert request.number in page
    officer.post(reverse("consent:copy_begin", args=[request.pk]))
    row = RecordCopy.objects.get()
    page = officer.get(reverse("consent:copy", args=[request.pk])).content.decode()
    assert row.state == State.READY
    assert row.passphrase not in page
    told = officer.post(reverse("consent:copy_tell", args=[row.pk]))
    assert row.passphrase in told.content.decode()
    assert "no-store" in told["Cache-Control"]
    again = officer.post(reverse("consent:copy_fetch", args=[row.pk]))
    assert again.status_code == 403
    assert b"colleague" in again.content


@pytest.mark.parametrize("name", ["physician", "receptionist", "auditor", "administrator"])
def test_who_does_not_work_on_rights_gets_no_copy(clinic, name):
    row = made(clinic)
    client = clinic.client(name)
    answers = {
        client.get(reverse("consent:copies")).status_code,
        client.post(reverse("consent:copy_fetch", args=[row.pk])).status_code,
        client.post(reverse("consent:copy_tell", args=[row.pk])).status_code,
    }
    assert answers == {403}


def test_the_list_asks_the_same_number_of_queries_for_one_and_for_ten(
    clinic, django_assert_num_queries, django_assert_max_num_queries
):
    client = clinic.client("officer")
    asked(clinic.patient)
    client.get(reverse("consent:copies"))
    with django_assert_max_num_queries(60) as first:
        client.get(reverse("consent:copies"))
    for _ in range(9):
        asked(clinic.other)
    with django_assert_num_queries(len(first.captured_queries)):
        client.get(reverse("consent:copies"))
