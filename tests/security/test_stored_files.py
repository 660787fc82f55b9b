"""What an interrupted upload leaves on the disk goes after a day; what a row holds stays."""

import os
import time
from uuid import uuid4

import pytest

from patients.models import Document, Patient
from security import tasks
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


@pytest.fixture
def by_content(monkeypatch):
    """Take a file's age from what a test can set."""
    monkeypatch.setattr(stored_files, "_here_since", lambda path: path.stat().st_mtime)


def aged(path, age):
    then = time.time() - age
    os.utime(path, (then, then))


@pytest.fixture
def sweep(by_content, django_capture_on_commit_callbacks):
    def run():
        with django_capture_on_commit_callbacks(execute=True):
            return stored_files.sweep()

    return run


def document(kept):
    patient = Patient.objects.create(names=[{"text": "Somebody"}])
    return Document.objects.create(
        patient=patient, media_type="text/plain", size=7, file_id=kept.file_id, uploaded_by=world.person("nurse"),
        file_key=kept.key,
    )  # fmt: skip


def test_only_old_files_that_no_row_holds_are_deleted(folder, sweep):
    held, lost, fresh = written(), written(), written(age=60)
    document(held)
    unfinished = files.path_of(uuid4()).with_suffix(".part")
    unfinished.parent.mkdir(exist_ok=True)
    unfinished.write_bytes(b"half")
    aged(unfinished, TWO_DAYS)
    assert sweep() == 2
    assert files.path_of(held.file_id).exists()
    assert files.path_of(fresh.file_id).exists()
    assert not files.path_of(lost.file_id).exists()
    assert not unfinished.exists()
    assert cast.events("security.file.swept")[0].counts == {"files": 2}
    assert sweep() == 0


def test_a_file_out_of_a_backup_is_as_old_as_its_return(folder):
    kept = written(age=400 * 86400)
    assert stored_files.sweep() == 0
    assert files.path_of(kept.file_id).exists()


def test_hundreds_of_files_without_rows_are_the_files_of_another_database(folder, sweep):
    kept = [written() for _ in range(stored_files.MOST_LOST + 1)]
    with pytest.raises(stored_files.TooManyLost):
        sweep()
    assert all(files.path_of(one.file_id).exists() for one in kept)
    tasks.sweep()
    assert all(files.path_of(one.file_id).exists() for one in kept)


def test_what_is_no_sealed_file_is_nobodys_to_delete(folder, tmp_path, sweep):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "ab").mkdir(parents=True)
    foreign = [folder / "ab" / "README", elsewhere / uuid4().hex, folder / "ab" / ("0" * 32)]
    for path in foreign:
        path.write_text("keep")
        aged(path, TWO_DAYS)
    (folder / foreign[1].name[-2:]).symlink_to(elsewhere)
    linked = uuid4().hex
    (folder / linked[-2:]).mkdir(exist_ok=True)
    (folder / linked[-2:] / linked).symlink_to(foreign[0])
    assert sweep() == 0
    assert all(path.exists() for path in foreign)


def test_what_can_not_be_recorded_is_not_deleted(folder, sweep, monkeypatch):
    kept = written()

    def fail(*args, **options):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("security.trail.record", fail)
        with pytest.raises(OSError):  # noqa: PT011
            sweep()
    assert files.path_of(kept.file_id).exists()


def test_a_row_without_its_file_is_named():
    kept = written()
    row = document(kept)
    assert list(stored_files.missing()) == []
    files.remove(kept.file_id)
    assert list(stored_files.missing()) == [("patients.document", row.pk)]


def test_every_model_with_a_file_is_known():
    assert {Document, Export} <= set(stored_files.holders())
    assert uuid4() not in stored_files._held({uuid4()})
