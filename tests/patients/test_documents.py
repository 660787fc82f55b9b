"""Documents: only harmless ones come in, sealed; each leaves as a download with its event."""

import io
import os
import socket
import struct
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from audit.queries import records
from patients.models import Document
from patients.queries import documents as shelf
from patients.services import documents
from security.sealing import SealBroken, files
from security.services import clearances
from tests import consenting
from tests.patients import cast, media_files

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
GOOD = {
    "letter.pdf": media_files.pdf,
    "Röntgen 王芳.jpg": media_files.picture,
    "scan.PNG": lambda: media_files.picture("PNG"),
    "notes.txt": lambda: "CANARY 夜间咳嗽\nübel".encode(),
    "gb.txt": lambda: "病人夜间咳嗽".encode("gb18030"),
    "O'Neill (2).jpeg": media_files.picture,
}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    settings.CLAMD_URL, settings.CLAMD_REQUIRED = "", False
    return settings.FILES_DIR


@pytest.fixture
def doctor():
    return cast.staff("physician")


@pytest.fixture
def patient(doctor):
    row = cast.patient()
    cast.care(doctor, row)
    return row


def incoming(name="letter.pdf", content=None, **more):
    content = GOOD[name]() if content is None else content
    usual = {"title": "A letter", "kind": "letter", "occurred_at": timezone.now()}
    return documents.Incoming(filename=name, content=content, **usual | more)


def add(doctor, patient, *args, **more):
    with cast.acting(doctor):
        return documents.add(patient_id=patient.pk, incoming=incoming(*args, **more), by=doctor)


def on_disk(folder):
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_comes_in_sealed_and_goes_out_as_it_was(doctor, patient, folder, name):
    row = add(doctor, patient, name)
    (path,) = on_disk(folder)
    raw = path.read_bytes()
    assert b"CANARY" not in raw
    assert not raw.startswith((b"%PDF", b"\xff\xd8", b"\x89PNG"))
    with cast.acting(doctor):
        content = documents.give_out(row=row, by=doctor)
        assert row.filename == name
    if row.media_type.startswith("image"):
        assert content[:3] in (b"\xff\xd8\xff", b"\x89PN")
    else:
        assert content == GOOD[name]()
    (added,) = cast.events("patients.document.added")
    assert added.subjects == [patient.pk]
    assert not list(records.verify_rows([Document.objects.get(pk=row.pk)]))
    assert cast.events("patients.document.downloaded")[0].counts["bytes"] == len(content)


@pytest.mark.prove(step=2, full=1)
@pytest.mark.parametrize("what", media_files.HOSTILE)
def test_a_hostile_file_is_refused_in_a_sentence_at_once_and_nothing_stays(
    doctor, patient, folder, what
):
    name, made = media_files.HOSTILE[what]
    content, began = made(), time.monotonic()
    with pytest.raises(documents.NotAccepted) as refusal:
        add(doctor, patient, name, content)
    assert time.monotonic() - began < 5
    assert str(refusal.value.reason).endswith(".")
    assert not on_disk(folder)
    assert not Document.objects.exists()
    assert cast.events("patients.document.refused")[0].outcome == "refused"


@pytest.mark.prove(step=2, full=1)
@pytest.mark.parametrize("name", media_files.NAMES, ids=lambda name: ascii(name)[:30])
def test_a_hostile_name_is_refused_although_the_content_is_good(doctor, patient, folder, name):
    for content in (media_files.pdf(), media_files.picture(), b"plain text"):
        with pytest.raises(documents.NotAccepted):
            add(doctor, patient, name, content)
    assert not on_disk(folder)


def test_a_photo_loses_what_it_tells_beside_the_picture_and_stands_upright(doctor, patient):
    raw = media_files.photo_with_place()
    assert b"CANARY" in raw
    row = add(doctor, patient, "photo.jpg", raw)
    with cast.acting(doctor):
        content = documents.give_out(row=row, by=doctor)
    assert b"CANARY" not in content
    assert b"Exif" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (20, 40)
        assert not picture.getexif()


def test_more_than_the_limit_is_refused(doctor, patient, folder, settings):
    settings.UPLOAD_MOST_BYTES = 1024 * 1024
    with pytest.raises(documents.NotAccepted, match="larger than 1 MB"):
        add(doctor, patient, "notes.txt", b"x" * (1024 * 1024 + 1))
    assert not on_disk(folder)


def test_a_row_that_can_not_be_written_leaves_no_file(doctor, patient, folder, monkeypatch):
    def fail(*args, **options):
        raise OSError

    with cast.acting(doctor), monkeypatch.context() as patch:
        patch.setattr("security.trail.record", fail)
        with pytest.raises(OSError):  # noqa: PT011
            documents.add(patient_id=patient.pk, incoming=incoming(), by=doctor)
    assert not on_disk(folder)
    assert not Document.objects.exists()


