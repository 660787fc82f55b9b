"""Nothing that is deleted takes an event with it: not in the administration, not by the database's superuser."""

from contextlib import suppress

import pytest
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.urls import reverse

from audit.models import Event
from security import trail
from security.models import Unit, User
from tests import database, world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
DIGEST = "SELECT id, md5(e::text) FROM audit_event e"


def stored() -> dict:
    with connection.cursor() as cursor:
        cursor.execute(DIGEST)
        return dict(cursor.fetchall())


@pytest.fixture
def root() -> User:
    """Return a superuser who administers."""
    return world.person("administrator", name="Root", is_superuser=True, is_staff=True)


def test_a_superuser_deletes_in_the_administration_and_every_event_stays(root):
    other, unit = cast.staff("nurse"), world.team()
    with transaction.atomic():
        trail.record("security.session.signed_in", subjects=[other.pk], obj=other, by=other)
        trail.record("security.session.signed_in", subjects=[root.pk], obj=unit, by=root)
    before, client = stored(), cast.browser(root)
    client.raise_request_exception = False
    asked = 0
    for model in admin.site._registry:
        listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for pk in list(model._base_manager.values_list("pk", flat=True)[:5]):
            asked += 1
            client.post(f"{listed}{pk}/delete/", {"post": "yes"})
            client.post(
                listed,
                {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"},
            )
    after = stored()
    assert asked > 10
    assert {key: after.get(key) for key in before} == before


def test_deleting_an_account_or_a_unit_past_the_administration_leaves_its_events(root):
    nurse, unit = cast.staff("nurse"), Unit.objects.create(name="Gone", kind="team")
    with transaction.atomic():
        trail.record("security.session.signed_in", subjects=[nurse.pk], obj=nurse, by=nurse)
        trail.record("security.unit.renamed", obj=unit, by=root)
    before = stored()
    for row in (nurse, unit):
        with suppress(DatabaseError, ProtectedError), transaction.atomic():
            row.delete()
    after = stored()
    assert {key: after.get(key) for key in before} == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_event",
        "UPDATE audit_event SET action = 'x'",
        "TRUNCATE audit_event CASCADE",
    ],
)
def test_the_superuser_of_the_database_is_refused_by_the_triggers(statement):
    with transaction.atomic():
        event_id = trail.record("security.session.signed_out")
    with (
        database.administrator() as other,
        other.cursor() as cursor,
        pytest.raises(DatabaseError, match="never changed"),
    ):
        cursor.execute(statement)
    assert Event.objects.get(pk=event_id).action == "security.session.signed_out"
