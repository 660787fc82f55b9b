"""Finish moves of sealed fields, batch by batch; stopped, it goes on where it was."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from security import context, trail
from security.sealing import register
from security.services import reseals

BATCH = 200


class Command(BaseCommand):
    """Empties the envelopes that fields with `moved_from=` were in before."""

    help = "Move sealed fields that were declared with moved_from= to their new envelope."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through every model that has such a field; exit with 1 when a seal is broken."""
        counts: Counter[str] = Counter()
        with trail.acting_for(system="reseal", purpose="HSYSADMIN"):
            for model in register.sealed_models():
                if not reseals.moved_fields(model):
                    continue
                ids = list(model._default_manager.order_by("pk").values_list("pk", flat=True))
                for start in range(0, len(ids), BATCH):
                    counts += reseals.finish(model=model, ids=ids[start : start + BATCH])
                    context.current().forget_keys()
        self.stdout.write(
            _("Rows sealed again: %(moved)d. Rows with a broken seal, left alone: %(broken)d.")
            % {"moved": counts["moved"], "broken": counts["broken"]}
        )
        if counts["broken"]:
            sys.exit(1)
