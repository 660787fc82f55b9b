"""What the journeys stand on: the server over plain http, one Chromium, the demo clinic."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from functools import cache
from typing import Any
from unittest import mock

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from crm.demo import clinic as demo
from crm.demo.clinic import Clinic
from security import sessions, trail
from tests import database
from tests.crm import small_demo
from tests.journeys.visitor import PATIENCE, Doors, Visitor

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
)
# As the demo is served: without TLS on the loopback address. Nothing else differs from production.
PLAIN_HTTP: dict[str, Any] = {
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "SECURE_SSL_REDIRECT": False,
    "SECURE_HSTS_SECONDS": 0,
    "SESSION_COOKIE_SECURE": False,
    "CSRF_COOKIE_SECURE": False,
    "LANGUAGE_COOKIE_SECURE": False,
    "SESSION_COOKIE_NAME": "custodia_session",
    "CSRF_COOKIE_NAME": "custodia_csrf",
    "STORAGES": {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
    "PASSWORD_HASHERS": small_demo.QUICK_HASHES,
}


@pytest.fixture(scope="package")
def browser(server: str) -> Iterator[Browser]:
    """Open the system's Chromium once for all journeys, and close it before the server stops."""
    program = os.environ.get("CUSTODIA_CHROMIUM") or shutil.which("chromium")
    if program is None and os.environ.get("CUSTODIA_REQUIRE_BROWSER"):
        pytest.fail("Chromium is not installed, and CUSTODIA_REQUIRE_BROWSER asks for it")
    if program is None:
        pytest.skip("Chromium is not installed")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as driver:
        # The driver keeps an event loop in this thread; the tests' own queries are no part of it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=PATIENCE)
        opened = driver.chromium.launch(
            executable_path=program,
            args=FLAGS,
            # Playwright switches it off; people who press Back after signing out have it.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield opened
        # Inside the driver's loop Django keeps connections apart, which nobody finds afterwards.
        connections.close_all()
        opened.close()


@pytest.fixture(scope="package")
def server(django_db_setup: None) -> Iterator[str]:
    """Serve the product by http; pytest-django's own server would be up before its settings."""
    with (
        override_settings(**PLAIN_HTTP),
        mock.patch.object(sessions, "BROWSER_COOKIE", "custodia_browser"),
    ):
        running = LiveServer("127.0.0.1")
        yield running.url
        running.stop()


@pytest.fixture
def _django_db_helper() -> None:
    """Keep pytest-django from emptying the tables after each journey: `clinic` does it once a file."""


@pytest.fixture(scope="package")
def opened(server: str) -> Callable[[date], tuple[Clinic, dict[str, bytes]]]:
    """Open a small demo clinic once for all journeys of a day, and keep what it wrote."""

    @cache
    def open_on(_day: date) -> tuple[Clinic, dict[str, bytes]]:
        with small_demo.few_patients(), trail.acting_for(system="demo", purpose="HSYSADMIN"):
            made = demo.open_clinic(tell=lambda: None)
        content = database.kept()
        database.empty()
        return made, content

    return open_on


@pytest.fixture(scope="module")
def clinic(
    opened: Callable[[date], tuple[Clinic, dict[str, bytes]]], django_db_blocker: Any
) -> Iterator[Clinic]:
    """Let the journeys of one file find the clinic as it was opened, then empty the database."""
    with django_db_blocker.unblock():
        made, content = opened(timezone.localdate())
        database.restore(content)
        yield deepcopy(made)
        database.empty()


@pytest.fixture
def doors(browser: Browser, server: str, clinic: Clinic) -> Iterator[Doors]:
    """Let people come to the clinic, each at a window of the own; at the end nothing went wrong."""
    entrance = Doors(browser, server, clinic)
    yield entrance
    entrance.close()


@pytest.fixture
def visitor(doors: Doors) -> Visitor:
    """Return somebody at a window who is not signed in."""
    return doors.open()
