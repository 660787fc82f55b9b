"""Backups: what is good was read back, and whatever goes wrong is a failure, an event, and keeps the last good."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import stat
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from audit.models import Event
from security import tasks, trail
from security.backups import age, dump, making, places
from security.backups.faults import BackupFailed
from security.models import Backup
from security.services import backups
from tests import database
from tests.security import backing_up
from tests.security.backing_up import command

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
State, Fault = Backup.State, Backup.Fault
# A program that says what pg_dump says, as fast as a shell can.
DUMP = """#!/bin/sh
if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) {version}.0"; exit; fi
{body}
"""


@pytest.fixture
def target(tmp_path):
    with backing_up.target(tmp_path) as pair:
        yield SimpleNamespace(
            folder=tmp_path / "backups", keys=tmp_path / "backups" / "keys", pair=pair,
            private=tmp_path / "private.txt",
        )  # fmt: skip


@pytest.fixture
def quick(target, tmp_path, settings):
    """Let pg_dump be a program that answers at once; return what writes another one."""
    version = connection.cursor().connection.info.server_version // 10000

    def write(body, version=version):
        path = tmp_path / "programs" / "pg_dump"
        path.parent.mkdir(exist_ok=True)
        path.write_text(DUMP.format(version=version, body=body))
        path.chmod(0o755)
        settings.PG_PROGRAMS = str(path.parent)

    write("echo a dump of everything")
    return write


def names(folder):
    # The ledger of erasures lies beside the sets and outlives each of them.
    beside = {".lock", "erasures.ledger"}
    return sorted(
        path.name for path in folder.rglob("*") if path.is_file() and path.name not in beside
    )


def failed(fault):
    """Hold the last backup to be a failure with an event, and nothing of it on the disk."""
    row = Backup.objects.newest_first().first()
    assert (row.state, row.fault) == (State.FAILED, fault)
    event = Event.objects.get(action="security.backup.failed")
    assert (event.outcome, event.fields) == ("failed", [f"fault:{fault}"])
    assert event.object_id == row.pk
    return row


def test_a_backup_is_three_archives_and_their_manifests_apart_from_the_keys(quick, target):
    code, said, _ = command("backup")
    row = Backup.objects.get()
    assert (code, row.state) == (0, State.GOOD)
    assert f"{row.name}: " in said
    assert names(target.folder / row.name) == ["files.age", "manifest.age", "records.age"]
    assert names(target.keys / row.name) == ["keys.age", "manifest.age"]
    for path in (target.folder, target.keys):
        assert {stat.S_IMODE(one.stat().st_mode) for one in (path / row.name).iterdir()} == {0o600}
    event = Event.objects.get(action="security.backup.finished")
    assert event.counts["bytes"] == row.size
    assert event.fields == [f"sha256:{row.manifest_sha256}"]
    assert not list(target.folder.glob("*.part"))


def test_the_format_is_the_one_of_age(quick, target):
    command("backup")
    name = Backup.objects.get().name
    content = (target.folder / name / "records.age").read_bytes()
    assert backing_up.opened_by_hand(content, str(target.pair)) == b"a dump of everything\n"
    text = (target.folder / name / "manifest.age").read_bytes()
    told = json.loads(backing_up.opened_by_hand(text, str(target.pair)))
    assert told["tables"]["security_backup"] == 0
    assert "patients_patientindex" in told["left_out"]
    assert "security_datakey" in told["left_out"]


def test_every_recipient_opens_it_and_nobody_else(quick, target, settings):
    second = pyrage.x25519.Identity.generate()
    settings.BACKUP_RECIPIENTS = [*settings.BACKUP_RECIPIENTS, str(second.to_public())]
    command("backup")
    content = (target.folder / Backup.objects.get().name / "records.age").read_bytes()
    for one in (target.pair, second):
        assert pyrage.decrypt(content, [one]) == b"a dump of everything\n"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(content, [pyrage.x25519.Identity.generate()])


def test_public_keys_may_stand_in_a_file_with_comments(quick, target, settings, tmp_path):
    (tmp_path / "keys.txt").write_text(f"# officer\n\n{target.pair.to_public()}\n")
    settings.BACKUP_RECIPIENTS, settings.BACKUP_RECIPIENTS_FILE = [], str(tmp_path / "keys.txt")
    assert command("backup")[0] == 0


BROKEN_SETTINGS = {
    "no folder is set": ({"BACKUP_DIR": ""}, Fault.NOT_SET_UP),
    "the folder is gone": ({"BACKUP_DIR": "/nowhere/at/all"}, Fault.NO_TARGET),
    "the keys' folder is gone": ({"BACKUP_KEYS_DIR": "/nowhere/at/all"}, Fault.NO_TARGET),
    "no public key": ({"BACKUP_RECIPIENTS": []}, Fault.NO_RECIPIENT),
    "an empty public key": ({"BACKUP_RECIPIENTS": [" ", "# none"]}, Fault.NO_RECIPIENT),
    "a file that is gone": ({"BACKUP_RECIPIENTS_FILE": "/nowhere"}, Fault.NO_RECIPIENT),
    "nonsense": ({"BACKUP_RECIPIENTS": ["age1nonsense"]}, Fault.BAD_RECIPIENT),
    "nonsense of ssh": ({"BACKUP_RECIPIENTS": ["ssh-ed25519 x"]}, Fault.BAD_RECIPIENT),
    "a private key": ({"BACKUP_RECIPIENTS": ["AGE-SECRET-KEY-1QQ"]}, Fault.PRIVATE_KEY),
    "no program": ({"PG_PROGRAMS": "/nowhere"}, Fault.NO_PROGRAM),
    "no keyring": ({"KEYRING_PATH": Path("/nowhere/keyring.json")}, Fault.KEYRING),
}


@pytest.mark.parametrize("what", BROKEN_SETTINGS)
def test_what_is_missing_is_a_failure_and_keeps_the_last_good_one(quick, target, settings, what):
    assert command("backup")[0] == 0
    before, (changes, fault) = names(target.folder), BROKEN_SETTINGS[what]
    # The event of a failure needs the keyring as well: without it nothing is recorded and nothing is good.
    for name, value in changes.items():
        setattr(settings, name, value)
    if fault == Fault.KEYRING:
        with pytest.raises(BackupFailed, match="no keyring"), dump.snapshot() as moment:
            making.make(moment, now=timezone.now(), wanted=0, told=lambda *_: None)
    else:
        code, said, complaint = command("backup")
        assert (code, said, complaint) == (1, "", f"{fault.label}\n")
        failed(fault)
    assert names(target.folder) == before


BROKEN_PROGRAMS = {
    "fails at once": "exit 1",
    "fails after half": "echo half; exit 1",
    "is killed": "echo half; kill -9 $$",
    "cannot read a table": "echo 'pg_dump: error: permission denied' >&2; exit 1",
}


@pytest.mark.parametrize("how", BROKEN_PROGRAMS)
def test_a_dump_that_stops_is_no_backup(quick, target, how):
    quick(BROKEN_PROGRAMS[how])
    assert command("backup")[0] == 1
    failed(Fault.DUMP)
    assert names(target.folder) == []


def test_an_older_pg_dump_than_the_server_is_not_used(quick, target):
    quick("echo a dump", version=9)
    assert command("backup")[0] == 1
    failed(Fault.NO_PROGRAM)


def test_too_little_room_is_found_before_anything_is_written(quick, target, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    assert command("backup")[0] == 1
    failed(Fault.NO_SPACE)


@pytest.mark.parametrize(("number", "fault"), [(errno.ENOSPC, Fault.NO_SPACE), (errno.EIO, Fault.NO_TARGET)])  # fmt: skip
def test_a_disk_that_fills_up_on_the_way_leaves_nothing(quick, target, monkeypatch, number, fault):
    def full(handle):
        raise OSError(number, "no")

    monkeypatch.setattr(os, "fsync", full)
    assert command("backup")[0] == 1
    failed(fault)
    assert names(target.folder) == []


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other"])
def test_what_is_not_read_back_as_it_was_is_not_good(quick, target, monkeypatch, damage):
    seal = age.seal

    def damaged(parts, path, keys, told=int):
        written = seal(parts, path, keys, told)
        content = bytearray(path.read_bytes())
        if damage == "other":
            path.unlink()
            seal([b"something else"], path, keys)
        elif damage == "flip":
            content[-3] ^= 1
            path.write_bytes(content)
        else:
            path.write_bytes(content[: len(content) - 1 if damage == "cut" else 0])
        return written

    monkeypatch.setattr(age, "seal", damaged)
    assert command("backup")[0] == 1
    failed(Fault.READ_BACK)
    assert names(target.folder) == []


def test_a_bug_on_the_way_is_a_failure_as_well(quick, target, monkeypatch):
    monkeypatch.setattr(making, "make", mock.Mock(side_effect=ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        backups.perform()
    failed(Fault.UNEXPECTED)


def test_a_process_that_is_stopped_says_so(quick, target, monkeypatch):
    monkeypatch.setattr(making, "make", mock.Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        backups.perform()
    failed(Fault.INTERRUPTED)


def test_what_a_killed_process_left_is_swept_by_the_next(quick, target):
    lost = Backup.objects.create()
    left = target.folder / "20200101T000000Z-00000000.part"
    left.mkdir()
    (left / "records.age").write_bytes(b"age-encryption.org/v1 and noise")
    assert command("backup")[0] == 0
    lost.refresh_from_db()
    assert (lost.state, lost.fault) == (State.FAILED, Fault.INTERRUPTED)
    assert not left.exists()


def test_two_at_once_are_refused_by_the_database_and_by_the_folder(quick, target):
    with dump.snapshot():
        code, said, complaint = command("backup")
        assert (code, said) == (4, "")
        assert "Another backup" in complaint
        tasks.back_up_nightly()
        assert not Backup.objects.exists()
    with places.alone(target.folder):
        code, _, complaint = command("backup")
        assert (code, complaint) == (1, f"{Fault.BUSY.label}\n")
        failed(Fault.BUSY)


def test_a_database_that_does_not_answer_is_no_backup(quick, target, monkeypatch):
    monkeypatch.setattr(dump, "_begin", mock.Mock(side_effect=OperationalError))
    assert command("backup")[0] == 1
    failed(Fault.NO_DATABASE)


def test_a_backup_and_its_event_roll_back_together(quick, target, monkeypatch):
    monkeypatch.setattr(trail, "record", mock.Mock(side_effect=RuntimeError))
    with pytest.raises(RuntimeError), transaction.atomic():
        backups.perform()
    assert not Backup.objects.exists()
    assert names(target.folder) == []


def test_the_role_for_backups_can_make_one(target, settings):
    conf = connection.settings_dict
    settings.BACKUP_DATABASE = {
        "USER": database.role("backup"), "PASSWORD": os.environ.get("CUSTODIA_BACKUP_PASSWORD", ""),
        "NAME": conf["NAME"],
    }  # fmt: skip
    with dump.snapshot() as moment:
        assert moment.rows("SELECT current_user") == [(database.role("backup"),)]
        content = b"".join(dump.records(moment))
    assert content.startswith(b"PGDMP")


def aged(days, folder, *, state=State.GOOD):
    """Make a good backup of some days ago, with its folders."""
    at = timezone.now() - timedelta(days=days)
    name = places.new_name(at)
    for root in (folder, folder / "keys"):
        (root / name).mkdir(parents=True)
    return Backup.objects.create(
        state=state, started_at=at, finished_at=at, name=name, manifest_sha256="a" * 64
    )


def test_old_ones_go_keys_sooner_and_the_last_good_ones_never(
    target, django_capture_on_commit_callbacks
):
    rows = [aged(days, target.folder) for days in (0, 1, 9, 30, 36, 400)]
    with django_capture_on_commit_callbacks(execute=True):
        assert backups.sweep() == 2
    assert sorted(places.sets(target.folder)) == sorted(row.name for row in rows[:4])
    assert sorted(places.sets(target.keys)) == sorted(row.name for row in rows[:2])
    assert Backup.objects.kept().count() == 4
    assert Event.objects.filter(action="security.backup.removed").count() == 2


def test_a_clinic_without_new_backups_keeps_the_old_ones(
    target, django_capture_on_commit_callbacks
):
    rows = [aged(days, target.folder) for days in (400, 401, 480)]
    with django_capture_on_commit_callbacks(execute=True):
        assert backups.sweep() == 0
    assert len(places.sets(target.folder)) == len(rows)
    assert rows[0].name in places.sets(target.keys)


def test_the_tool_makes_a_pair_and_overwrites_none(tmp_path):
    path, out = tmp_path / "private.txt", io.StringIO()
    call_command("backup_key", path, stdout=out, stderr=io.StringIO())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(age.identities(path)[0].to_public()) == out.getvalue().strip()
    before = path.read_text()
    with pytest.raises(CommandError, match="exists"):
        call_command("backup_key", path, stdout=out, stderr=io.StringIO())
    call_command("backup_key", path, if_missing=True, stdout=out, stderr=io.StringIO())
    assert path.read_text() == before
    call_command(
        "backup_key", tmp_path / "b", public=tmp_path / "p", stdout=out, stderr=io.StringIO()
    )
    assert (tmp_path / "p").read_text().strip() == out.getvalue().split()[-1]


def test_a_row_with_the_name_of_another_folder_deletes_nothing_of_it(
    target, tmp_path, django_capture_on_commit_callbacks
):
    rows = [aged(days, target.folder) for days in (0, 1, 2, 400)]
    (tmp_path / "elsewhere").mkdir()
    for name in (os.path.relpath(tmp_path / "elsewhere", target.folder), "", "."):
        Backup.objects.filter(pk=rows[3].pk).update(name=name, removed_at=None)
        with django_capture_on_commit_callbacks(execute=True):
            backups.sweep()
        assert (tmp_path / "elsewhere").is_dir()
        assert rows[0].name in places.sets(target.folder)
