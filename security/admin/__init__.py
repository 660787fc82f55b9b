"""The administration: people and what they may do; every write is a deed."""

from security.admin import access, people

__all__ = ["access", "people"]
