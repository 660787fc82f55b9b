"""The sealer at work under its own role: late commits, open transactions, crashes, a rolled-back database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from audit import verifier
from audit.ledger import checking, heartbeats, keys, memory, process, receipts, silence
from audit.ledger.sealing import CROWD, PATIENCE, RolledBack, Sealer
from audit.models import Anchor, Checkpoint, Event, Heartbeat, Leaf, Pending
from audit.queries import ledger as queries
from security import trail
from security.models import Unit
from tests import database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sealer(tmp_path: Path, settings: LazySettings) -> Iterator[Sealer]:
    settings.LEDGER_KEY = tmp_path / "sealer" / "key.json"
    settings.LEDGER_MEMORY = tmp_path / "sealer" / "head.json"
    settings.LEDGER_PUBLIC_KEY = tmp_path / "public.key"
    settings.ANCHOR_FILE = tmp_path / "heads"
    keys.create(settings.LEDGER_KEY, settings.LEDGER_PUBLIC_KEY)
    with database.connected_as("sealer") as conn:
        yield awake(conn, settings)


def awake(conn: BaseDatabaseWrapper, settings: LazySettings) -> Sealer:
    made = Sealer(
        conn, keys.read(settings.LEDGER_KEY), settings.LEDGER_MEMORY, settings.ANCHOR_FILE
    )
    made.wake()
    return made


def record(action: str = "tests.deed.done", count: int = 1) -> list[Event]:
    with trail.acting_for(system="tests", purpose="HOPERAT"), transaction.atomic():
        ids = [trail.record(action) for _ in range(count)]
    return list(Event.objects.filter(pk__in=ids))


def checked() -> verifier.Head:
    known = verifier.heads_in(Path(queries.anchors.settings.ANCHOR_FILE), keys.trusted())
    return checking.Check(keys.trusted(), known).run()


def test_every_event_is_sealed_once_in_order_and_can_be_verified_and_proved(sealer: Sealer) -> None:
    first, second = record(count=3), record(count=300)
    assert sealer.seal() == 303
    assert (Pending.objects.count(), Leaf.objects.count()) == (0, 303)
    assert sealer.seal() == 0
    assert checked().size == 303

    for event in (first[0], second[-1]):
        text = receipts.receipt(event.pk)
        assert verifier.check_receipt(text, keys.trusted())[0].size == 303
    old = verifier.heads_in(queries.anchors.settings.ANCHOR_FILE, keys.trusted())[0]
    record(count=240)
    sealer.seal()
    _, new = receipts.newest()
    path = verifier.path_of(receipts.joint(old, new))
    verifier.check_heads(old, new, path)
    assert (old.size, new.size) == (303, 543)
    assert checking.Check(keys.trusted(), processes=2).run() == new
    with pytest.raises(receipts.NotSealed):
        receipts.receipt(record()[0].pk)


def test_what_is_urgent_is_due_at_once_and_the_rest_in_a_crowd_or_with_time(sealer: Sealer) -> None:
    sealer.seal()
    now = datetime.now(UTC)
    record()
    assert not sealer.is_due(now)
    assert sealer.is_due(now + PATIENCE + timedelta(seconds=1))
    record("security.role.granted")
    assert sealer.is_due(now)
    sealer.seal()
    record(count=CROWD)
    assert sealer.is_due(now)


def test_an_urgent_event_calls_the_sealer_and_another_one_does_not(sealer: Sealer) -> None:
    raw = sealer.connection.connection
    with sealer.connection.cursor() as cursor:
        cursor.execute("LISTEN custodia_urgent")
    record()
    with closing(raw.notifies(timeout=0.01, stop_after=1)) as called:
        assert not list(called)
    record("patients.glass.opened")
    with closing(raw.notifies(timeout=5, stop_after=1)) as called:
        assert len(list(called)) == 1


def test_an_open_transaction_elsewhere_stops_nothing_and_a_late_commit_gets_its_turn(
    sealer: Sealer,
) -> None:
    with database.connected_as("app") as other, other.cursor() as cursor:
        other.set_autocommit(False)
        cursor.execute("INSERT INTO audit_heartbeat VALUES ('tests', now(), '')")
        cursor.execute("SELECT pg_current_xact_id()")
        later = record(count=5)
        assert sealer.seal() == 5
        other.rollback()
    assert {row.event_id for row in Leaf.objects.all()} == {event.pk for event in later}


def test_the_sealer_waits_for_no_writer_and_no_writer_for_the_sealer(sealer: Sealer) -> None:
    record(count=3)
    with trail.acting_for(system="tests", purpose="HOPERAT"), transaction.atomic():
        trail.record("tests.deed.done")
        assert sealer.seal() == 3
    # While the sealer's own transaction is open, writers write.
    sealer.connection.set_autocommit(False)
    sealer.seal()
    record(count=2)
    sealer.connection.commit()
    sealer.connection.set_autocommit(True)
    assert sealer.seal() == 2
    assert checked().size == 6


def test_a_sealer_that_ended_between_commit_and_memory_goes_on_without_a_gap(
    sealer: Sealer, settings: LazySettings
) -> None:
    record(count=4)
    sealer.seal()
    before = settings.LEDGER_MEMORY.read_bytes()
    record(count=300)
    sealer.seal()
    settings.LEDGER_MEMORY.write_bytes(before)

    again = awake(sealer.connection, settings)
    record()
    assert again.seal() == 1
    assert checked().size == 305


def test_a_sealer_signs_nothing_over_a_database_that_was_rolled_back(
    sealer: Sealer, settings: LazySettings
) -> None:
    record(count=4)
    sealer.seal()
    before = settings.LEDGER_MEMORY.read_bytes()
    content = memory.read(settings.LEDGER_MEMORY)
    assert content is not None
    memory.write(
        settings.LEDGER_MEMORY, memory.Memory(content.tree, content.note, content.number + 1)
    )
    with pytest.raises(RolledBack):
        awake(sealer.connection, settings)
    settings.LEDGER_MEMORY.unlink()
    with pytest.raises(RolledBack, match="remembers none"):
        awake(sealer.connection, settings)
    settings.LEDGER_MEMORY.write_text("{")
    with pytest.raises(memory.MemoryLost):
        awake(sealer.connection, settings)
    settings.LEDGER_MEMORY.write_bytes(before)
    assert awake(sealer.connection, settings).number == content.number


def test_the_life_of_the_process(sealer: Sealer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "POLL_SECONDS", 0.05)
    record("security.export.requested", 3)
    turns = iter([False] * 4)
    process.live(sealer, lambda: next(turns, True))

    assert Leaf.objects.count() == 3
    assert Anchor.objects.get(name="file").succeeded_at is not None
    beat = Heartbeat.objects.get(process=heartbeats.SEALER)
    assert (beat.trouble, datetime.now(UTC) - beat.beaten_at < timedelta(seconds=20)) == ("", True)


def test_a_rolled_back_database_is_told_of_and_a_second_sealer_waits(
    sealer: Sealer, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "POLL_SECONDS", 0.01)
    with database.connected_as("sealer") as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [process.LOCK])
        turns = iter([False] * 2)
        process.live(sealer, lambda: next(turns, True))
        assert not Heartbeat.objects.exists()
    sealer.seal()
    settings.LEDGER_MEMORY.write_text("{")
    turns = iter([False] * 2)
    process.live(sealer, lambda: next(turns, True))
    assert Heartbeat.objects.get(process="sealer").trouble
    assert queries.STOPPED in [one.text for one in queries.alarms()]


def test_two_sealers_never_make_two_entries_of_one_event(
    sealer: Sealer, settings: LazySettings
) -> None:
    record(count=20)
    with database.connected_as("sealer") as conn:
        other = awake(conn, settings)
        sealer.seal()
        with pytest.raises(RolledBack):
            other.seal()
    assert Leaf.objects.count() == 20
    assert checked().size == 20


def test_an_anchor_file_that_can_not_be_written_stops_no_sealing(
    sealer: Sealer, tmp_path: Path
) -> None:
    sealer.anchor_path = tmp_path
    record()
    assert sealer.seal() == 1
    assert sealer.anchor_failure == "IsADirectoryError"


def test_nobody_changes_the_ledger(sealer: Sealer) -> None:
    record(count=300)
    sealer.seal()
    for table in ("audit_leaf", "audit_node", "audit_checkpoint"):
        for write in (f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM {table}"):
            refused = pytest.raises(ProgrammingError, match="permission denied")
            with refused, connection.cursor() as cursor:
                cursor.execute(write)
        refused = pytest.raises(IntegrityError, match=f"rows of {table} are never changed")
        with database.connected_as("owner") as conn, conn.cursor() as cursor, refused:
            cursor.execute(f"DELETE FROM {table}")


def test_the_commands_verify_and_export(
    sealer: Sealer, settings: LazySettings, tmp_path: Path
) -> None:
    record(count=20)
    sealer.seal()
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert "20 entries" in said.getvalue()
    path = tmp_path / "bundle.gz"
    call_command("export_audit_bundle", str(path), stdout=said)
    assert Event.objects.filter(action="audit.bundle.exported").exists()
    assert path.stat().st_mode & 0o777 == 0o600
    arguments = [
        "bundle",
        str(path),
        "--key",
        str(settings.LEDGER_PUBLIC_KEY),
        "--head",
        str(settings.ANCHOR_FILE),
    ]
    assert verifier.main(arguments) == 0
    with pytest.raises(CommandError, match="File exists"):
        call_command("export_audit_bundle", str(path))
    call_command("verify_audit", bundle=path, head=settings.ANCHOR_FILE, stdout=said)
    held = tmp_path / "held"
    held.write_text(settings.ANCHOR_FILE.read_text())
    record(count=3)
    sealer.seal()
    with pytest.raises(CommandError, match="older than a head") as older:
        call_command("verify_audit", bundle=path, head=settings.ANCHOR_FILE)
    assert older.value.returncode == verifier.Fault.OLDER.value[0]
    files = [str(tmp_path / name) for name in ("new", "joint")]
    call_command("export_audit_joint", str(held), *files, stdout=said)
    assert "join" in said.getvalue()
    key = ["--key", str(settings.LEDGER_PUBLIC_KEY)]
    assert verifier.main(["head", files[0], *key, "--head", str(held), "--proof", files[1]]) == 0

    with database.administrator() as conn, conn.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER ALL")
        cursor.execute(
            "UPDATE audit_event SET purpose = 'X' WHERE id = %s",
            [Leaf.objects.get(number=7).event_id],
        )
        cursor.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_never_changed")
        cursor.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_never_emptied")
    with pytest.raises(CommandError, match=r"entry 7, event .*, purpose") as found:
        call_command("verify_audit")
    assert found.value.returncode == checking.EventFault.EVENT.value[0]
    call_command("verify_audit", entries_only=True, stdout=said)
    call_command("verify_audit", entries_only=True, marks=True, stdout=said)
    with database.administrator() as conn, conn.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_leaf DISABLE TRIGGER ALL")
        cursor.execute(
            "UPDATE audit_leaf SET mark = overlay(mark placing 'x' from 9) WHERE number = 4"
        )
        cursor.execute("ALTER TABLE audit_leaf ENABLE ALWAYS TRIGGER audit_leaf_never_changed")
        cursor.execute("ALTER TABLE audit_leaf ENABLE ALWAYS TRIGGER audit_leaf_never_emptied")
    call_command("verify_audit", entries_only=True, stdout=said)
    for processes in (1, 2):
        with pytest.raises(CommandError, match=r"the mark of an entry .*: entry 4") as found:
            call_command("verify_audit", entries_only=True, marks=True, processes=processes)
        assert found.value.returncode == checking.EventFault.MARK.value[0]


def test_a_silence_between_signs_of_life_is_named_and_is_no_fault(sealer: Sealer) -> None:
    now = datetime.now(UTC)
    for minutes in (60, 55, 50, 20, 15, 10, 5):
        with time_machine.travel(now - timedelta(minutes=minutes), tick=False):
            record(silence.HEARTBEAT)
    sealer.seal()
    (gap,) = silence.gaps()
    assert [round((now - at).total_seconds() / 60) for at in gap] == [50, 20]
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert f"SILENCE: no sign of life was recorded, {gap}" in said.getvalue()
    assert "The trail was silent once" in said.getvalue()


def test_the_command_makes_a_key_once_and_seals_once(
    sealer: Sealer, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="there is a key"):
        call_command("sealer", init=True)
    settings.LEDGER_PUBLIC_KEY.unlink()
    call_command("sealer", init_if_missing=True)
    assert keys.trusted() == sealer.key.public
    settings.LEDGER_KEY.chmod(0o644)
    with pytest.raises(CommandError, match="readable by its owner only"):
        call_command("sealer", once=True)
    settings.LEDGER_KEY.chmod(0o600)
    monkeypatch.setattr("audit.management.commands.sealer.connection", sealer.connection)
    record(count=2)
    said = StringIO()
    call_command("sealer", once=True, stdout=said)
    assert said.getvalue().startswith("2 ")
    assert Checkpoint.objects.count() == 1


def test_business_goes_on_without_a_sealer_and_catching_up_leaves_no_gap(sealer: Sealer) -> None:
    units = []
    for number in range(12):
        with trail.acting_for(system="tests", purpose="HOPERAT"), transaction.atomic():
            units.append(Unit.objects.create(name=f"Ward {number}", kind=Unit.Kind.DEPARTMENT))
    assert Unit.objects.count() == 12
    assert [one.tone for one in queries.alarms()] == ["danger", "danger", "warn"]
    assert sealer.seal() == Event.objects.count()
    assert checked().size == Event.objects.count()
