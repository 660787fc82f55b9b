"""The task queue's application; tasks are found in each app's tasks module."""

import logging
import os
from typing import Any

from celery import Celery
from celery.signals import worker_init
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

log = logging.getLogger(__name__)

app = Celery("custodia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def prove_keys(**_options: Any) -> None:
    """Stop a worker that does not hold the keys of what is stored."""
    try:
        import_string("security.sealing.selftest.canary")()
    except Exception as error:
        # Celery logs the error of a receiver and goes on; only the wish to exit gets through.
        log.critical("the keys of what is stored could not be proven: %s", type(error).__name__)
        raise SystemExit(1) from error


# Held strongly: nothing else refers to it.
worker_init.connect(prove_keys, weak=False)
