"""The journal in the administration: read by who may, changed by nobody; events are not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from auditlog.models import LogEntry
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from audit.models import Event, Pending, State
from audit.queries import events
from security import context, trail
from security.models import Unit
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(system: context.Context) -> LogEntry:
    unit = Unit.objects.create(name="Ward 1", kind=Unit.Kind.DEPARTMENT)
    return LogEntry.objects.get(object_pk=str(unit.pk))


@pytest.fixture
def signed_in(system: context.Context) -> Callable[[str], Client]:
    def enter(role: str) -> Client:
        user = world.person(role)
        return world.signed_in(user, world.factor_of(user))

    return enter


def test_no_table_of_the_trail_is_in_the_administration() -> None:
    assert not {Event, State, Pending} & set(admin.site._registry)


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_the_journal_can_be_read_and_searched(
    entry: LogEntry, signed_in: Callable[[str], Client], role: str
) -> None:
    client = signed_in(role)
    for query in ("", "?q=unit", "?action__exact=0", f"?q={entry.object_pk}"):
        page = client.get(reverse("admin:auditlog_logentry_changelist") + query)
        assert page.status_code == 200
    page = client.get(reverse("admin:auditlog_logentry_change", args=[entry.pk]))
    assert page.status_code == 200
    assert f"unit {entry.object_pk}" in page.content.decode()
    assert "Ward 1" not in page.content.decode()


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_the_journal_can_not_be_written_deleted_or_probed(
    entry: LogEntry, signed_in: Callable[[str], Client], role: str
) -> None:
    client = signed_in(role)
    listed = reverse("admin:auditlog_logentry_changelist")
    one = reverse("admin:auditlog_logentry_change", args=[entry.pk])
    tries = [
        client.get(reverse("admin:auditlog_logentry_add")),
        client.post(reverse("admin:auditlog_logentry_add"), {"object_repr": "x"}),
        client.post(one, {"object_repr": "x"}),
        client.post(reverse("admin:auditlog_logentry_delete", args=[entry.pk]), {"post": "yes"}),
        client.get(f"{listed}?actor__password__startswith=a"),
    ]

    assert all(answer.status_code in {302, 400, 403} for answer in tries)
    # A list without actions shows itself again.
    client.post(listed, {"action": "delete_selected", "_selected_action": [entry.pk]})
    assert LogEntry.objects.get(pk=entry.pk).object_repr == entry.object_repr


@pytest.mark.parametrize("role", ["physician", "receptionist", "engagement"])
def test_others_do_not_see_the_journal(
    entry: LogEntry, signed_in: Callable[[str], Client], role: str
) -> None:
    page = signed_in(role).get(reverse("admin:auditlog_logentry_changelist"))

    assert page.status_code in {302, 403, 404}


def test_events_have_no_page_in_the_administration() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:audit_event_changelist")


@pytest.mark.parametrize(
    ("trusted", "expected"), [([], "127.0.0.1"), (["127.0.0.1"], "203.0.113.7")]
)
def test_a_forged_address_does_not_reach_the_trail(
    signed_in: Callable[[str], Client],
    settings: pytest.FixtureRequest,
    trusted: list[str],
    expected: str,
) -> None:
    settings.TRUSTED_PROXIES = trusted  # type: ignore[attr-defined]
    client = signed_in("physician")
    client.get(
        reverse("admin:auditlog_logentry_changelist"),
        headers={"X-Forwarded-For": "198.51.100.66, 203.0.113.7", "X-Real-IP": "198.51.100.66"},
    )

    event = Event.objects.filter(outcome="refused").newest_first()[0]
    with trail.acting_for(system="tests", purpose="HOPERAT"):
        assert events.detail_of(event).address == expected
