"""Signed heads leave the house: to a file, a log, officers, an address, a clock; none of them stops anything."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone
from rfc3161_client._rust import parse_timestamp_request

from audit.ledger import anchors, memory, stamps
from audit.models import Anchor, Checkpoint, Event, Stamp
from audit.queries import ledger as queries
from audit.services import anchoring
from audit.verifier import Bad
from security import context
from security.models import OutboxMessage
from tests import world
from tests.audit.tsa import Authority

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
Answer = Callable[[bytes], tuple[int, dict[str, str], bytes]]


class Desk:
    """A server on this machine that answers as a test wants."""

    def __init__(self) -> None:
        self.answer: Answer = lambda body: (204, {}, b"")
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                desk.got.append((self.path, dict(self.headers), body))
                status, headers, content = desk.answer(body)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/heads?log=1"


@pytest.fixture(scope="module")
def server() -> Iterator[Desk]:
    made = Desk()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def desk(server: Desk, settings: LazySettings) -> Desk:
    server.got.clear()
    server.answer = lambda body: (204, {}, b"")
    settings.ANCHOR_HOSTS = ["127.0.0.1"]
    return server


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture
def head(db: None) -> Checkpoint:
    return Checkpoint(number=3, size=9, issued_at=timezone.now(), note="clinic.example\n9\nroot\n")


def sent(name: str, head: Checkpoint) -> Anchor:
    anchoring.send(name=name, head=head)
    return Anchor.objects.get(name=name)


def test_the_log_gets_a_copy(head: Checkpoint, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert sent("log", head).checkpoint == 3
    assert "clinic.example | 9 | root" in caplog.text
    assert not anchoring.send(name="log", head=head)


def test_an_address_gets_the_head_with_its_token(
    desk: Desk, head: Checkpoint, settings: LazySettings
) -> None:
    settings.ANCHOR_URL, settings.ANCHOR_TOKEN = desk.url, "t0ken"
    row = sent("address", head)
    ((path, headers, body),) = desk.got
    assert (path, body) == ("/heads?log=1", head.note.encode())
    assert headers["Authorization"] == "Bearer t0ken"
    assert (row.failure, row.failures, row.succeeded_at is not None) == ("", 0, True)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "answer 302"),
        ((500, {}, b"x"), "answer 500"),
        ((200, {}, b"x" * (anchors.MOST_BYTES + 1)), "too long"),
    ],
)
def test_an_address_that_sends_on_fails_or_talks_too_much_is_a_failure(
    desk: Desk,
    head: Checkpoint,
    settings: LazySettings,
    answer: tuple[int, dict[str, str], bytes],
    failure: str,
) -> None:
    settings.ANCHOR_URL = desk.url
    desk.answer = lambda body: answer
    row = sent("address", head)
    assert failure in row.failure
    assert (row.succeeded_at, row.checkpoint) == (None, 0)
    assert len(desk.got) == 1


@pytest.mark.parametrize(
    ("url", "hosts", "failure"),
    [
        ("https://elsewhere.example/", ["127.0.0.1"], "not in the list"),
        ("http://clinic.example/", ["clinic.example"], "not https"),
        ("ftp://127.0.0.1/", ["127.0.0.1"], "not https"),
        ("http://127.0.0.1:1/", ["127.0.0.1"], "ConnectionRefusedError"),
        ("", [], "not in the list"),
    ],
)
def test_nothing_is_sent_to_a_host_outside_the_list_or_without_tls(
    head: Checkpoint, settings: LazySettings, url: str, hosts: list[str], failure: str
) -> None:
    settings.ANCHOR_URL, settings.ANCHOR_HOSTS = url, hosts
    assert failure in sent("address", head).failure


def test_failing_and_reaching_again_are_one_event_each(
    desk: Desk, head: Checkpoint, settings: LazySettings
) -> None:
    settings.ANCHOR_URL = desk.url
    desk.answer = lambda body: (500, {}, b"")
    for _ in range(3):
        row = sent("address", head)
    assert row.failures == 3
    desk.answer = lambda body: (200, {}, b"")
    assert sent("address", head).failures == 0
    told = Event.objects.filter(action__startswith="audit.anchor.").order_by("recorded_at")
    assert list(told.values_list("action", "counts")) == [
        ("audit.anchor.failed", {}),
        ("audit.anchor.recovered", {"failures": 3}),
    ]


def test_named_officers_get_a_mail_a_day_with_the_head_and_nothing_else(
    head: Checkpoint, settings: LazySettings, system: context.Context
) -> None:
    officer = world.person("compliance_officer", name="Mo", email="mo@clinic.example")
    world.person("compliance_officer", name="Lu", email="lu@clinic.example")
    settings.ANCHOR_OFFICERS = [officer.handle]
    assert sent("officers", head).checkpoint == 3
    message = OutboxMessage.objects.get(topic="audit.head")
    assert message.subject_id == officer.pk
    assert head.note in message.text
    head.number = 4
    assert sent("officers", head).checkpoint == 3
    Anchor.objects.update(succeeded_at=timezone.now() - timedelta(days=1, minutes=1))
    assert sent("officers", head).checkpoint == 4


def test_an_officer_without_an_address_is_a_failure(
    head: Checkpoint, settings: LazySettings
) -> None:
    settings.ANCHOR_OFFICERS = [world.person("compliance_officer").handle, "nobody"]
    assert sent("officers", head).failure == "no officer with an address"


def stamping(authority: Authority) -> Answer:
    return lambda body: (200, {}, authority.answer(parse_timestamp_request(body)))


def test_an_authority_s_stamp_is_verified_and_kept(
    desk: Desk, head: Checkpoint, settings: LazySettings, tmp_path: Path, authority: Authority
) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority.root_pem)
    settings.TSA_URL, settings.TSA_ROOTS = desk.url, str(roots)
    desk.answer = stamping(authority)
    assert sent("authority", head).failure == ""
    stamp = Stamp.objects.get()
    assert stamp.checkpoint == 3
    assert abs(stamp.stamped_at - timezone.now()) < timedelta(minutes=1)


def test_a_stamp_of_a_stranger_of_something_else_or_of_nothing_is_refused(
    desk: Desk, head: Checkpoint, settings: LazySettings, tmp_path: Path, authority: Authority
) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_bytes(Authority.make().root_pem)
    settings.TSA_URL, settings.TSA_ROOTS = desk.url, str(roots)
    desk.answer = stamping(authority)
    assert "not one that is trusted" in sent("authority", head).failure
    roots.write_bytes(authority.root_pem)
    old = (
        anchors.TimestampRequestBuilder()
        .data(b"other")
        .hash_algorithm(anchors.HashAlgorithm.SHA256)
        .build()
    )
    for answer in (authority.answer(old), b"no stamp"):
        desk.answer = lambda body, answer=answer: (200, {}, answer)  # type: ignore[misc]
        assert "not one that is trusted" in sent("authority", head).failure
    settings.TSA_ROOTS = str(tmp_path / "absent")
    assert sent("authority", head).failure == "no root certificates"
    assert not Stamp.objects.exists()


def test_what_is_configured_is_counted_and_shown(settings: LazySettings) -> None:
    assert anchors.configured() == ["file", "log"]
    settings.TSA_URL = settings.ANCHOR_URL = "https://clinic.example"
    settings.ANCHOR_OFFICERS = ["x"]
    assert len(anchors.configured()) == 5
    assert queries.FEW not in [one.text for one in queries.state().alarms]
    assert not queries.state().is_well


def test_a_log_that_leaves_such_lines_out_is_no_anchor(
    head: Checkpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="audit.ledger.anchors")
    assert sent("log", head).failure == "the log leaves such lines out"


def test_stamps_are_verified_again_and_a_spoilt_one_is_named(
    desk: Desk, head: Checkpoint, settings: LazySettings, tmp_path: Path, authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority.root_pem)
    settings.TSA_URL, settings.TSA_ROOTS = desk.url, str(roots)
    desk.answer = stamping(authority)
    sent("authority", head)
    heads = {3: head}
    monkeypatch.setattr(stamps, "_head", heads.get)
    assert stamps.check() == 1
    for spoilt in (None, Checkpoint(number=3, issued_at=head.issued_at, note="another note\n")):
        heads[3] = spoilt
        with pytest.raises(Bad, match="of head 3") as found:
            stamps.check()
        assert found.value.fault.value[0] == 35
    heads[3] = head
    roots.write_bytes(Authority.make().root_pem)
    with pytest.raises(Bad):
        stamps.check()
    settings.TSA_ROOTS = ""
    with pytest.raises(anchors.NotAnchored):
        stamps.check()


# --- what an attacker does with the places ----------------------------------------------------


@contextmanager
def dripping() -> Iterator[str]:
    """Answer letter by letter, without an end."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        peer, _ = listener.accept()
        with peer, suppress(OSError):
            peer.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(500):
                peer.sendall(b"x")
                time.sleep(0.02)

    thread = threading.Thread(target=drip)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    thread.join()
    listener.close()


