"""Running one command in the foreground, or several until the first ends or somebody stops them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence

from devtools.interrupts import Interrupted, ear
from devtools.places import ROOT, Stop, say

GRACE_SECONDS = 10.0
READY_SECONDS = 90.0
BEAT_SECONDS = 0.2

Environment = Mapping[str, str]


def exit_code(code: int) -> int:
    """Return the code a shell would give for an ended process."""
    return 128 - code if code < 0 else code


def call(command: Sequence[str], environment: Environment, *, quiet: bool = False) -> int:
    """Run one command at the terminal, pass signals on, and return its exit code."""
    output = subprocess.DEVNULL if quiet else None
    try:
        process = subprocess.Popen(list(command), env=dict(environment), stdout=output)
    except FileNotFoundError as error:
        raise Stop(f"There is no command {command[0]!r}.") from error
    while True:
        try:
            return exit_code(process.wait())
        except Interrupted as interruption:
            # A terminal gives Ctrl-C to the command too; twice would cut its clean-up short.
            if interruption.number != signal.SIGINT or not os.isatty(0):
                process.send_signal(interruption.number)


def require_free(port: int) -> None:
    """Refuse a port of the loopback address that is already in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Stop(
                f"Port {port} cannot be used ({error.strerror}); name another one: "
                f"python3 dev.py demo --port {port + 1 if port < 65535 else 8000}"
            ) from error


def answers(port: int) -> bool:
    """Tell whether a web server answers on this port of the loopback address."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except urllib.error.HTTPError as answer:
        return answer.code < 500
    except OSError:
        return False
    return True


class Household:
    """Processes that live and die together; each is the head of its own group."""

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        environment: Environment,
        own: Mapping[str, Environment] | None = None,
    ) -> None:
        """Keep what to start; `own` has the environments of those who get another one."""
        self.commands, self.environment, self.own = commands, environment, own or {}
        self.grace = GRACE_SECONDS
        self.members: dict[str, subprocess.Popen[str]] = {}

    def live(self, is_ready: Callable[[], bool], greeting: str) -> None:
        """Run all until one ends or a signal comes; greet once they are ready."""
        try:
            with ear.held():
                for name in self.commands:
                    self._start(name)
            ended = self._wait_for(is_ready)
            if not ended:
                say(greeting)
                ended = self._wait_for(lambda: False, seconds=None)
        finally:
            with ear.held():
                self._end()
        raise Stop(f"The process {ended!r} ended by itself; its last lines are above.")

    def _start(self, name: str) -> None:
        """Start one member and copy its lines to the terminal under its name."""
        self.members[name] = process = subprocess.Popen(
            list(self.commands[name]), cwd=ROOT, env=dict(self.own.get(name, self.environment)), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, errors="replace",
        )  # fmt: skip
        threading.Thread(target=self._copy, args=(name, process), daemon=True).start()

    @staticmethod
    def _copy(name: str, process: subprocess.Popen[str]) -> None:
        """Copy the lines of one member until its output ends."""
        for line in process.stdout or ():
            with contextlib.suppress(OSError):
                say(f"{name:<7}| {line.rstrip()}")

    def _wait_for(self, met: Callable[[], bool], seconds: float | None = READY_SECONDS) -> str:
        """Wait until something is met or a member ended; return the name of who ended."""
        end = None if seconds is None else time.monotonic() + seconds
        while not met():
            for name, process in self.members.items():
                if process.poll() is not None:
                    return name
            if end and time.monotonic() > end:
                raise Stop(f"The web server did not answer within {READY_SECONDS:.0f} s.")
            time.sleep(BEAT_SECONDS)
        return ""

    def _end(self) -> None:
        """Ask everybody to end, and after a while do not ask any more."""
        for process in self.members.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        end = time.monotonic() + self.grace
        for process in self.members.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
            # Also the children that a member did not take along.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
