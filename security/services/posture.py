"""Checking the posture: every check is asked, and its answer kept as dated evidence."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.utils import timezone

from security import trail
from security.ids import new_id
from security.models import Evidence
from security.posture import Check, Judgement, Note, Outcome, checks
from security.posture.registry import FAILED, ORDER

log = logging.getLogger(__name__)


def collect(*, by: Any = None) -> list[Evidence]:
    """Ask every check and keep the answers; what got worse is an event of its own."""
    return _keep([(check, _judged(check)) for check in checks()], by=by)


def _judged(check: Check) -> Judgement:
    """Return what a check says; one that fails is no good result and stops no other."""
    try:
        with transaction.atomic():
            return check.judge()
    except Exception as error:
        log.exception("the check %s failed", check.key)
        return Judgement([Note(Outcome.BAD, FAILED, {"error": type(error).__name__})])


@transaction.atomic
def _keep(judged: list[tuple[Check, Judgement]], *, by: Any) -> list[Evidence]:
    now, run_id = timezone.now(), new_id()
    before = {row.check_key: row for row in Evidence.objects.newest()}
    rows = []
    for check, judgement in judged:
        last = before.get(check.key)
        is_same = last is not None and last.outcome == judgement.outcome
        rows.append(
            Evidence(
                run_id=run_id,
                checked_at=now,
                check_key=check.key,
                outcome=judgement.outcome,
                since=last.since if last is not None and is_same else now,
                notes=judgement.stored(),
            )
        )
    Evidence.objects.bulk_create(rows)
    worse = [row.check_key for row in rows if _is_worse(row, before.get(row.check_key))]
    counts = {str(one): sum(row.outcome == one for row in rows) for one in ORDER}
    trail.record("security.evidence.collected", changed=rows, counts=counts, by=by)
    if worse:
        trail.record("security.posture.worsened", outcome="failed", fields=worse, by=by)
    return rows


def _is_worse(row: Evidence, last: Evidence | None) -> bool:
    before = ORDER.index(Outcome(last.outcome)) if last is not None else 0
    return ORDER.index(Outcome(row.outcome)) > max(before, ORDER.index(Outcome.UNKNOWN))
