"""The demo's post: told where the demo stands and nowhere else, and telling it is an event."""

from __future__ import annotations

import pytest
from django.core.management import CommandError
from django.test import override_settings

from audit.models import Event
from crm.demo import ground
from tests.crm import small_demo
from tests.security.people import invite, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened(monkeypatch):
    monkeypatch.setattr(ground, "is_open", lambda: True)
    with override_settings(DEBUG=True):
        yield invite(staff("administrator", email="boss@example.org"))


def test_the_newest_message_is_told_and_telling_it_is_an_event(opened):
    user, token = opened
    assert token in small_demo.run("demo_mail", "LIN@example.org")
    event = Event.objects.get(action="crm.demo.mail_told")
    assert (event.subjects, event.system) == ([user.pk], "demo_mail")


@pytest.mark.parametrize(
    "address", ["nobody@example.org", "", "lin@example.org "[::-1], "boss@example.org"]
)
def test_an_address_without_a_message_gets_a_sentence(opened, address):
    with pytest.raises(CommandError, match="Nothing was written"):
        small_demo.run("demo_mail", address)


def test_outside_the_demo_nothing_is_told(opened, monkeypatch):
    with override_settings(DEBUG=False), pytest.raises(CommandError, match="DEBUG"):
        small_demo.run("demo_mail", "lin@example.org")
    monkeypatch.setattr(ground, "is_open", lambda: False)
    with pytest.raises(CommandError, match="not open"):
        small_demo.run("demo_mail", "lin@example.org")
    assert not Event.objects.filter(action="crm.demo.mail_told").exists()
