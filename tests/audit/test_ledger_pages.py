"""The ledger's page, its files, and the banner of a silent sealer or worker."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit import verifier
from audit.ledger import heartbeats, keys, receipts
from audit.models import Checkpoint, Event, Heartbeat, Leaf
from audit.queries import ledger as queries
from audit.tasks import record_alive, send_heads, tell_alive
from security import trail
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
SILENT = "The sealer of the audit trail is silent"
WATCHING = ("compliance_officer", "auditor", "administrator")


def client_of(role: str):
    user = world.person(role)
    return world.signed_in(user, world.factor_of(user))


def page(client, name="audit:ledger", *args):
    return client.get(reverse(name, args=args), secure=True)


def beat(ago: int, trouble: str = "") -> None:
    for process in queries.PROCESSES:
        Heartbeat.objects.update_or_create(
            process=process,
            defaults={"beaten_at": timezone.now() - timedelta(seconds=ago), "trouble": trouble},
        )


@pytest.fixture
def sealed(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Three sealed events, as the page finds them; the rows themselves are the sealer's to write."""
    key = tmp_path / "key.json"
    settings.LEDGER_PUBLIC_KEY = tmp_path / "public"
    keys.create(key, settings.LEDGER_PUBLIC_KEY)
    signer = keys.read(key)
    user = world.person("nurse", name="Nia")
    ids = [trail.record("tests.deed.done", by=user) for _ in range(3)]
    contents = [b"custodia audit leaf\0\0\1\0\0\0\x10" + one.bytes for one in ids]
    hashes = [verifier.leaf_hash(one) for one in contents]
    tree = verifier.Frontier()
    tree.extend(hashes)
    note = signer.sign_head(3, tree.root(), timezone.now())
    leaves = [
        Leaf(number=number, event_id=one, content=content, hash=digest, mark=b"")
        for number, (one, content, digest) in enumerate(zip(ids, contents, hashes, strict=True))
    ]

    class Kept:
        """Answers what the sealer would have stored."""

        def filter(self, event_id=None, **span):
            found = [leaf for leaf in leaves if event_id in {None, leaf.event_id}]
            return Found(found)

    class Found(list):
        def first(self):
            return self[0] if self else None

        def order_by(self, *names):
            return self

        def values_list(self, *names, flat):
            return [getattr(row, names[0]) for row in self]

    class Heads:
        def order_by(self, name):
            return Found([Checkpoint(number=1, size=3, issued_at=timezone.now(), note=note)])

    monkeypatch.setattr(receipts.Leaf, "objects", Kept())
    monkeypatch.setattr(receipts.Checkpoint, "objects", Heads())
    return list(Event.objects.filter(pk__in=ids))


@pytest.mark.parametrize("role", WATCHING)
def test_who_watches_sees_how_the_ledger_stands(role: str) -> None:
    beat(5)
    answer = page(client_of(role))
    assert answer.status_code == 200
    body = answer.content.decode()
    assert "Ledger of the audit trail" in body
    assert "Not reached" in body
    assert SILENT not in body


@pytest.mark.parametrize("role", ["physician", "receptionist", "engagement"])
def test_others_do_not(role: str) -> None:
    client = client_of(role)
    assert [
        page(client, name).status_code for name in ("audit:ledger", "audit:head", "audit:key")
    ] == [403] * 3


@pytest.mark.parametrize("role", WATCHING)
def test_silence_shows_on_every_page_of_who_watches_within_a_minute(role: str) -> None:
    client = client_of(role)
    assert heartbeats.SILENT_AFTER + timedelta(seconds=15) <= timedelta(seconds=60)
    beat(5)
    assert SILENT not in page(client, "crm:home").content.decode()
    beat(46)
    body = page(client, "crm:home").content.decode()
    assert SILENT in body
    assert "The worker is silent" in body
    beat(1, "rolled back")
    assert "does not fit what was signed" in page(client, "crm:home").content.decode()


def test_others_are_not_told_and_nobody_pays_more_than_two_queries() -> None:
    client = client_of("physician")
    assert SILENT not in page(client, "crm:home").content.decode()
    with CaptureQueriesContext(connection) as queried:
        assert len(queries.alarms()) == 3
    assert len(queried) == 2


