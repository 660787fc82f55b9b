"""From a clinic to a backup and back: records open, search finds, counts agree, nothing was readable on the way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from audit import coverage
from audit.models import Event
from audit.queries import records
from patients.models import Condition, Document, Note, Patient, PatientIndex
from security import context, trail
from security.models import Backup, DataKey
from security.sealing import files, index
from tests import database
from tests.patients import bundles, cast, importing
from tests.security import backing_up

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# A value that lies sealed in the database, a sealed file, and what is plain in the database.
SECRET, IN_FILE, PLAIN = (
    "Winterbottom",
    b"a scanned letter about a canary bird",
    b"patients_condition",
)


@contextmanager
def empty_database(name):
    """Make a database that holds nothing, and drop it afterwards."""
    with database.administrator() as other, other.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield name
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def address(name):
    conf, admin = connection.settings_dict, database._administrator
    who = f"{admin['USER']}:{quote(admin['PASSWORD'] or '', safe='')}"
    host = str(conf["HOST"] or conf["OPTIONS"].get("host", ""))
    if host.startswith("/"):
        return f"postgresql://{who}@/{name}?host={quote(host)}"
    return f"postgresql://{who}@{host}:{conf['PORT'] or 5432}/{name}"


def restore(name, home, *arguments):
    """Restore as an operator does it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", "restore_backup", "--quiet", *map(str, arguments)],
        cwd=settings.BASE_DIR, capture_output=True, text=True,
        env=dict(os.environ, DATABASE_URL=address(name), CUSTODIA_KEYRING=str(settings.KEYRING_PATH),
                 CUSTODIA_FILES=str(home)),
    )  # fmt: skip


@contextmanager
def connected_to(name):
    """Let the code under test use another database, as the role `app`."""
    conf, usual = connection.settings_dict, connection.settings_dict["NAME"]
    connection.close()
    conf["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        conf["NAME"] = usual


def _paths(folder):
    return ((place, name) for place, _, names in os.walk(folder) for name in names)


class Watch(threading.Thread):
    """Looks at every file of some folders again and again, for words that must not be there."""

    def __init__(self, *folders):
        super().__init__()
        self.folders, self.over, self.seen, self.found = folders, threading.Event(), 0, []

    def run(self):
        while not self.over.wait(0.01):
            self.look()

    def look(self):
        words = (SECRET.encode(), IN_FILE, PLAIN, b"PGDMP", b"AGE-SECRET-KEY", b"ustar")
        for path in (os.path.join(*one) for folder in self.folders for one in _paths(folder)):
            with suppress(OSError), open(path, "rb") as file:
                content = file.read()
                self.seen += bool(content)
                self.found += [(path, word) for word in words if word in content]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()
        self.look()


@pytest.fixture
def clinic(tmp_path, monkeypatch):
    """Bring two patients in, with a sealed file and an open session."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with (
        override_settings(FILES_DIR=tmp_path / "files"),
        trail.acting_for(system="tests", purpose="HOPERAT"),
    ):
        importing.bring(bundles.english())
        importing.bring(bundles.chinese())
        with transaction.atomic():
            patient = Patient.objects.order_by("pk").first()
            kept = files.write([IN_FILE], most=1000)
            doctor = cast.staff("physician")
            document = Document.objects.create(
                patient=patient, occurred_at=timezone.now(), media_type="text/plain", size=kept.size,
                file_id=kept.file_id, file_key=kept.key, uploaded_by=doctor, title="Letter",
            )  # fmt: skip
            trail.record("tests.deed.done", changed=[document, doctor])
        yield kept


def test_what_was_backed_up_opens_again_in_an_empty_database(clinic, tmp_path):
    with backing_up.target(tmp_path), Watch(tmp_path / "backups", tmp_path / "tmp") as watch:
        code, said, complaint = backing_up.command("backup")
    assert (code, complaint) == (0, "")
    assert watch.seen
    assert watch.found == []
    row = Backup.objects.get()
    assert (row.state, row.files_count, row.files_missing) == ("good", 1, 0)
    assert row.name in said
    folder, private = tmp_path / "backups" / row.name, tmp_path / "private.txt"
    keys = tmp_path / "backups" / "keys" / row.name
    assert sorted(path.name for path in folder.iterdir()) == [
        "files.age",
        "manifest.age",
        "records.age",
    ]
    assert sorted(path.name for path in keys.iterdir()) == ["keys.age", "manifest.age"]
    counts = {
        model: model._base_manager.count() for model in (Patient, Condition, DataKey, PatientIndex)
    }
    told = diagnoses()
    assert any(text or restricted for _, text, restricted in told)
    name = f"{connection.settings_dict['NAME']}_restored"
    with empty_database(name):
        done = restore(name, tmp_path / "restored", folder, "--identity", private)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{row.rows_count} rows, 1 files" in done.stdout
        with connected_to(name), override_settings(FILES_DIR=tmp_path / "restored"):
            look_at_the_restored(clinic, counts, told)
        again = restore(name, tmp_path / "other", folder, "--identity", private)
        assert again.returncode == 1
        assert (
            again.stderr.strip()
            == f"Not restored: the database {name} is not empty; restore into a new one."
        )


def diagnoses():
    return sorted(
        (str(row.pk), row.code_text, row.restricted_detail) for row in Condition.objects.all()
    )


def look_at_the_restored(kept, counts, told):
    """Hold the restored database against what it was, as the role `app`."""
    assert {model: model._base_manager.count() for model in counts} == counts
    with trail.acting_for(system="tests", purpose="HOPERAT"):
        names = {patient.names[0]["family"] for patient in Patient.objects.all()}
        assert SECRET in names
        assert diagnoses() == told
        hits = index.ids(index.find_tokens(PatientIndex, index.query_grams(SECRET.lower())))
        assert [Patient.objects.get(pk=one).names[0]["family"] for one in hits] == [SECRET]
        assert files.read_all(kept.file_id, kept.key) == IN_FILE
        assert [one for model in coverage.compared() for one in records.mismatched(model)] == []
    # The moment of the dump was before the backup began to be one.
    assert not Backup.objects.exists()
    assert Event.objects.filter(action="security.backup.restored").count() == 1
    assert not Note.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("custodia_app",)
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'A' AND tgname LIKE 'audit_%'"
        )
        assert cursor.fetchone()[0] >= 6
    for table in ("audit_event", "audit_state"):
        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
    assert context.find() is not None
    assert timezone.now() - Event.objects.newest_first().first().recorded_at < timedelta(minutes=5)
