"""A restore authenticates everything before it writes anything, and says in one sentence what is wrong."""

from __future__ import annotations

import contextlib
import shutil
from types import SimpleNamespace
from unittest import mock

import pyrage
import pytest
from django.conf import settings
from django.db import connection, transaction

from patients.models import Patient
from security import trail
from security.backups import dump, restoring
from security.classification import SubjectKind
from security.models import Backup, DataKey
from security.sealing import keys
from security.services import restores
from tests.security import backing_up
from tests.security.backing_up import command

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker, tmp_path_factory):
    """Make one backup for all tests here."""
    home = tmp_path_factory.mktemp("made")
    with (
        django_db_blocker.unblock(), backing_up.target(home), transaction.atomic(),
        mock.patch.object(dump, "_dumped", side_effect=lambda *_: iter([b"a dump"])),
        trail.acting_for(system="tests", purpose="HOPERAT"),
    ):  # fmt: skip
        assert command("backup")[0] == 0
        name = Backup.objects.get().name
        transaction.set_rollback(True)
    return SimpleNamespace(home=home, name=name)


@pytest.fixture
def copy(made, tmp_path, monkeypatch):
    """Give each test a copy to damage, and a database that seems empty and takes nothing."""
    shutil.copytree(made.home, tmp_path / "copy")
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path / "files")
    monkeypatch.setattr(restoring, "require_empty", lambda: None)
    for name in ("write", "empty_again"):
        monkeypatch.setattr(restoring, name, mock.Mock(side_effect=AssertionError("was written")))
    backups = tmp_path / "copy" / "backups"
    return SimpleNamespace(
        records=backups / made.name, keys=backups / "keys" / made.name, private=tmp_path / "copy" / "private.txt",
        root=backups, name=made.name,
    )  # fmt: skip


def refusal(copy, *arguments):
    """Return the one sentence of a restore that is refused."""
    code, said, complaint = command("restore_backup", copy.records, "--identity", copy.private, *arguments)  # fmt: skip
    assert (code, said) == (1, "")
    assert complaint.startswith("Not restored: ")
    assert complaint.count("\n") == 1
    return complaint


DAMAGES = {
    "flipped": lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "first byte": lambda content: b"x" + content[1:],
    "cut": lambda content: content[:-1],
    "half": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "longer": lambda content: content + b"x",
    "in clear": lambda content: b"a dump",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("which", ["records.age", "files.age", "manifest.age", "keys.age"])
def test_a_damaged_file_is_refused_before_anything_is_written(copy, which, damage):
    path = (copy.keys if which == "keys.age" else copy.records) / which
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert which in refusal(copy)


@pytest.mark.parametrize("which", ["records.age", "files.age", "manifest.age"])
def test_a_missing_file_is_refused(copy, which):
    (copy.records / which).unlink()
    refusal(copy)


def test_another_private_key_opens_nothing(copy):
    copy.private.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    assert "does not open manifest.age" in refusal(copy)


@pytest.mark.parametrize("text", ["", "nonsense\n", "AGE-SECRET-KEY-1NONSENSE\n", "age1public\n"])
def test_a_file_without_a_private_key_is_refused(copy, text):
    copy.private.write_text(text)
    assert "private key" in refusal(copy)


def test_a_private_key_that_is_not_there_is_refused(copy):
    copy.private.unlink()
    assert "can not be read" in refusal(copy)


def test_archives_that_changed_places_are_refused(copy):
    one, other = copy.records / "records.age", copy.records / "files.age"
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    refusal(copy)


def test_an_old_set_under_a_new_name_is_refused(copy):
    new = copy.records.with_name("20990101T000000Z-00000000")
    copy.records.rename(new)
    copy.keys.rename(copy.keys.with_name(new.name))
    copy.records = new
    assert f"holds the set {copy.name}" in refusal(copy)


def test_keys_in_the_place_of_records_are_refused(copy):
    shutil.rmtree(copy.records)
    shutil.copytree(copy.keys, copy.records)
    assert "of keys" in refusal(copy)


def test_a_set_that_somebody_else_encrypted_is_refused(copy):
    """The public key is no secret: whoever has it can encrypt, but not sign the manifest."""
    public = pyrage.x25519.Identity.from_str(copy.private.read_text().splitlines()[-1]).to_public()
    manifest = b'{"format": 1, "key_version": 1, "mark": "00"}'
    (copy.records / "manifest.age").write_bytes(pyrage.encrypt(manifest, [public]))
    assert "not made with this keyring" in refusal(copy)


def test_another_keyring_does_not_take_the_set_for_its_own(copy, monkeypatch, tmp_path):
    monkeypatch.setattr(settings, "KEYRING_PATH", tmp_path / "other.json")
    assert "no keyring" in refusal(copy)
    restoring.manifest.keyring.create(tmp_path / "other.json")
    assert "not made with this keyring" in refusal(copy)


def test_without_data_keys_nothing_is_restored(copy):
    shutil.rmtree(copy.keys)
    assert "no data keys" in refusal(copy)


def test_data_keys_older_than_the_records_are_not_taken(copy):
    copy.keys.rename(copy.keys.with_name("20200101T000000Z-00000000"))
    assert "as new as the records" in refusal(copy)


def test_the_newest_data_keys_are_taken(copy):
    newer = copy.keys.with_name("20990101T000000Z-00000000")
    newer.mkdir()
    assert restoring.newest_keys(copy.root / "keys", copy.name) == newer


def test_a_folder_that_is_no_backup_is_refused(copy, tmp_path):
    copy.records = tmp_path
    assert "holds no backup" in refusal(copy)


def test_a_database_that_is_not_empty_is_refused(copy, monkeypatch):
    monkeypatch.undo()
    name = connection.settings_dict["NAME"]
    assert f"the database {name} is not empty" in refusal(copy)


def test_files_that_lie_there_already_are_refused(copy, monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path / "files")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "something").touch()
    cursor = mock.MagicMock()
    cursor.return_value.__enter__.return_value.fetchone.return_value = (0,)
    monkeypatch.setattr(connection, "cursor", cursor)
    with pytest.raises(restores.RestoreRefused, match="is not empty"):
        restoring.require_empty()


