"""A large file with bad rows, its process killed in the middle: nothing twice, nothing lost, little memory."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from patients.models import ImportBatch, ImportChunk, ImportRowError, Patient, PatientIndex
from security import trail
from tests.patients import cast, tables

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
REDUCED = 2_500
PATIENCE = 60


def environment():
    """Return the surroundings of a process that uses this test's database, keys and files."""
    conf = connection.settings_dict
    host = str(conf["HOST"] or conf["OPTIONS"].get("host", ""))
    who = f"{conf['USER']}:{quote(conf['PASSWORD'] or '', safe='')}"
    if host.startswith("/"):
        address = f"postgresql://{who}@/{conf['NAME']}?host={quote(host)}"
    else:
        address = f"postgresql://{who}@{host}:{conf['PORT'] or 5432}/{conf['NAME']}"
    return dict(
        os.environ, DATABASE_URL=address, CUSTODIA_KEYRING=str(settings.KEYRING_PATH),
        CUSTODIA_FILES=str(settings.FILES_DIR),
    )  # fmt: skip


def command(*arguments):
    """Start the import as a process of its own."""
    program = [sys.executable, "manage.py", "import_csv", *arguments, "--quiet"]
    return subprocess.Popen(
        program, cwd=settings.BASE_DIR, env=environment(), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def resident(process):
    """Return the megabytes that a process holds now, and at most held."""
    lines = dict(
        line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
    )
    return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))


def write(path, count):
    """Write a table of which every twentieth row is bad; return how many are."""
    bad = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(tables.text_of([]))
        for number in range(count):
            is_bad = number % 20 == 7
            bad += is_bad
            wrong = {"Date of birth": "31.02.1980"} if number % 40 == 7 else {"Sex": "?"}
            row = tables.person(number, **(wrong if is_bad else {}))
            file.write(tables.text_of([row]).split("\r\n", 1)[1])
    return bad


def wait_for(process, rows):
    """Wait until an import has written so many rows; return the import."""
    end = time.monotonic() + PATIENCE + rows / 50
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        batch = ImportBatch.objects.first()
        if batch and batch.status == ImportBatch.Status.RUNNING and batch.rows_done >= rows:
            return batch
        time.sleep(0.05)
    raise AssertionError("the import does not move")


@pytest.mark.prove(step=2, full=100_000)
def test_a_killed_import_goes_on_without_a_row_twice_or_lost(
    rounds, settings, tmp_path, record_property
):
    settings.FILES_DIR = tmp_path / "files"
    count, path = max(rounds, REDUCED), tmp_path / "people.csv"
    bad = write(path, count)
    with trail.acting_for(system="tests", purpose="HOPERAT"):
        desk = cast.staff("receptionist")
        client = cast.browser(desk)

    first = command("patients", str(path), "--as", desk.handle)
    assert first.stdout.readline(), first.communicate()
    idle, _most = resident(first)
    batch = wait_for(first, count * 2 // 5)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    batch.refresh_from_db(fields=["rows_done", "rows_created", "rows_failed"])
    assert 0 < batch.rows_done < count
    assert Patient.objects.count() == batch.rows_created
    page = cast.words(client.get(f"/patients/imports/{batch.pk}/"))
    assert f"{batch.rows_done} of {count} rows" in page.replace(",", "")

    # A minute later the dead process's hold is over.
    ImportBatch.objects.filter(pk=batch.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    began, before = time.monotonic(), batch.rows_done
    second = command("patients", "--resume", str(batch.pk), "--as", desk.handle)
    most = 0
    while second.poll() is None:
        try:
            most = max(most, resident(second)[1])
        except (FileNotFoundError, KeyError, ProcessLookupError):
            break
        time.sleep(0.1)
    said, wrong = second.communicate()
    rate = (count - before) / (time.monotonic() - began)
    record_property("rows per second", round(rate))
    record_property("megabytes above idle", round(most - idle))

    assert second.returncode == 1, (said, wrong)
    batch = ImportBatch.objects.get(pk=batch.pk)
    assert (batch.status, batch.rows_done) == (ImportBatch.Status.DONE, count)
    assert (batch.rows_created, batch.rows_failed) == (count - bad, bad)
    assert Patient.objects.count() == count - bad
    assert (
        PatientIndex.objects.filter(kind="identifier").values("exact").distinct().count()
        >= count - bad
    )
    made = [one for chunk in ImportChunk.objects.all() for one in chunk.created]
    assert len(made) == len(set(made)) == count - bad
    rows = list(ImportRowError.objects.filter(phase="import").values_list("row", flat=True))
    assert sorted(rows) == [number + 2 for number in range(count) if number % 20 == 7]
    assert most - idle < 300
