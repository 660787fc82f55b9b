"""Settings are loud: what is missing or unsafe stops the start with one sentence."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

SAFE = {
    "SECRET_KEY": "a-secret-of-more-than-fifty-characters-that-nobody-uses-anywhere",
    "DATABASE_URL": "postgresql://app@localhost/custodia",
    "REDIS_URL": "rediss://:a-password@localhost/0",
}


def start(shown="s.SESSION_COOKIE_NAME, s.DEBUG", **changes):
    environment = {"PATH": os.environ["PATH"], **SAFE, **changes}
    environment = {name: value for name, value in environment.items() if value is not None}
    command = [
        sys.executable,
        "-c",
        f"import crm.settings as s; print({shown})",
    ]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )


def test_a_safe_environment_starts_with_secure_cookies():
    assert start().stdout.split() == ["__Host-session", "False"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY must hold"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must hold"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY must hold"),
        ({"DEBUG": "1", "ALLOWED_HOSTS": "clinic.example"}, "loopback address alone"),
        ({"DEBUG": "1", "ALLOWED_HOSTS": "*"}, "loopback address alone"),
        ({"REDIS_URL": "redis://localhost/0"}, "REDIS_URL must carry a password"),
        ({"REDIS_URL": None}, "REDIS_URL"),
        ({"DATABASE_URL": None}, "DATABASE_URL"),
        ({"CUSTODIA_BASE_URL": "http://clinic.example"}, "CUSTODIA_BASE_URL must be"),
        ({"CUSTODIA_BASE_URL": "clinic.example"}, "CUSTODIA_BASE_URL must be"),
        ({"CUSTODIA_BASE_URL": "https://clinic.example/path"}, "CUSTODIA_BASE_URL must be"),
        ({"CUSTODIA_BASE_URL": "https://me@clinic.example"}, "CUSTODIA_BASE_URL must be"),
        ({"CUSTODIA_BASE_URL": "javascript:alert(1)"}, "CUSTODIA_BASE_URL must be"),
        ({"ALLOWED_HOSTS": "*"}, "CUSTODIA_BASE_URL must be"),
        ({"ALLOWED_HOSTS": ".clinic.example"}, "CUSTODIA_BASE_URL must be"),
        ({"CUSTODIA_DEMO": "1", "ALLOWED_HOSTS": "clinic.example"}, "loopback address alone"),
    ],
)
def test_what_is_missing_or_unsafe_stops_the_start(changes, sentence):
    done = start(**changes)
    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"ALLOWED_HOSTS": "clinic.example,other.example"}, "https://clinic.example"),
        ({"ALLOWED_HOSTS": "*", "CUSTODIA_BASE_URL": "https://clinic.example:8443/"}, "https://clinic.example:8443"),
        ({"DEBUG": "1"}, "http://127.0.0.1:8000"),
    ],
)  # fmt: skip
def test_links_in_messages_begin_with_the_configured_address(changes, wanted):
    assert start("s.BASE_URL", **changes).stdout.split() == [wanted]


def test_the_demo_shows_no_page_of_a_debugger():
    done = start(CUSTODIA_DEMO="1", REDIS_URL="redis://localhost/0")
    assert done.stdout.split() == ["custodia_session", "False"]
