"""Whether a message may still leave: asked of every app that knows, at the moment of sending."""

from __future__ import annotations

import logging
from collections.abc import Callable

from security.models import OutboxMessage

log = logging.getLogger(__name__)

# Returns one word why it may not leave, or nothing.
Check = Callable[[OutboxMessage], str]
UNKNOWN = "unchecked"
_checks: dict[str, Check] = {}


def add(name: str, check: Check) -> None:
    """Add a check; raise ValueError where another one has its name."""
    if _checks.setdefault(name, check) is not check:
        raise ValueError(f"there is a check {name}")


def remove(name: str) -> None:
    """Take a check out again, as tests do."""
    _checks.pop(name, None)


def refusal(row: OutboxMessage) -> str:
    """Return one word why a message may not leave, or nothing; a check that fails is a refusal."""
    for name, check in _checks.items():
        try:
            said = check(row)
        except Exception:
            # Fail closed: what could not be asked is not sent.
            log.exception("the check %s of a message failed", name)
            return UNKNOWN
        if said:
            return said[:60]
    return ""
