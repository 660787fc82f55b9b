"""Where things lie in a checkout, and how the launcher speaks and gives up."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VAR = ROOT / "var"
SHARED_TEMPORARY = Path("/var/tmp")  # noqa: S108 - its owner is checked before use
# A Unix socket path ends at 107 bytes on Linux, 103 on macOS.
SOCKET_PATH_LIMIT = 100


class Stop(Exception):
    """The launcher cannot go on; the message is one sentence for the person at the terminal."""


def say(text: str) -> None:
    """Print one progress line at once, also into a pipe."""
    print(text, flush=True)


def fingerprint(*parts: str | Path) -> str:
    """Return a short hash of texts and of the content of files."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:20]


def is_current(stamp: Path, key: str) -> bool:
    """Tell whether the step that wrote this stamp ran on the same inputs."""
    return stamp.exists() and stamp.read_text() == key


def closed_to_others(folder: Path) -> bool:
    """Tell whether an unprivileged account cannot reach this folder, as below a private home."""
    return any(not place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


def services_home(checkout: Path, name: str, uid: int) -> Path:
    """Return the folder of one set of embedded services, in the checkout where that can work."""
    # PostgreSQL never runs as root, so what root starts must not lie below a private home.
    home = checkout / "var" / "services" / name
    too_long = len(os.fsencode(home / "socket" / ".s.PGSQL.5432")) > SOCKET_PATH_LIMIT
    if too_long or (uid == 0 and closed_to_others(checkout)):
        home = SHARED_TEMPORARY / f"custodia-{uid}-{fingerprint(str(checkout))[:10]}" / name
    return home


def make_private(folder: Path, mode: int = 0o700) -> None:
    """Make a folder that is ours alone, or refuse one that somebody else made first."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid():
        raise Stop(f"{folder} belongs to somebody else; remove it or ask its owner.")
    folder.chmod(mode)


def supported_python() -> bool:
    """Tell whether this interpreter can run the product."""
    return sys.version_info >= (3, 11)
