"""The nightly self-check: what is looked at, and what it must be. Apps add checks in their `posture.py`."""

from security.posture.registry import Check, Judgement, Note, Outcome, checks, register

__all__ = ["Check", "Judgement", "Note", "Outcome", "checks", "register"]
