"""Following the rules of templates at night: one plan per patient, template and row that a rule found."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from consent.queries import calendar, standing
from consent.queries.calendar import Here
from engagement.models import FollowUpPlan, PlanTemplate
from engagement.queries import plans as plan_queries
from engagement.queries import triggers
from engagement.queries.triggers import Found
from engagement.services import plans
from engagement.services.plans import AlreadyStarted, Began, NotNow
from security import context, trail
from security.sealing import keyring

log = logging.getLogger(__name__)


def follow() -> int:
    """Start the plans that the rules in use ask for; return how many; run twice, it starts none twice."""
    here = calendar.here()
    return sum(_follow(one, here) for one in PlanTemplate.objects.automatic().order_by("key"))


def _follow(template: PlanTemplate, here: Here) -> int:
    started = 0
    for found in triggers_of(template, here):
        started += sum(_start(template, one, key, here) for one, key in new(template, found))
    _looked(template.pk)
    log.info("rule of template %s started %d plans", template.key, started)
    return started


def triggers_of(template: PlanTemplate, here: Here) -> Sequence[list[Found]]:
    """Return whom a rule finds; what is opened meanwhile is shown to nobody."""
    with context.matching():
        return list(triggers.find(template, here))


def once_keys(template: PlanTemplate, found: Found) -> list[bytes]:
    """Return the digests by which a plan is known to have been started by a row, the one in use first.

    There is one under each root of the keyring, so that a new root starts nothing anew.
    """
    said, ring = f"{template.key}:{found.row_id}:{found.day}", keyring.installed()
    versions = sorted(ring.index_roots, key=lambda one: one != ring.index_primary)
    return [keyring.index_digest("follow_up", said, version=one)[:16] for one in versions]


def new(template: PlanTemplate, found: Sequence[Found]) -> list[tuple[Found, bytes]]:
    """Return what started nothing yet, of those who may have such a plan and have none."""
    keys = {one: once_keys(template, one) for one in found}
    every = [key for some in keys.values() for key in some]
    known = FollowUpPlan.objects.filter(once_key__in=every).values_list("once_key", flat=True)
    before = {bytes(one) for one in known}
    fresh = {one: some[0] for one, some in keys.items() if not before & set(some)}
    return _fit(template, fresh) if fresh else []


def _fit(template: PlanTemplate, fresh: Mapping[Found, bytes]) -> list[tuple[Found, bytes]]:
    ids: set[UUID] = {one.patient_id for one in fresh}
    with context.matching():
        living = triggers.living(ids)
    allowed = standing.may_many(living, plans.PURPOSE)
    running = plan_queries.running_keys(ids)
    return [
        (one, key)
        for one, key in fresh.items()
        if one.patient_id in living
        and allowed[one.patient_id].allowed
        and template.key not in running.get(one.patient_id, ())
    ]


def _start(template: PlanTemplate, one: Found, key: bytes, here: Here) -> bool:
    try:
        plans.start(
            patient_id=one.patient_id, template=template, began=Began(here.today, key), by=None
        )
    except (AlreadyStarted, NotNow):
        # Another process was faster, or two rows of one patient said the same.
        return False
    return True


@transaction.atomic
def _looked(template_id: UUID) -> None:
    row = PlanTemplate.objects.select_for_update().get(pk=template_id)
    row.looked_at = timezone.now()
    row.save(update_fields=["looked_at"])
    trail.record("engagement.template.looked_for", changed=[row], obj=row)
