"""The task queue's application; tasks are found in each app's tasks module."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

app = Celery("custodia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def prove_keys(**_options: Any) -> None:
    """Stop a worker that does not hold the keys of what is stored."""
    import_string("security.sealing.selftest.canary")()


# Held strongly: nothing else refers to it.
worker_init.connect(prove_keys, weak=False)
