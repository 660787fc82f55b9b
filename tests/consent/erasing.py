"""What tests of erasures need: a ledger of their own, officers, and plans that were agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.test import override_settings

from consent.models import Erasure, RightsRequest
from consent.services import erasing, erasures
from security.models import User
from tests import world


@contextmanager
def ledger(folder: Path) -> Iterator[Path]:
    """Let the ledger of erasures lie in a folder of the test."""
    with override_settings(
        ERASURE_LEDGER=str(folder / "erasures.ledger"), FILES_DIR=folder / "files"
    ):
        yield folder / "erasures.ledger"


def officers(count: int = 3) -> list[User]:
    """Make officers who work on rights."""
    return [world.person("compliance_officer", name=f"Officer {one}") for one in range(count)]


def agreed(row: Erasure, *others: User) -> Erasure:
    """Let others agree to a plan."""
    for one in others:
        row = erasures.approve(erasure_id=row.pk, plan_sha256=row.plan_sha256, by=one)
    return row


def erased(
    patient_id: object, planner: User, *others: User, request: RightsRequest | None = None
) -> Erasure:
    """Plan, agree and erase."""
    row = erasures.plan(
        patient_id=patient_id,  # type: ignore[arg-type]
        reason="Asked for",
        request_id=request.pk if request else None,
        by=planner,
    )
    agreed(row, *others)
    taken = erasing.take()
    assert taken is not None
    return erasing.work(taken)


def said(row: object, name: str) -> object:
    """Return what a field of a row says."""
    return getattr(row, name)
