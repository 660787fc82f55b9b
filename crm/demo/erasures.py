"""What the demo's officers keep and let go: a legal hold, and an erasure that waits for one more person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from consent.models import Erasure
from consent.services import erasures, holds
from security import trail
from security.models import User

HOLD = "Complaint before the health authority, file 2026-114 卫生主管部门投诉案，卷号 2026-114"
WHY = "Moved away and asked by letter 已迁居外地，来信要求删除"


def plan(people: Mapping[str, User], patients: Sequence[UUID]) -> Erasure | None:
    """Set a hold on one patient and plan the erasure of another; a colleague has agreed already."""
    planner, colleague = people["compliance_officer1"], people["compliance_officer2"]
    with trail.acting_for(actor=planner, purpose="HCOMPL"):
        holds.set_hold(patient_id=patients[0], until_on=None, reason=HOLD, by=planner)
        if len(patients) == 1:
            return None
        row = erasures.plan(patient_id=patients[-1], reason=WHY, by=planner)
    with trail.acting_for(actor=colleague, purpose="HCOMPL"):
        return erasures.approve(erasure_id=row.pk, plan_sha256=row.plan_sha256, by=colleague)
