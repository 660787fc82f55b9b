"""A few of the demo's patients, for tests that open the clinic without all sixty."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.core.management import call_command
from django.test import override_settings

from crm.demo import clinic, histories
from crm.demo.roster import PEOPLE
from crm.demo.staff import PORTAL

QUICK_HASHES = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A physician's patient of a team, one of the other's, one who waits, a VIP, and those with accounts.
FEW = ("zeng-xiaowen", "han-li", "lan-xinyi", "kowalska", *PORTAL.values())


def run(name: str, *words: str) -> str:
    """Run a command and return what it told."""
    out = io.StringIO()
    call_command(name, *words, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@contextmanager
def few_patients() -> Iterator[None]:
    """Let the demo have a few patients, with DEBUG on and passwords that are hashed quickly."""
    people = tuple(person for person in PEOPLE if person.key in FEW)
    with (
        mock.patch.object(clinic, "PEOPLE", people),
        mock.patch.object(histories, "PEOPLE", people),
        override_settings(DEBUG=True, PASSWORD_HASHERS=QUICK_HASHES),
    ):
        yield