# --- scanner --------------------------------------------------------------------------------


class Clamd(threading.Thread):
    """Speaks clamd's INSTREAM protocol once, over a Unix socket."""

    def __init__(self, path, answer):
        super().__init__(daemon=True)
        self.answer, self.received = answer, b""
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.door.bind(str(path))
        self.door.listen(1)
        self.start()

    def run(self):
        line, _ = self.door.accept()
        with line:
            stream = line.makefile("rb")
            assert stream.read(10) == b"zINSTREAM\0"
            while size := struct.unpack(">I", stream.read(4))[0]:
                self.received += stream.read(size)
            if self.answer is not None:
                line.sendall(self.answer)


@pytest.fixture
def clamd(settings, tmp_path):
    def start(answer):
        path = f"/tmp/clamd-{os.getpid()}-{uuid4().hex[:8]}"  # noqa: S108
        settings.CLAMD_URL = f"unix://{path}"
        return Clamd(path, answer)

    return start


def test_without_a_scanner_a_file_is_not_scanned_and_never_clean(doctor, patient):
    row = add(doctor, patient)
    assert row.scan == "not_scanned"
    page = cast.words(cast.browser(doctor).get(f"/patients/{patient.pk}/documents/"))
    assert "Not scanned for malware" in page
    assert "clean" not in page.lower()


def test_the_scanner_sees_the_very_file_and_its_word_is_kept(doctor, patient, clamd):
    server = clamd(b"stream: OK\0")
    content = b"plain text " * 20_000
    assert add(doctor, patient, "notes.txt", content).scan == "nothing_found"
    server.join(5)
    assert server.received == content


def test_what_the_scanner_finds_is_not_kept(doctor, patient, clamd, folder):
    clamd(b"stream: Eicar-Test-Signature FOUND\0")
    with pytest.raises(documents.NotAccepted, match="malware scanner stopped"):
        add(doctor, patient, "notes.txt")
    assert not on_disk(folder)


@pytest.mark.parametrize(
    "answer",
    [
        b"INSTREAM size limit exceeded. ERROR\0",
        b"",
        b"stream: OK FOUNDATION",
        None,
        b"\xff\0",
        b"OK\0",
    ],
)
def test_an_unclear_answer_is_never_clean(doctor, patient, clamd, answer):
    clamd(answer)
    assert add(doctor, patient, "notes.txt").scan == "not_scanned"


def test_where_the_scanner_is_required_its_silence_refuses(doctor, patient, settings, folder):
    settings.CLAMD_URL, settings.CLAMD_REQUIRED = "unix:///nowhere/clamd", True
    with pytest.raises(documents.NotScanned):
        add(doctor, patient)
    assert not on_disk(folder)


# --- pages ----------------------------------------------------------------------------------


def send(client, patient, name="letter.pdf", content=None, **more):
    file = SimpleUploadedFile(name, GOOD["letter.pdf"]() if content is None else content)
    said = {"file": file, "title": "A letter", "kind": "letter", "occurred_on": "2026-01-05"} | more
    return client.post(f"/patients/{patient.pk}/documents/add/", said)


