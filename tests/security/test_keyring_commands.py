"""Commands about keys: they make, check and prove, and never overwrite; one line and 1 when they fail."""

import json
import stat

import pytest
from django.core.management import CommandError, call_command

from security.models import DataKey
from security.sealing import keyring, register, selftest
from security.sealing.errors import KeyringError
from tests.security.people import staff

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def path(settings, tmp_path):
    settings.KEYRING_PATH = tmp_path / "keys" / "keyring.json"
    keyring.forget()
    yield settings.KEYRING_PATH
    keyring.forget()


def run(name, *args):
    call_command(name, *args, verbosity=0)


def test_a_keyring_is_made_once_and_readable_by_its_owner_only(path, capsys):
    run("keyring", "--init")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path) in capsys.readouterr().out
    before = path.read_bytes()
    with pytest.raises(CommandError, match="not overwritten"):
        run("keyring", "--init")
    run("keyring", "--init-if-missing")
    assert path.read_bytes() == before


def test_init_if_missing_makes_one_and_complains_about_a_bad_one(path):
    run("keyring", "--init-if-missing")
    path.write_text("{}")
    with pytest.raises(CommandError, match=r"damaged|format"):
        run("keyring", "--init-if-missing")


def test_a_folder_that_can_not_be_written_is_one_line(path):
    path.parent.parent.joinpath("keys").write_text("a file")
    with pytest.raises(CommandError) as failure:
        run("keyring", "--init")
    assert "\n" not in str(failure.value)


def test_the_check_opens_what_was_wrapped_and_refuses_another_keyring(path):
    run("keyring", "--init")
    staff("nurse")
    assert DataKey.objects.exists()
    run("keyring", "--check")
    run("selftest")
    path.unlink()
    keyring.forget()
    for command in (("keyring", "--check"), ("selftest",)):
        with pytest.raises(CommandError, match="no keyring"):
            run(*command)
    keyring.create(path)
    keyring.forget()
    for command in (("keyring", "--check"), ("selftest",)):
        with pytest.raises(CommandError, match="does not open"):
            run(*command)


def test_a_keyring_that_others_may_read_is_refused(path):
    run("keyring", "--init")
    path.chmod(0o640)
    keyring.forget()
    with pytest.raises(CommandError, match="owner only"):
        run("keyring", "--check")


def test_the_self_test_fails_when_the_cipher_answers_otherwise(path, monkeypatch):
    run("keyring", "--init")
    monkeypatch.setattr(selftest, "KNOWN_KEY", bytes(32))
    with pytest.raises(CommandError, match="self-test"):
        run("selftest")
    with pytest.raises(KeyringError):
        selftest.known_answer()


def test_the_register_is_written_and_a_difference_is_found(path, monkeypatch, tmp_path):
    monkeypatch.setattr(register, "PATH", tmp_path / "seals.json")
    with pytest.raises(CommandError, match="can not be read"):
        run("seals", "--check")
    run("seals", "--write")
    run("seals", "--check")
    entries = json.loads(register.PATH.read_text())
    assert {"label": "security.totp", "key": "secret"}.items() <= next(
        one for one in entries if one["label"] == "security.totp"
    ).items()
    entries[0]["level"] = 1
    register.PATH.write_text(json.dumps(entries))
    with pytest.raises(CommandError, match="differ"):
        run("seals", "--check")