def test_an_answer_that_never_ends_is_cut(
    head: Checkpoint, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ANCHOR_HOSTS = ["127.0.0.1"]
    monkeypatch.setattr(anchors, "MOST_SECONDS", 0.05)
    with dripping() as settings.ANCHOR_URL:
        assert sent("address", head).failure == "the answer takes too long"


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:99999/", "http://[::1/", "{desk}&é", "{desk}&\r\nX: y"]
)
def test_an_address_that_is_none_is_a_failure_of_this_anchor_alone(
    desk: Desk, head: Checkpoint, settings: LazySettings, url: str
) -> None:
    settings.ANCHOR_URL = url.replace("{desk}", desk.url)
    assert sent("address", head).failures == 1
    assert not desk.got


def test_a_row_that_claims_heads_or_times_that_never_were_silences_no_anchor(
    head: Checkpoint, settings: LazySettings, system: context.Context
) -> None:
    settings.ANCHOR_OFFICERS = [
        world.person("compliance_officer", email="mo@clinic.example").handle
    ]
    for name in ("log", "officers"):
        later = timezone.now() + timedelta(days=4000)
        Anchor.objects.create(name=name, checkpoint=10**9, succeeded_at=later)
        assert sent(name, head).checkpoint == 3


def test_an_officer_whose_account_was_damaged_keeps_the_head_from_nobody(
    head: Checkpoint, settings: LazySettings, system: context.Context
) -> None:
    people = [world.person("compliance_officer", email=f"{name}@clinic.example") for name in "ab"]
    settings.ANCHOR_OFFICERS = [one.handle for one in people]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE security_user SET sealed = '\\x00', sealed_card = '\\x00' WHERE id = %s",
            [people[0].pk],
        )
    assert sent("officers", head).failure == ""
    assert [one.subject_id for one in OutboxMessage.objects.all()] == [people[1].pk]


def test_a_full_disk_leaves_no_half_of_a_head_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "heads", os.write
    memory.append(path, "one\n")

    def full(handle: int, content: bytes) -> int:
        if len(content) < 9:
            raise OSError(errno.ENOSPC, "full")
        return write(handle, content[:9])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="full"):
        memory.append(path, "a second head\n")
    assert path.read_text() == "one\n"
