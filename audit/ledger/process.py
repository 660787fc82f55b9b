"""The life of the sealer's process: listens, polls, seals, tells that it lives; ends when it is told to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from django.db import DatabaseError, InterfaceError
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.ledger import heartbeats
from audit.ledger.keys import SealerKeyError
from audit.ledger.memory import MemoryLost
from audit.ledger.sealing import BATCH, RolledBack, Sealer
from audit.ledger.urgency import CHANNEL

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
BEAT_SECONDS = 5.0
# One sealer at a time; another one waits for the end of its connection.
LOCK = 0x_CD_05_71_ED


class Busy(Exception):
    """Another sealer is at work on this database."""


def live(sealer: Sealer, is_over: Callable[[], bool]) -> None:
    """Seal until it is over; a database that goes away or was rolled back is tried again and told of."""
    while not is_over():
        trouble = ""
        try:
            with _alone(sealer.connection):
                sealer.wake()
                _work(sealer, is_over)
        except Busy:
            log.info("another sealer is at work; waiting")
        except (RolledBack, MemoryLost, SealerKeyError) as error:
            trouble = str(error)
            log.error("nothing is sealed: %s", trouble)
        except (DatabaseError, InterfaceError) as error:
            log.warning("the database does not answer: %s", type(error).__name__)
            sealer.connection.close()
        if not is_over():
            _tell(sealer, trouble)
            time.sleep(POLL_SECONDS)


def _tell(sealer: Sealer, trouble: str) -> None:
    if trouble:
        try:
            heartbeats.beat(heartbeats.SEALER, trouble, sealer.connection)
        except (DatabaseError, InterfaceError):
            sealer.connection.close()


@contextmanager
def _alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Busy
    try:
        yield
    finally:
        # The lock belongs to the connection and ends with it, also where this process is killed.
        connection.close()


def _work(sealer: Sealer, is_over: Callable[[], bool]) -> None:
    raw = sealer.connection.connection
    with sealer.connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    beaten = 0.0
    while not is_over():
        seal_due(sealer)
        if time.monotonic() - beaten > BEAT_SECONDS:
            heartbeats.beat(heartbeats.SEALER, "", sealer.connection)
            beaten = time.monotonic()
        with closing(raw.notifies(timeout=POLL_SECONDS, stop_after=1)) as called:
            for _ in called:
                pass


def seal_due(sealer: Sealer) -> int:
    """Seal what is due, batch after batch; return how many entries that made."""
    made = 0
    while sealer.is_due(datetime.now(UTC)):
        count = sealer.seal()
        made += count
        heartbeats.anchored("file", sealer.number, sealer.anchor_failure, sealer.connection)
        if count < BATCH:
            break
    return made
