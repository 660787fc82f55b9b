"""Nothing is served, and no task is taken, without the keys of what is stored."""

import runpy

import pytest
from celery.signals import worker_init
from celery.utils.dispatch import Signal

from crm import celery
from patients.models import Patient
from security.sealing import keyring
from security.sealing.errors import KeyringError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
DOORS = {
    "wsgi": lambda: runpy.run_module("crm.wsgi"),
    "asgi": lambda: runpy.run_module("crm.asgi"),
    "worker": lambda: asked_by_celery(),
}
CLOSED = (KeyringError, SystemExit)


def asked_by_celery():
    """Ask as Celery does: its signals swallow every error of a receiver but the wish to exit."""
    signal = Signal()
    signal.connect(celery.prove_keys, weak=False)
    signal.send(sender=None)


@pytest.fixture
def stored():
    return Patient.objects.create(names=[{"text": "Somebody"}])


@pytest.mark.parametrize("door", DOORS)
def test_the_right_keys_open_the_door(stored, door):
    DOORS[door]()


@pytest.mark.parametrize("door", DOORS)
def test_a_missing_keyring_stops_the_start(stored, door, settings, tmp_path):
    settings.KEYRING_PATH = tmp_path / "none.json"
    with pytest.raises(CLOSED, match=r"no keyring|^1$"):
        DOORS[door]()


@pytest.mark.parametrize("door", DOORS)
def test_the_keyring_of_somebody_else_stops_the_start(stored, door, settings, tmp_path):
    settings.KEYRING_PATH = tmp_path / "other.json"
    keyring.create(settings.KEYRING_PATH)
    with pytest.raises(CLOSED):
        DOORS[door]()


def test_the_worker_asks_at_its_start():
    assert any("prove_keys" in str(one) for one in worker_init.receivers)
