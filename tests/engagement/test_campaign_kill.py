"""A campaign whose worker is killed twice while people withdraw: nobody twice, nobody without consent."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings
from django.core import mail

from consent.models import State
from engagement import tasks
from engagement.models import Campaign, CampaignRecipient
from security.models import OutboxMessage
from tests import world
from tests.engagement import campaigning
from tests.patients.test_import_kill import environment

pytestmark = [
    pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("system"),
]  # fmt: skip
REDUCED, PATIENCE = 120, 120
WITHOUT = 0.3


def worker(batch):
    """Start a worker as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.engagement.worker"], cwd=settings.BASE_DIR,
        env=environment() | {"CAMPAIGN_BATCH": str(batch)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def killed_at(row, queued, batch):
    """Kill a worker once so many messages are queued, in the middle of what it does."""
    process, end = worker(batch), time.monotonic() + PATIENCE
    try:
        while row.recipients.filter(queued_at__isnull=False).count() < queued:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.prove(step=5, full=10_000)
def test_a_worker_killed_twice_sends_nothing_twice_and_nothing_to_whom_did_not_allow_it(
    rounds, settings, record_property
):
    settings.DELIVERY_CHANNELS = {"email": "security.delivery.channels.EmailChannel"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    count = rounds if rounds > REDUCED else REDUCED
    without, batch = int(count * WITHOUT), max(5, count // 100)
    author, officer = world.person("engagement"), world.person("compliance_officer")
    campaigning.never_quiet()
    crowd = campaigning.people(count)
    campaigning.allow(*crowd[without:])
    row = campaigning.draft(author, campaigning.segment(author))
    row = campaigning.agreed(row, officer)

    killed_at(row, count // 10, batch)
    queued = set(row.recipients.filter(state="queued").values_list("patient_id", flat=True))
    assert 0 < len(queued) < count - without
    gone = [one for one in crowd if one.pk in queued][: count // 100 + 1]
    gone += [one for one in crowd[without:] if one.pk not in queued][: count // 100 + 1]
    campaigning.allow(*gone, state=State.WITHDRAWN)
    killed_at(row, count // 3, batch)

    begun = time.monotonic()
    while Campaign.objects.get(pk=row.pk).state != Campaign.State.DONE:
        tasks.work_on_campaigns()
        campaigning.deliver()
    record_property("seconds for the rest", round(time.monotonic() - begun, 1))

    left = {one.pk for one in gone}
    sent = count - without - len(gone)
    assert len(mail.outbox) == len({one.to[0] for one in mail.outbox}) == sent
    made = Counter(OutboxMessage.objects.values_list("subject_id", flat=True))
    assert set(made.values()) == {1}
    assert not set(made) & {one.pk for one in crowd[:without]}
    delivered = set(OutboxMessage.objects.filter(state="sent").values_list("subject_id", flat=True))
    assert not delivered & left
    states = campaigning.by_state(row)
    assert states == {
        ("sent", ""): sent, ("skipped", "never_asked"): without, ("skipped", "withdrawn"): len(gone),
    }  # fmt: skip
    assert CampaignRecipient.objects.count() == count
