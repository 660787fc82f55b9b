"""A queue that takes connections and never answers keeps no page waiting."""

import socket
import time

import pytest
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError


def test_who_hands_work_to_a_silent_queue_hears_that_it_failed():
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options["socket_connect_timeout"] + options["socket_timeout"] < 15
    with socket.create_server(("127.0.0.1", 0)) as silent:
        queue = Celery(
            "silent", broker=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", set_as_current=False
        )
        queue.conf.broker_transport_options = options | {"socket_timeout": 0.1}
        queue.conf.task_publish_retry_policy = settings.CELERY_TASK_PUBLISH_RETRY_POLICY
        begun = time.monotonic()
        with pytest.raises(OperationalError):
            queue.send_task("nothing.at_all")
        assert time.monotonic() - begun < 5
        queue.close()