def test_the_state_takes_the_same_queries_however_much_is_sealed() -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queried:
            queries.state()
        counts.append(len(queried))
        for _ in range(9):
            trail.record("tests.deed.done")
    assert counts[0] == counts[1] <= 4


def test_one_anchor_alone_is_warned_of(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries.anchors, "configured", lambda: ["file"])
    assert not queries.state().is_well
    assert "Fewer than two anchors" in page(client_of("auditor")).content.decode()


@pytest.mark.parametrize("role", WATCHING)
def test_fewer_than_two_anchors_that_work_show_on_every_page_of_who_watches(role: str) -> None:
    few, client = "Fewer than two anchors hold the newest heads", client_of(role)
    beat(5)
    heartbeats.anchored("file", 1)
    for name in ("crm:home", "audit:ledger"):
        assert few in page(client, name).content.decode()
    heartbeats.anchored("log", 1)
    assert few not in page(client, "crm:home").content.decode()
    heartbeats.anchored("log", 0, "answer 500")
    assert few in page(client, "crm:home").content.decode()
    assert few not in page(client_of("physician"), "crm:home").content.decode()


def test_one_of_three_anchors_that_is_not_reached_shows_as_well(settings: LazySettings) -> None:
    settings.ANCHOR_URL = "https://heads.example"
    beat(5)
    for name in ("file", "log"):
        heartbeats.anchored(name, 1)
    heartbeats.anchored("address", 0, "ConnectionRefusedError")
    assert [one.text for one in queries.alarms()] == [queries.UNREACHED]
    heartbeats.anchored("address", 1)
    assert queries.alarms() == []


def test_an_anchor_is_well_between_two_heads_of_a_quiet_night() -> None:
    heartbeats.anchored("log", 1)
    heartbeats.anchored("file", 1)
    later = timezone.now() + timedelta(minutes=11)
    assert all(one.is_well for one in queries.state(later).anchors)
    later += timedelta(minutes=10)
    assert not any(one.is_well for one in queries.state(later).anchors)


def test_the_administration_says_it_as_well() -> None:
    with transaction.atomic():
        user = world.person("administrator", is_staff=True)
    client = world.signed_in(user, world.factor_of(user))
    assert SILENT in page(client, "admin:index").content.decode()


def test_tasks_tell_that_the_worker_lives_and_have_nothing_to_send_yet() -> None:
    tell_alive()
    assert Heartbeat.objects.get().process == heartbeats.WORKER
    record_alive()
    assert Event.objects.filter(action="audit.heartbeat.sent", system="audit.heartbeat").exists()
    assert send_heads() == 0


def test_a_receipt_is_given_to_who_may_read_the_event_and_is_an_event(sealed: list[Event]) -> None:
    event = sealed[1]
    answer = page(client_of("auditor"), "audit:receipt", event.pk)
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    head, content = verifier.check_receipt(answer.content.decode(), keys.trusted())
    assert (head.size, event.pk.bytes in content) == (3, True)
    assert Event.objects.filter(action="audit.receipt.taken", object_id=event.pk).count() == 1
    assert page(client_of("physician"), "audit:receipt", event.pk).status_code == 404
    own = world.User.objects.get(pk=event.actor_id)
    assert (
        page(world.signed_in(own, world.factor_of(own)), "audit:receipt", event.pk).status_code
        == 200
    )


def test_the_newest_head_and_the_key_are_files_and_a_broken_tree_is_refused(
    sealed: list[Event], settings: LazySettings, tmp_path: Path
) -> None:
    client = client_of("auditor")
    note, key = (
        page(client, "audit:head").content.decode(),
        page(client, "audit:key").content.decode(),
    )
    assert verifier.Head.open(note, verifier.Key.read(key)).size == 3
    keys.create(tmp_path / "other", settings.LEDGER_PUBLIC_KEY)
    assert page(client, "audit:head").status_code == 403
    assert page(client, "audit:receipt", sealed[0].pk).status_code == 403
    settings.LEDGER_PUBLIC_KEY = tmp_path / "absent"
    assert page(client, "audit:key").status_code == 404


def test_what_waits_for_its_seal_has_no_receipt_and_no_address() -> None:
    with transaction.atomic():
        event_id = trail.record("tests.deed.done")
    assert page(client_of("auditor"), "audit:receipt", event_id).status_code == 404
    assert queries.receipt_urls([event_id]) == {}
