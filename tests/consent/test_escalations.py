"""Officers are told before a request is due, once, and once more when it is late."""

from datetime import UTC, datetime

import pytest

from audit.models import Event
from consent import tasks
from consent.services import escalations
from security.models import OutboxMessage
from tests.consent import requesting as asking

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def at(*when):
    return asking.frozen(datetime(*when, tzinfo=UTC))


def test_a_request_is_told_of_before_its_target_and_again_when_it_is_late():
    asking.clinic()
    officer = asking.officer()
    officer.email = "officer@example.org"
    officer.advance()
    officer.save()
    with asking.frozen():
        row = asking.receive(asking.patient(), officer)
    told = []
    # Target 15 December, limit 24 December: three working days before it is Thursday the tenth.
    for day in ((2026, 12, 9, 3), (2026, 12, 10, 3), (2026, 12, 11, 3), (2026, 12, 24, 15, 59), (2026, 12, 24, 16), (2026, 12, 28, 3)):  # fmt: skip
        with at(*day):
            told.append(escalations.escalate())
    assert told == [0, 1, 0, 0, 1, 0]
    row.refresh_from_db()
    assert row.escalated_at == datetime(2026, 12, 24, 16, tzinfo=UTC)
    assert Event.objects.filter(action="consent.request.escalated").count() == 2
    messages = OutboxMessage.objects.filter(topic="rights.due")
    assert len(messages) == 2
    assert all("Muster" not in one.text and row.number not in one.text for one in messages)


def test_the_task_says_how_many_and_nobody_is_told_of_the_own_request_alone():
    asking.clinic()
    officer = asking.officer()
    officer.email = "officer@example.org"
    officer.advance()
    officer.save()
    with asking.frozen():
        asking.requests.receive(
            asked=asking.asked("objection"), subject_id=officer.pk, subject_of="user", by=officer
        )
        assert tasks.escalate_requests() == 1
    assert not OutboxMessage.objects.filter(topic="rights.due").exists()
