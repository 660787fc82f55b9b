"""What every test stands on: the database as the role `app`, a keyring of its own, a context."""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import TestCase
from django.utils import translation

from consent import keys
from security import context, trail
from security.sealing import keyring
from tests import database, world

# --- order ----------------------------------------------------------------------------------

# What takes seconds each, the longest first. Begun last, it would leave a process alone at the end.
LONG = (
    "tests/journeys/test_forty_strings.py",
    "tests/journeys/",
    "tests/guards/test_matrix.py",
    "tests/guards/test_urls.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, journeys beside each other; all else stays in the order of chance."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    found = (place for place, name in enumerate(LONG) if item.nodeid.startswith(name))
    return next(found, len(LONG) + (item.get_closest_marker("slow") is None))


# --- database -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, own_keyring: None
) -> Iterator[None]:
    """Make the test database, then use it as the web does: as the role `app`."""
    with django_db_blocker.unblock(), database.used_by_app(), django_db_blocker.block():
        yield


@pytest.fixture(scope="module")
def lasting(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Keep what fixtures of a module write until its last test; each test takes back its own."""
    with django_db_blocker.unblock():
        atomics = TestCase._enter_atomics()
    yield
    with django_db_blocker.unblock():
        TestCase._rollback_atomics(atomics)


@pytest.fixture(scope="module")
def _opened(lasting: None, django_db_blocker: Any) -> world.World:
    with django_db_blocker.unblock(), trail.acting_for(system="tests", purpose="HOPERAT"):
        return world.clinic()


@pytest.fixture
def clinic(_opened: world.World, db: None) -> world.World:
    """Return the clinic of sixteen people, opened once for all tests of a module."""
    return deepcopy(_opened)


# --- keys -----------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def own_keyring(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the tests root keys of their own, and a key for receipts."""
    path = tmp_path_factory.mktemp("keyring") / "keyring.json"
    keyring.create(path)
    settings.KEYRING_PATH = path
    settings.RECEIPT_KEY = path.with_name("receipts.json")
    settings.RECEIPT_PUBLIC_KEY = path.with_name("receipts.key")
    keys.create(settings.RECEIPT_KEY, settings.RECEIPT_PUBLIC_KEY)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords with as little work as Argon2 can: the suite hashes thousands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Argon2PasswordHasher, "time_cost", 1)
        patch.setattr(Argon2PasswordHasher, "memory_cost", 64)
        patch.setattr(Argon2PasswordHasher, "parallelism", 1)
        yield


# --- language -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """Begin in the language of the settings: a request leaves the one of its reader in the thread."""
    translation.activate(settings.LANGUAGE_CODE)
    yield
    translation.deactivate()


# --- who acts -------------------------------------------------------------------------------


@pytest.fixture
def system() -> Iterator[context.Context]:
    """Put a system's context in force, as a command does."""
    with trail.acting_for(system="tests", purpose="HOPERAT") as here:
        yield here


# --- how many times -------------------------------------------------------------------------


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """Return how often to repeat: a reduced number, and the full one when a proof is asked for."""
    full: int = request.node.get_closest_marker("prove").kwargs["full"]
    return full if os.environ.get("CUSTODIA_PROVE") else max(20, full // 200)
