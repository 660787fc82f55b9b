"""Documents under attack: names as raw bytes, what a protected one gives away, who takes it back."""

import pytest
from django.utils import timezone

from patients.models import Document
from patients.services import documents
from security.services import clearances
from tests.patients import cast, media_files

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


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


def on_disk(folder):
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


@pytest.mark.parametrize(
    "name", [b"../../a.pdf", b"..\\a.pdf", b"a\xe2\x80\xaefdp.pdf", b"a.exe\0.pdf", b"&#46;&#46;/a.pdf"]
)  # fmt: skip
def test_a_hostile_name_is_not_mended_on_its_way_but_refused_in_words(
    doctor, patient, folder, name
):
    said = {"title": "A letter", "kind": "letter", "occurred_on": "2026-01-05"}
    fields = b"".join(
        f'--B\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in said.items()
    )
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
    body = fields + head + media_files.pdf() + b"\r\n--B--\r\n"
    answer = cast.browser(doctor).post(
        f"/patients/{patient.pk}/documents/add/",
        body,
        content_type="multipart/form-data; boundary=B",
    )
    assert answer.status_code == 422
    assert "Please rename it" in cast.words(answer)
    assert not on_disk(folder)


@pytest.fixture
def protected(doctor, patient):
    with cast.acting(cast.staff("administrator")) as here:
        clearances.grant(user=doctor, reason="psychiatry", by=here.actor)
    incoming = documents.Incoming(
        filename="CANARY.txt", content=b"CANARY psychotherapy", title="CANARY title", kind="letter",
        occurred_at=timezone.now(), is_restricted=True,
    )  # fmt: skip
    with cast.acting(doctor):
        return documents.add(patient_id=patient.pk, incoming=incoming, by=doctor)


def test_of_a_protected_document_the_key_of_the_record_opens_nothing_that_tells_what_it_is(
    doctor, protected
):
    with cast.acting(doctor):
        row = Document.objects.get()
        told = [getattr(row, name) for name in ("title", "filename", "sha256", "file_key")]
    assert told == [None] * 4


def test_who_may_read_but_not_write_what_is_protected_does_not_take_it_back(patient, protected):
    nurse = cast.staff("nurse")
    cast.care(nurse, patient)
    with cast.acting(cast.staff("administrator")) as here:
        clearances.grant(user=nurse, reason="psychiatry", by=here.actor)
    client, url = cast.browser(nurse), f"/patients/{patient.pk}/documents/{protected.pk}/"
    page = client.get(url)
    assert page.status_code == 200
    assert b"withdraw/" not in page.content
    answer = client.post(f"{url}withdraw/", {"version": 1, "reason": "wrong patient"})
    assert answer.status_code == 403
    assert Document.objects.get().withdrawn_at is None


def test_neither_the_file_nor_its_pictures_stay_in_a_cache_or_act_as_a_page(doctor, patient):
    incoming = documents.Incoming(
        filename="王芳 O'Neill (2).pdf", content=media_files.pdf(), title="A letter", kind="letter",
        occurred_at=timezone.now(),
    )  # fmt: skip
    with cast.acting(doctor):
        row = documents.add(patient_id=patient.pk, incoming=incoming, by=doctor)
    client, url = cast.browser(doctor), f"/patients/{patient.pk}/documents/{row.pk}/"
    for address in (f"{url}file/", f"{url}pages/0/", f"{url}file/?as=text/html"):
        answer = client.get(address, HTTP_RANGE="bytes=0-1")
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Type"] in {"application/octet-stream", "image/png"}
    name = client.get(f"{url}file/")["Content-Disposition"]
    assert name.startswith("attachment; filename*=utf-8''")
    assert name.isascii()
    assert "\n" not in name
