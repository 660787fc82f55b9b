"""Identifiers of rows: UUID version 7 (RFC 9562), made by the application before the row exists."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new time-ordered identifier; associated data binds a seal to it before INSERT."""
    return uuid7()
