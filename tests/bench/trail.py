"""What the trail costs: verifying it, writing to it beside others, and opening a chart with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection, connections, transaction

from audit import writer
from audit.ledger import keys
from audit.ledger.checking import CHUNK, Check
from audit.ledger.sealing import BATCH, Sealer
from audit.models import Event
from patients.models import ChartPermission
from security import trail
from security.access.purposes import Purpose
from security.ids import new_id
from security.models import User
from tests.bench import page, timing

WRITERS = 8
SECONDS = 3.0
TURNS = 5
# Events as a chart that is opened leaves them, made by the server itself.
MADE = """
WITH made AS (
    INSERT INTO audit_event (id, format, recorded_at, action, outcome, actor_id, actor_kind, system, roles,
        on_behalf_of, purpose, basis, subjects, object_label, object_id, fields, counts, session_ref, device_ref,
        request_id, route, detail)
    SELECT gen_random_uuid(), 1, now(), 'security.record.read', 'success', gen_random_uuid(), 'staff', '',
        '{physician}', NULL, 'TREAT', 'responsible', ARRAY[gen_random_uuid()], '', NULL,
        '{patients.patient.names,patients.patient.birth_on,patients.condition.code_text}', '{"subjects": 1}',
        'c2Vzc2lvbg', '', gen_random_uuid(), 'patients:patient', decode(repeat(md5(n::text), 12), 'hex')
    FROM generate_series(1, %s) n RETURNING id
), waiting AS (INSERT INTO audit_pending SELECT id FROM made)
INSERT INTO audit_state SELECT id, 'patients.note', gen_random_uuid(), 1, sha256(id::text::bytea), false
FROM made WHERE get_byte(uuid_send(id), 0) < 64
"""
PLAIN = writer.STATEMENT.partition("WITH event AS (")[2].partition(")\n), states")[0] + ")"


def lines(physician: User, events: int, rounds: int) -> Iterator[timing.Line]:
    """Yield one line for each promise of the trail."""
    yield opening(physician, rounds)
    yield writing("event with its pending row, statement", "statement", "plain")
    yield writing("event as deeds record it, against the ORM", "event", "orm")
    yield from verifying(events)


def opening(physician: User, rounds: int) -> timing.Line:
    """Compare a chart that is opened with the same page whose event is not written."""
    charts = ChartPermission.objects.filter(user=physician).order_by("pk")
    chart = charts.values_list("content_object_id", flat=True)[0]
    ours = page.opened(physician, chart)

    def twin() -> None:
        trail.install(_nothing)
        try:
            ours()
        finally:
            trail.uninstall(_nothing)

    title = "opening a chart, with and without its event"
    return timing.compare(title, ours, twin, goal=1.25, rounds=rounds)


def _nothing(entry: trail.Entry) -> Any:
    return new_id()


def writing(title: str, ours: str, twin: str) -> timing.Line:
    """Compare events of eight writers at once with plain inserts of the same columns into the same table."""
    spent: dict[str, list[float]] = {"ours": [], "twin": [], "again": []}
    acts = {"ours": ours, "twin": twin, "again": twin}
    # Each makes a connection of its own.
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    barrier, results = fork.Barrier(WRITERS + 1, timeout=60), fork.Queue()
    turns = [name for _ in range(TURNS) for name in spent]
    crowd = [
        fork.Process(target=_write, args=([acts[name] for name in turns], barrier, results))
        for _ in range(WRITERS)
    ]
    for one in crowd:
        one.start()
    for name in turns:
        barrier.wait()
        written = sum(results.get() for _ in crowd)
        spent[name].append(SECONDS * WRITERS / written)
    for one in crowd:
        one.join()
    middle = [sorted(values)[TURNS // 2] for values in spent.values()]
    noise = max(middle[1:]) / min(middle[1:])
    return timing.Line(f"{title}, {WRITERS} at once", middle[0], sum(middle[1:]) / 2, noise, 1.3)


def _write(turns: list[str], barrier: Any, results: Any) -> None:
    with trail.acting_for(system="bench", purpose=Purpose.TREAT):
        values = _values()
        _event()
        acts: dict[str, Callable[[], None]] = {
            "event": _event,
            "orm": lambda: _orm(values),
            "plain": lambda: _statement(PLAIN, values),
            "statement": lambda: _statement(writer.STATEMENT, values),
        }
        for name in turns:
            act = acts[name]
            barrier.wait()
            until, count = time.perf_counter() + SECONDS, 0
            while time.perf_counter() < until:
                act()
                count += 1
            results.put(count)
    connections.close_all()


def _event() -> None:
    with transaction.atomic():
        trail.record("tests.chart.opened", subjects=[SUBJECT], fields=["patients.patient.names"])


def _orm(values: dict[str, Any]) -> None:
    with transaction.atomic():
        Event.objects.create(**values | {"id": new_id(), "request_id": new_id()})


def _statement(statement: str, values: dict[str, Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        more = {"id": new_id(), "request_id": new_id(), "counts": "{}", "urgent": False}
        cursor.execute(statement, values | more | NO_STATES)


def _values() -> dict[str, Any]:
    with transaction.atomic():
        event_id = trail.record(
            "tests.chart.opened", subjects=[SUBJECT], fields=["patients.patient.names"]
        )
    return dict(Event.objects.filter(pk=event_id).values()[0])


NO_STATES: dict[str, list[Any]] = {
    name: [] for name in ("models", "object_ids", "versions", "digests", "deleted")
}
SUBJECT = new_id()


def verifying(events: int) -> Iterator[timing.Line]:
    """Compare verifying a ledger in the database with a bare loop of SHA-256 over the same bytes."""
    key, size = sealed(events)
    bare = _bare(size)
    for title, with_columns, least in (
        ("entries", False, 0.15),
        ("entries and columns", True, 0.03),
    ):
        spent = {}
        for processes in (1, 2):
            started = time.perf_counter()
            Check(key, with_columns=with_columns, processes=processes).run()
            spent[processes] = time.perf_counter() - started
        # Two processes are allowed, not asked for: where the machine is busy, one is quicker.
        processes, took = min(spent.items(), key=lambda one: one[1])
        yield timing.Line(
            f"verifying {size} {title}, {processes} of 2 processes", took, bare, 1.0, 1 / least
        )


def _bare(size: int) -> float:
    spent = 0.0
    for start in range(0, size, CHUNK):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT content FROM audit_leaf WHERE number >= %s AND number < %s",
                [start, start + CHUNK],
            )
            contents = [bytes(content) for (content,) in cursor.fetchall()]
        started = time.perf_counter()
        for content in contents:
            sha256(content).digest()
        spent += time.perf_counter() - started
    return spent


def sealed(events: int) -> tuple[Any, int]:
    """Return the key of a ledger with as many events; make what is missing."""
    with contextlib.suppress(FileExistsError):
        keys.create(settings.LEDGER_KEY, settings.LEDGER_PUBLIC_KEY)
    key = keys.read(settings.LEDGER_KEY)
    _empty_other(key)
    sealer = Sealer(connection, key, settings.LEDGER_MEMORY)  # type: ignore[arg-type]
    sealer.wake(adopt=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event")
        ((there,),) = cursor.fetchall()
        for start in range(there, events, 50_000):
            cursor.execute(MADE, [min(50_000, events - start)])
        # What was inserted plainly waits for its seal as well.
        cursor.execute(
            "INSERT INTO audit_pending SELECT id FROM audit_event e WHERE NOT EXISTS"
            " (SELECT FROM audit_leaf l WHERE l.event_id = e.id) ON CONFLICT DO NOTHING"
        )
        cursor.execute("ANALYZE audit_event, audit_state, audit_pending, audit_leaf")
    while sealer.seal() == BATCH:
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_leaf")
    return key.public, sealer._awake().tree.size


def _empty_other(key: keys.SealerKey) -> None:
    """Forget a ledger of another key: folders of measurements come and go."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM audit_checkpoint ORDER BY number LIMIT 1")
        found = cursor.fetchone()
        if found is None or found[0].startswith(key.public.origin):
            return
        for table in ("audit_leaf", "audit_node", "audit_checkpoint"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            cursor.execute(f"TRUNCATE {table}")
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_never_changed")
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_never_emptied")
        cursor.execute(
            "INSERT INTO audit_pending SELECT id FROM audit_event ON CONFLICT DO NOTHING"
        )
