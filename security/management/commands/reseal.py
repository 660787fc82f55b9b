"""Finish moves of sealed fields, batch by batch; stopped, it goes on where it was."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from security import context, trail
from security.sealing import register
from security.services import reseals

BATCH = 200


class Command(BaseCommand):
    """Empties envelopes that fields with `moved_from=` were in before, and begins those that are new."""

    help = "Move sealed fields declared with moved_from= to their new envelope; begin envelopes that are new."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through every model that has such a field; exit with 1 when a seal is broken."""
        counts: Counter[str] = Counter()
        with trail.acting_for(system="reseal", purpose="HSYSADMIN"):
            for model in register.sealed_models():
                if reseals.moved_fields(model):
                    counts += _batches(reseals.finish, model, model._default_manager.order_by("pk"))
                counts += _batches(reseals.begin, model, reseals.unbegun(model))
        self.stdout.write(
            _("Rows sealed again: %(moved)d. Rows with a broken seal, left alone: %(broken)d.")
            % {"moved": counts["moved"], "broken": counts["broken"]}
        )
        if counts["broken"]:
            sys.exit(1)


def _batches(deed: Callable[..., Counter[str]], model: Any, rows: QuerySet[Any]) -> Counter[str]:
    counts: Counter[str] = Counter()
    ids = list(rows.values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        counts += deed(model=model, ids=ids[start : start + BATCH])
        context.current().forget_keys()
    return counts
