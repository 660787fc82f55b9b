"""A worker of campaigns as a process of its own, so that a test can kill it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
django.setup()

from engagement import tasks  # noqa: E402
from engagement.services import sendings  # noqa: E402

if __name__ == "__main__":
    sendings.BATCH = int(os.environ["CAMPAIGN_BATCH"])
    tasks.work_on_campaigns()
