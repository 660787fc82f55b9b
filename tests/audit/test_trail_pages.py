"""The trail on the screen: who sees which events, by what they are found, and who stands behind a pseudonym."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.queries import trail as queries
from patients.services import staff_links
from security import trail
from security.ids import new_id
from tests.audit import reviewing
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
PAGE = "/audit/trail/"
WHY = {"reason": "The patient asks who read the record"}


@pytest.fixture
def officer():
    return reviewing.officer()


@pytest.fixture
def nurse():
    return cast.staff("nurse", name="Nurse Hu")


@pytest.fixture
def mia():
    return cast.patient()


def told(by, patient=None, action="patients.chart.opened", **more):
    """Write an event as if somebody had done something."""
    with cast.acting(by):
        return trail.record(action, by=by, subjects=[patient.pk] if patient else [], **more)


def listed(user, **filters):
    response = cast.browser(user).get(PAGE, filters)
    assert response.status_code == 200, cast.words(response)
    return {row["id"] for row in response.context["rows"]}


def resolve(client, patient, data=None):
    url = reverse("audit:resolve", args=[patient.pk])
    return client.get(url) if data is None else client.post(url, data)


def test_an_officer_sees_what_others_did_by_pseudonym_and_never_a_name(officer, nurse, mia):
    event_id = told(nurse, mia, purpose="TREAT", basis="team")
    response = cast.browser(officer).get(PAGE)
    text = cast.words(response)
    for said in ("Nurse Hu", "A chart was opened.", "Treatment", str(mia.pk)[-12:]):
        assert said in text
    assert "Muster" not in text
    assert event_id in {row["id"] for row in response.context["rows"]}


def test_each_filter_keeps_what_it_says(officer, nurse, mia):
    other = cast.staff("physician")
    first = told(nurse, mia, purpose="TREAT", basis="team")
    second = told(other, action="patients.search.made", purpose="HOPERAT", outcome="refused")
    for filters, there, gone in (
        ({"actor": nurse.handle}, first, second),
        ({"subject": str(mia.pk)}, first, second),
        ({"action": "patients.search.made"}, second, first),
        ({"purpose": "TREAT"}, first, second),
        ({"basis": "team"}, first, second),
        ({"outcome": "refused"}, second, first),
    ):
        found = listed(officer, **filters)
        assert there in found, filters
        assert gone not in found, filters
    assert {first, second} <= listed(officer, action="patients.")
    hour = timedelta(hours=1)
    now = timezone.localtime()
    assert first in listed(
        officer, since=f"{now - hour:%Y-%m-%dT%H:%M}", until=f"{now + hour:%Y-%m-%dT%H:%M}"
    )
    assert first not in listed(officer, until=f"{now - hour:%Y-%m-%dT%H:%M}")
    assert first not in listed(officer, since=f"{now + hour:%Y-%m-%dT%H:%M}")


@pytest.mark.parametrize(
    "filters",
    [
        {"actor": "u-nobody"},
        {"subject": "Muster"},
        {"action": "patients.chart.stolen"},
        {"purpose": "FUN"},
        {"basis": "luck"},
        {"outcome": "maybe"},
        {"since": "yesterday"},
        {"since": "2026-11-02T00:00", "until": "2026-11-01T00:00"},
        {"actor": "a\x00b"},
    ],
)
def test_a_filter_that_means_nothing_finds_nothing_and_says_so(officer, filters):
    response = cast.browser(officer).get(PAGE, filters)
    assert response.status_code == 422
    assert response.context["rows"] == []


def test_pages_follow_one_another_without_gap_or_double(officer, nurse, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 3)
    made = [told(nurse) for _ in range(8)]
    client, url, seen = cast.browser(officer), f"{PAGE}?actor={nurse.handle}", []
    while url:
        response = client.get(url)
        seen += [row["id"] for row in response.context["rows"]]
        url = PAGE + response.context["next_url"] if response.context["next_url"] else ""
    assert seen == made[::-1]


def test_a_place_that_names_nothing_is_the_first_page(officer, nurse):
    made = told(nurse)
    assert made in listed(officer, after="x" * 32)


def test_the_list_asks_as_often_for_one_row_as_for_many(officer, nurse):
    client = cast.browser(officer)

    def count():
        with cast.CaptureQueries() as captured:
            client.get(PAGE, {"actor": nurse.handle})
        return len(captured)

    told(nurse, cast.patient())
    count()
    one = count()
    for number in range(10):
        told(nurse, cast.patient(given=f"Nr{number}"))
    assert count() == one


def test_an_administrator_sees_technical_events_and_nothing_with_a_patient_in_it(
    officer, nurse, mia
):
    boss = cast.staff("administrator")
    hidden = [
        told(nurse, mia),
        told(officer, mia, action="audit.case.opened"),
        told(nurse, action="security.access.hidden", on_behalf_of=None)
        and _about(nurse, [nurse.pk, mia.pk]),
        _about(nurse, [new_id()]),
    ]
    shown = [_about(nurse, [nurse.pk]), told(nurse, action="security.session.signed_out")]
    found = listed(boss)
    assert set(shown) <= found
    assert not set(hidden) & found
    client = cast.browser(boss)
    assert client.get(reverse("audit:event", args=[shown[0]])).status_code == 200
    for event_id in hidden:
        assert client.get(reverse("audit:event", args=[event_id])).status_code == 404
    assert client.get(PAGE, {"subject": str(mia.pk)}).context["rows"] == []


def _about(by, subjects):
    with cast.acting(by):
        return trail.record("security.access.hidden", by=by, subjects=subjects)


@pytest.mark.parametrize("role", ["nurse", "physician", "receptionist", "finance", "engagement"])
def test_everybody_else_sees_the_own_trail_alone(role, officer, mia):
    user = cast.staff(role)
    own, other = told(user, mia), told(officer, mia)
    found = listed(user)
    assert own in found
    assert other not in found
    client = cast.browser(user)
    assert client.get(reverse("audit:event", args=[own])).status_code == 200
    assert client.get(reverse("audit:event", args=[other])).status_code == 404
    assert "actor" not in client.get(PAGE).context["form"].fields
    assert other not in listed(user, actor=officer.handle)
    assert reverse("crm:accesses") in client.get(PAGE).content.decode()
    assert resolve(client, mia).status_code == 404


def test_looking_is_on_the_trail_by_filters_and_never_by_what_was_typed(officer, nurse, mia):
    listed(officer, subject=str(mia.pk), actor=nurse.handle)
    event = cast.events("audit.trail.searched")[-1]
    assert event.subjects == [nurse.pk, mia.pk]
    assert event.fields == ["audit.event.actor", "audit.event.subject"]
    assert not cast.events("audit.trail.own_read")


@pytest.mark.parametrize("role", ["compliance_officer", "auditor", "administrator"])
def test_whoever_watches_and_reads_the_own_part_is_seen_by_others(role):
    user = cast.staff(role, name="Watcher")
    own = told(user, action="security.session.signed_out")
    listed(user, actor=user.handle)
    assert len(cast.events("audit.trail.own_read")) == 1
    client = cast.browser(user)
    client.get(reverse("audit:event", args=[own]))
    assert len(cast.events("audit.trail.own_read")) == 2
    client.get(reverse("crm:accesses"))
    events = cast.events("audit.trail.own_read")
    assert {(one.actor_id, tuple(one.subjects)) for one in events} == {(user.pk, (user.pk,))}
    assert len(events) == 3
    assert {one.pk for one in events} <= listed(reviewing.officer("Another"))


def test_one_event_shows_its_sealed_details_and_opening_it_is_on_the_trail(officer, nurse, mia):
    event_id = told(nurse, mia, reason="She asked me to", fields=["patients.condition.code"])
    response = cast.browser(officer).get(reverse("audit:event", args=[event_id]))
    text = cast.words(response)
    for said in ("She asked me to", "Diagnoses", "patients.condition.code", str(mia.pk)):
        assert said in text
    opened = cast.events("audit.event.opened")[-1]
    assert (opened.subjects, opened.object_id) == ([nurse.pk], event_id)


def test_what_was_said_about_the_reader_or_close_family_is_not_shown(officer, nurse, mia):
    staff_links.declare(patient_id=mia.pk, colleague=officer, kind="child", by=None)
    of_family = told(nurse, mia, reason="She asked me to")
    with cast.acting(nurse):
        of_self = trail.record(
            "audit.access.questioned", by=nurse, subjects=[officer.pk], reason="Who is that?"
        )
    own = told(officer, mia, reason="My own words")
    client = cast.browser(officer)
    for event_id, secret, is_shown in (
        (of_family, "She asked me to", False),
        (of_self, "Who is that?", False),
        (own, "My own words", True),
    ):
        text = cast.words(client.get(reverse("audit:event", args=[event_id])))
        assert (secret in text, "Not shown to you" in text) == (is_shown, not is_shown)


def test_a_detail_that_does_not_open_is_shown_as_unavailable(officer, nurse, monkeypatch):
    event_id = told(nurse, reason="Something")
    blob = bytes(Event.objects.get(pk=event_id).detail)
    monkeypatch.setattr(Event, "from_db", classmethod(_flipped(Event.from_db.__func__, blob)))
    response = cast.browser(officer).get(reverse("audit:event", args=[event_id]))
    assert response.status_code == 200
    assert "Something" not in cast.words(response)


def _flipped(real, blob):
    def from_db(cls, db, names, values):
        changed = [bytes(value[:-1]) + b"?" if value == blob else value for value in values]
        return real(cls, db, names, changed)

    return from_db


def test_a_name_is_shown_for_a_reason_with_a_fresh_factor_and_told(officer, mia):
    client = cast.browser(officer)
    assert resolve(client, mia).status_code == 200
    assert resolve(client, mia, {"reason": "x"}).status_code == 422
    assert not cast.events("audit.pseudonym.resolved")
    response = resolve(client, mia, WHY)
    assert "Mia Muster" in cast.words(response)
    event = cast.events("audit.pseudonym.resolved")[0]
    assert (event.subjects, event.actor_id) == ([mia.pk], officer.pk)
    assert event.fields == ["patients.patient.names"]
    stale = cast.stale(client)
    assert "/account/confirm/" in resolve(stale, mia).url


def test_an_auditor_learns_a_masked_name(mia):
    text = cast.words(resolve(cast.browser(cast.staff("auditor")), mia, WHY))
    assert "M. M." in text
    assert "Muster" not in text


def test_nobody_learns_the_name_of_close_family_or_of_nobody(officer, mia):
    staff_links.declare(patient_id=mia.pk, colleague=officer, kind="child", by=None)
    client = cast.browser(officer)
    response = resolve(client, mia, WHY)
    assert response.status_code == 422
    assert "Muster" not in cast.words(response)
    assert resolve(client, cast.staff("nurse"), WHY).status_code == 404
    assert not cast.events("audit.pseudonym.resolved")


@pytest.mark.parametrize("role", ["administrator", "nurse"])
def test_whoever_sees_no_patients_in_the_trail_resolves_no_pseudonym(role, mia):
    assert resolve(cast.browser(cast.staff(role)), mia, WHY).status_code == 404
