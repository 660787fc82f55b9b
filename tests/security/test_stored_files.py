"""What an interrupted upload leaves on the disk goes after a day; what a row holds stays."""

import os
import time
from uuid import uuid4

import pytest

from patients.models import Document, Patient
from security.models import Export
from security.sealing import files
from security.services import stored_files
from tests import world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
TWO_DAYS = 2 * 86400


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


def written(age=TWO_DAYS):
    kept = files.write([b"content"], most=100)
    aged(files.path_of(kept.file_id), age)
    return kept


def aged(path, age):
    then = time.time() - age
    os.utime(path, (then, then))


def document(kept):
    patient = Patient.objects.create(names=[{"text": "Somebody"}])
    return Document.objects.create(
        patient=patient, media_type="text/plain", size=7, file_id=kept.file_id, uploaded_by=world.person("nurse"),
        file_key=kept.key,
    )  # fmt: skip


def test_only_old_files_that_no_row_holds_are_deleted(folder):
    held, lost, fresh = written(), written(), written(age=60)
    document(held)
    unfinished = folder / "ab" / "0.part"
    unfinished.parent.mkdir(exist_ok=True)
    unfinished.write_bytes(b"half")
    aged(unfinished, TWO_DAYS)
    assert stored_files.sweep() == 2
    assert files.path_of(held.file_id).exists()
    assert files.path_of(fresh.file_id).exists()
    assert not files.path_of(lost.file_id).exists()
    assert not unfinished.exists()
    assert cast.events("security.file.swept")[0].counts == {"files": 2}
    assert stored_files.sweep() == 0


def test_a_row_without_its_file_is_named():
    kept = written()
    row = document(kept)
    assert list(stored_files.missing()) == []
    files.remove(kept.file_id)
    assert list(stored_files.missing()) == [("patients.document", row.pk)]


def test_every_model_with_a_file_is_known():
    assert {Document, Export} <= set(stored_files.holders())
    assert uuid4() not in stored_files._held({uuid4()})