def test_a_restore_that_fails_half_way_leaves_an_empty_database(copy, monkeypatch):
    emptied = mock.Mock()
    monkeypatch.setattr(restoring, "write", mock.Mock(side_effect=restores.RestoreRefused("pg_restore stopped")))  # fmt: skip
    monkeypatch.setattr(restoring, "empty_again", emptied)
    assert "pg_restore stopped" in refusal(copy)
    emptied.assert_called_once_with()


def test_other_counts_than_in_the_backup_are_a_failure(copy, monkeypatch):
    emptied = mock.Mock()
    monkeypatch.setattr(restoring, "write", mock.Mock(return_value=0))
    monkeypatch.setattr(restoring, "empty_again", emptied)
    monkeypatch.setattr(restores, "call_command", mock.Mock())
    monkeypatch.setattr(restores.dump, "counts", lambda moment: {"django_migrations": 1})
    assert "other counts than in the backup" in refusal(copy)
    emptied.assert_called_once_with()


def test_keys_open_for_whom_they_opened_when_the_records_were_dumped(system):
    """Records of one night, keys of a later one: a merge between the two is not in the records."""
    merged, survivor, undone = (Patient.objects.create(names=[{"text": name}]) for name in "abc")
    keys.move(from_id=merged.pk, to_id=survivor.pk, kind=SubjectKind.PATIENT)
    moment = dump.Snapshot(connection, "", 0)
    of_that_night = dump.moved_keys(moment)
    assert set(of_that_night.values()) == {str(survivor.pk)}
    keys.give_back(created_for=merged.pk, kind=SubjectKind.PATIENT)
    keys.move(from_id=undone.pk, to_id=survivor.pk, kind=SubjectKind.PATIENT)
    restoring.move_keys(of_that_night)
    assert dump.moved_keys(moment) == of_that_night
    assert DataKey.objects.filter(subject_id=undone.pk).exists()


def test_an_archive_that_is_exchanged_after_it_was_verified_is_refused(copy, monkeypatch):
    """Anybody can encrypt to a public key, and verifying takes time."""
    emptied, key = (
        mock.Mock(),
        pyrage.x25519.Identity.from_str(copy.private.read_text().split()[-1]),
    )
    monkeypatch.undo()
    for name, double in (("require_empty", mock.Mock()), ("empty_again", emptied)):
        monkeypatch.setattr(restoring, name, double)
    monkeypatch.setattr(dump, "restore", lambda parts: parts(mock.Mock()))
    verify = restoring.Set.verify

    def verified(one, told):
        verify(one, told)
        (copy.records / "records.age").write_bytes(pyrage.encrypt(b"DROP ALL", [key.to_public()]))

    monkeypatch.setattr(restoring.Set, "verify", verified)
    assert "records.age was changed after it was verified" in refusal(copy)
    emptied.assert_called_once_with()


def test_a_database_that_was_filled_while_archives_were_verified_is_left_alone(copy, monkeypatch):
    answers = iter([None, restores.RestoreRefused("the database is not empty")])

    def look():
        if answer := next(answers):
            raise answer

    monkeypatch.setattr(restoring, "require_empty", look)
    assert "is not empty" in refusal(copy)


def test_of_two_restores_into_one_database_the_second_is_refused_and_empties_nothing(
    copy, monkeypatch
):
    other = connection.copy()
    with contextlib.closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [restoring.LOCK])
        assert "another restore" in refusal(copy)


def test_what_a_failed_restore_wrote_into_the_folder_of_files_goes_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path / "files")
    (tmp_path / "files" / "ab").mkdir(parents=True)
    (tmp_path / "files" / "ab" / "sealed").write_bytes(b"x")
    monkeypatch.setattr(connection, "cursor", mock.MagicMock())
    restoring.empty_again()
    assert list((tmp_path / "files").iterdir()) == []
