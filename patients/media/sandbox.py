"""Calls of the confined child: one process for each picture, ended when it takes too long."""

from __future__ import annotations

import subprocess  # nosec B404
import sys
from pathlib import Path

CHILD = Path(__file__).with_name("child.py")
# A hostile file is refused within five seconds, all told.
PATIENCE_SECONDS = 4.5
MOST_OUTPUT = 64 * 1024 * 1024


class NotAPicture(Exception):
    """The child could not open the file: damaged, hostile or too large."""


def ask(deed: str, content: bytes, *arguments: str) -> bytes:
    """Return what the child makes of a file; raise NotAPicture when it fails or takes too long.

    It gets no environment and no address of a service; nothing of the file is written to the disk.
    """
    command = [sys.executable, "-I", str(CHILD), deed, *arguments]
    try:
        answer = subprocess.run(  # nosec B603  # noqa: S603 - our own file, no shell
            command,
            input=content,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotAPicture(deed) from None
    if answer.returncode or not answer.stdout or len(answer.stdout) > MOST_OUTPUT:
        raise NotAPicture(deed)
    return answer.stdout