def test_the_way_through_the_pages(doctor, patient):
    client = cast.browser(doctor)
    assert "No documents yet" in cast.words(client.get(f"/patients/{patient.pk}/documents/"))
    assert send(client, patient, content=media_files.pdf(3)).status_code == 302
    row = Document.objects.get()
    url = f"/patients/{patient.pk}/documents/{row.pk}/"
    page = client.get(url)
    assert page.content.decode().count("/pages/") == 3
    shown = client.get(f"{url}pages/1/")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert shown.content.startswith(b"\x89PNG")
    assert client.get(f"{url}pages/3/").status_code == 404
    answer = client.get(f"{url}file/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="letter.pdf"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_text_is_shown_as_text_and_its_markup_does_nothing(doctor, patient):
    client = cast.browser(doctor)
    send(client, patient, "notes.txt", b"<script>alert(1)</script>")
    page = client.get(f"/patients/{patient.pk}/documents/{Document.objects.get().pk}/")
    assert b"&lt;script&gt;alert(1)" in page.content


@pytest.mark.parametrize(
    "more",
    [{"title": ""}, {"kind": "virus"}, {"occurred_on": "2099-01-01"}, {"occurred_on": "x"}, {"title": "x" * 201},
     {"file": ""}, {"occurred_on": "1850-01-01"}],
)  # fmt: skip
def test_a_form_that_is_not_right_keeps_nothing(doctor, patient, folder, more):
    answer = send(cast.browser(doctor), patient, **more)
    assert answer.status_code == 422
    assert not on_disk(folder)


def test_too_large_an_upload_is_told_as_such(doctor, patient, settings, folder):
    settings.UPLOAD_MOST_BYTES = 1000
    answer = send(cast.browser(doctor), patient, "notes.txt", b"x" * 200_000)
    assert answer.status_code == 422
    assert "The file is larger than" in cast.words(answer)
    assert not on_disk(folder)


def test_who_does_not_read_the_record_gets_no_document(doctor, patient):
    row = add(doctor, patient)
    base = f"/patients/{patient.pk}/documents/"
    consenting.allow(patient)
    for role in ("receptionist", "finance", "engagement", "compliance_officer", "auditor"):
        client = cast.browser(cast.staff(role))
        for url in (base, f"{base}{row.pk}/", f"{base}{row.pk}/file/", f"{base}{row.pk}/pages/0/"):
            assert client.get(url).status_code == 403
        assert send(client, patient).status_code == 403
    stranger = cast.browser(cast.staff("physician"))
    assert stranger.get(f"{base}{row.pk}/file/").status_code == 404
    assert send(stranger, patient).status_code == 404


def test_a_document_of_another_patient_is_not_found_under_this_one(doctor, patient):
    other = cast.patient("Other")
    cast.care(doctor, other)
    row = add(doctor, other)
    client = cast.browser(doctor)
    for page in ("", "file/", "pages/0/"):
        assert client.get(f"/patients/{patient.pk}/documents/{row.pk}/{page}").status_code == 404
    assert client.post(f"/patients/{patient.pk}/documents/{row.pk}/withdraw/").status_code == 404


def test_a_protected_document_is_for_the_cleared_and_its_name_lies_in_no_other_envelope(
    doctor, patient
):
    with cast.acting(cast.staff("administrator")) as here:
        clearances.grant(user=doctor, reason="psychiatry", by=here.actor)
    row = add(doctor, patient, is_restricted=True, title="CANARY psychotherapy")
    with cast.acting(doctor):
        fresh = Document.objects.get(pk=row.pk)
        assert (fresh.title, fresh.filename, fresh.file_key) == (None, None, None)
        assert documents.give_out(row=fresh, by=doctor)
    nurse = cast.staff("nurse")
    cast.care(nurse, patient)
    client = cast.browser(nurse)
    page = cast.words(client.get(f"/patients/{patient.pk}/documents/"))
    assert "Specially protected" in page
    assert "CANARY" not in page
    assert client.get(f"/patients/{patient.pk}/documents/{row.pk}/").status_code == 404
    assert client.get(f"/patients/{patient.pk}/documents/{row.pk}/file/").status_code == 404


def test_a_document_is_taken_back_once_with_a_reason_and_stays_readable_as_such(doctor, patient):
    row = add(doctor, patient)
    client, url = cast.browser(doctor), f"/patients/{patient.pk}/documents/{row.pk}/"
    assert client.post(f"{url}withdraw/", {"version": 1, "reason": ""}).status_code == 422
    assert (
        client.post(f"{url}withdraw/", {"version": 7, "reason": "wrong patient"}).status_code == 409
    )
    assert (
        client.post(f"{url}withdraw/", {"version": 1, "reason": "wrong patient"}).status_code == 302
    )
    assert "Filed in error" in cast.words(client.get(url))
    assert client.post(f"{url}withdraw/", {"version": 2, "reason": "again"}).status_code == 403


def test_an_altered_file_is_not_shown_and_not_given_out(doctor, patient):
    row = add(doctor, patient)
    path = files.path_of(row.file_id)
    path.write_bytes(path.read_bytes()[:-3])
    client, url = cast.browser(doctor), f"/patients/{patient.pk}/documents/{row.pk}/"
    assert client.get(f"{url}file/").status_code == 404
    assert client.get(f"{url}pages/0/").status_code == 404
    with cast.acting(doctor), pytest.raises(SealBroken):
        documents.give_out(row=row, by=doctor)


def test_the_list_takes_as_many_queries_for_ten_documents_as_for_one(doctor, patient):
    def count():
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/patients/{patient.pk}/documents/").status_code == 200
        return len(found)

    client = cast.browser(doctor)
    add(doctor, patient, "notes.txt")
    client.get(f"/patients/{patient.pk}/documents/")
    one = count()
    for number in range(9):
        add(doctor, patient, "notes.txt", occurred_at=timezone.now() - timedelta(days=number))
    assert count() == one


def test_pages_of_the_list_follow_one_another(doctor, patient, monkeypatch):
    monkeypatch.setattr(shelf, "ROWS", 2)
    for number in range(3):
        add(
            doctor,
            patient,
            "notes.txt",
            title=f"Number {number}",
            occurred_at=timezone.now() - timedelta(days=number),
        )
    client = cast.browser(doctor)
    page = client.get(f"/patients/{patient.pk}/documents/").content.decode()
    assert "Number 2" not in page
    following = page.split("?after=")[1][:32]
    assert (
        "Number 2"
        in client.get(f"/patients/{patient.pk}/documents/?after={following}").content.decode()
    )
