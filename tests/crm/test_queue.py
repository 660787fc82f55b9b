"""Whoever loads Django hands tasks to the queue of the settings."""

import subprocess
import sys

from django.conf import settings

ASK = "import django; django.setup(); from security.tasks import sweep; print(sweep.app.conf.broker_url)"


def test_a_process_that_only_loads_django_knows_the_queue():
    answer = subprocess.run(
        [sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        check=True,
        cwd=settings.BASE_DIR,
    )
    assert answer.stdout.strip().splitlines()[-1] == settings.REDIS_URL
