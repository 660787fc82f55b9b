"""Embedded services, shared: the first who needs them starts them, the last stops them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from typing import IO

from devtools import valkey
from devtools.interrupts import ear
from devtools.places import (
    ROOT,
    VAR,
    Stop,
    make_private,
    services_home,
)
from devtools.postgres import Cluster


class Services:
    """One set of services by name: "demo" keeps its data, "test" does not mind losing them."""

    def __init__(self, name: str) -> None:
        """Find the folder of this set; nothing is started yet."""
        self.name = name
        self._redis_url = ""
        self.home = services_home(ROOT, name, os.geteuid())
        self.cluster = Cluster(self.home, durable=name != "test")
        self.needs_postgres = not os.environ.get("DATABASE_URL")
        self.needs_valkey = not os.environ.get("REDIS_URL")

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start what does not run yet, and stop it again unless others still use it."""
        if not (self.needs_postgres or self.needs_valkey):
            yield
            return
        self._make_home()
        with (self.home / "users.lock").open("w") as users:
            try:
                with ear.held(), self._alone():
                    self._start()
                    fcntl.flock(users, fcntl.LOCK_SH)
                yield
            finally:
                # Somebody may have deleted var/ meanwhile; what was started still has to stop.
                self._make_home()
                with ear.held(), self._alone():
                    self._stop_when_last(users)

    def remove(self) -> None:
        """Delete the data of this set, unless somebody uses it now."""
        if self.home.exists():
            with self._alone(), (self.home / "users.lock").open("w") as users:
                if not self._stop_when_last(users):
                    raise Stop("The demo is running; stop it first with Ctrl-C in its terminal.")
            shutil.rmtree(self.home)
        shutil.rmtree(VAR / self.name, ignore_errors=True)

    @property
    def redis_url(self) -> str:
        """Return the address of the embedded Valkey, "" where none was started."""
        state = self.home / "valkey.url"
        return state.read_text() if state.exists() else self._redis_url

    def _make_home(self) -> None:
        """Make the folder of this set, with parents that a server's account can pass through."""
        if self.home.is_relative_to(VAR):
            make_private(VAR, 0o711)
        make_private(self.home.parent, 0o711)
        make_private(self.home, 0o711)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock under which services are started and stopped."""
        with (self.home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _start(self) -> None:
        """Start what is needed and not running."""
        if self.needs_postgres and not self.cluster.is_running():
            self.cluster.start()
        if self.needs_valkey and not valkey.is_running(self.redis_url):
            address = valkey.start(self.home / "valkey")
            state = self.home / "valkey.url"
            state.touch(mode=0o600)
            state.write_text(address)
        self._redis_url = self.redis_url

    def _stop_when_last(self, users: IO[str]) -> bool:
        """Stop everything if no other launcher holds the users' lock; tell whether it was so."""
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if self.redis_url:
            valkey.stop(self.redis_url)
            (self.home / "valkey.url").unlink(missing_ok=True)
        if self.cluster.is_running():
            self.cluster.stop()
        return True
