"""What leaves for patients: asked for consent when it is queued, and again when it goes."""

import pytest

from consent.models import State
from engagement.queries import ways
from engagement.services import outgoing
from security.delivery import permits, sending
from security.models import OutboxMessage
from tests import consenting
from tests.patients import cast

pytestmark = [pytest.mark.django_db]
CONTENT = outgoing.Content("engagement.test", "Your clinic", "Something waits for you.")


@pytest.fixture(autouse=True)
def by_email(settings):
    settings.DELIVERY_CHANNELS = dict.fromkeys(
        ("email", "wechat"), "security.delivery.channels.EmailChannel"
    )
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def mia(system):
    return cast.patient(
        record_number="R-1",
        telecoms=[
            {"system": "email", "value": "mia@example.org"},
            {"system": "phone", "value": "+86 138 0013 8000", "use": "mobile"},
        ],
    )


def send(patient, *, channel="email", once_key="one"):
    return outgoing.send(
        patient_id=patient.pk, purpose="marketing", channel=channel, content=CONTENT,
        once_key=once_key, by=None,
    )  # fmt: skip


def test_nobody_is_written_to_without_consent_or_address(mia):
    with pytest.raises(outgoing.NotReachable) as refusal:
        send(mia)
    assert refusal.value.no_way.why == "consent"
    consenting.allow(mia, channel="email")
    consenting.allow(mia, channel="wechat")
    with pytest.raises(outgoing.NotReachable) as refusal:
        send(mia, channel="wechat")
    assert refusal.value.no_way.why == ways.NO_ADDRESS
    assert OutboxMessage.objects.count() == 0


def test_one_key_makes_one_message(mia):
    consenting.allow(mia, channel="email")
    assert send(mia).pk == send(mia).pk
    assert send(mia, once_key="two").pk != send(mia).pk
    assert OutboxMessage.objects.count() == 2


def test_a_message_is_skipped_when_it_may_not_leave_any_more(mia, monkeypatch):
    consenting.allow(mia, channel="email")
    row = send(mia)
    consenting.allow(mia, channel="email", state=State.WITHDRAWN)
    assert sending.send_next()
    row = OutboxMessage.objects.get(pk=row.pk)
    assert (row.state, row.failure, row.sent_at) == ("skipped", "consent", None)


def test_a_check_that_fails_lets_nothing_leave(mia):
    def broken(row):
        raise RuntimeError

    consenting.allow(mia, channel="email")
    row = send(mia)
    permits.add("broken", broken)
    try:
        sending.send_next()
    finally:
        permits.remove("broken")
    assert OutboxMessage.objects.get(pk=row.pk).failure == permits.UNKNOWN
