"""Colleagues who leave: listed while they hold anything, and handed over to a successor in one deed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import State
from patients.models import CareRelationship, ChartPermission
from patients.queries import leaving
from patients.services import leavers, teams
from security.models import Membership, User
from security.services import units, users
from tests import world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def doctor():
    return leaves(cast.staff("physician", name="Dr Luo"))


@pytest.fixture
def successor():
    return cast.staff("physician", name="Dr Lin")


def leaves(user, days=10):
    users.end_on(user=user, day=timezone.localdate() + timedelta(days=days), by=None)
    return User.objects.get(pk=user.pk)


def give(client, leaver, to):
    address = reverse("patients:leaver_hand_over", args=[leaver.pk])
    return client.post(address, {"successor": getattr(to, "pk", to)})


def test_the_list_shows_who_leaves_and_what_is_left(desk, doctor):
    cast.care(doctor, cast.patient(), cast.patient())
    stays = cast.staff("physician", name="Dr Stays")
    cast.care(stays, cast.patient())
    text = cast.words(cast.browser(desk).get(reverse("patients:leaving")))
    assert "Dr Luo" in text
    assert "responsible for 2 patients" in text
    assert "Dr Stays" not in text


def test_who_holds_nothing_is_not_listed(desk, doctor):
    assert leaving.leavers() == []
    text = cast.words(cast.browser(desk).get(reverse("patients:leaving")))
    assert "Nothing is left" in text


def test_all_patients_go_to_the_successor_at_once_and_the_deed_is_told(desk, doctor, successor):
    ida, ada = cast.patient(given="Ida"), cast.patient(given="Ada")
    cast.care(doctor, ida, ada)
    client = cast.browser(desk)
    page = client.get(reverse("patients:leaver", args=[doctor.pk]))
    assert "Ida" in cast.words(page)
    assert "Dr Lin" in cast.words(page)
    answer = give(client, doctor, successor)
    assert answer.url == reverse("patients:leaving")
    assert "2 patients given." in cast.words(client.get(answer.url))
    rows = CareRelationship.objects.in_force().filter(source="responsible")
    assert {(row.user_id, row.patient_id) for row in rows} == {
        (successor.pk, ida.pk),
        (successor.pk, ada.pk),
    }
    ended = CareRelationship.objects.filter(user=doctor)
    assert all(row.ended_by_id == desk.pk for row in ended)
    event = cast.events("patients.leaver.relieved")[-1]
    assert (event.actor_id, event.counts) == (desk.pk, {"patients": 2})
    for action in ("patients.relationship.granted", "patients.relationship.ended"):
        told = cast.events(action)[-1]
        assert set(told.subjects) == {ida.pk, ada.pk}
        assert State.objects.filter(event_id=told.pk).count() == 2
    opened = cast.browser(successor).get(reverse("patients:patient", args=[ida.pk]))
    assert opened.status_code == 200
    assert cast.browser(doctor).get(reverse("patients:patient", args=[ida.pk])).status_code == 404
    assert not ChartPermission.objects.in_force().filter(user=doctor).exists()


def test_what_a_care_team_reaches_stays_with_the_team(desk, doctor, successor):
    ida, team = cast.patient(), world.team("Chronic care")
    with cast.acting(desk):
        units.join(user=doctor, unit=team, by=desk)
        teams.assign(patient_ids=[ida.pk], unit=team, by=desk)
    cast.care(doctor, ida)
    text = cast.words(cast.browser(desk).get(reverse("patients:leaver", args=[doctor.pk])))
    assert "Chronic care" in text
    give(cast.browser(desk), doctor, successor)
    assert Membership.objects.in_force().filter(user=doctor).exists()
    assert CareRelationship.objects.in_force().filter(user=doctor, source="team").count() == 1
    assert [one.teams for one in leaving.leavers()] == [("Chronic care",)]


@pytest.mark.parametrize("to", ["", NOBODY, "' OR 1=1 --", "self", "finance", "leaver", "gone"])
def test_a_successor_who_cannot_be_one_changes_nothing(desk, doctor, to):
    cast.care(doctor, cast.patient())
    chosen = {
        "self": lambda: doctor,
        "finance": lambda: cast.staff("finance"),
        "leaver": lambda: leaves(cast.staff("physician", name="Dr Next")),
        "gone": lambda: world.person("physician", name="Gone", is_active=False),
    }.get(to, lambda: to)()
    answer = give(cast.browser(desk), doctor, chosen)
    assert answer.status_code == 422
    assert CareRelationship.objects.in_force().get().user_id == doctor.pk


def test_who_does_not_leave_has_no_page_and_no_hand_over(desk, successor):
    stays = cast.staff("physician", name="Dr Stays")
    cast.care(stays, cast.patient())
    client = cast.browser(desk)
    for one in (stays.pk, NOBODY):
        assert client.get(reverse("patients:leaver", args=[one])).status_code == 404
        answer = client.post(
            reverse("patients:leaver_hand_over", args=[one]), {"successor": successor.pk}
        )
        assert answer.status_code == 404
    with cast.acting(desk), pytest.raises(leavers.NotLeaving):
        leavers.hand_over(leaver_id=stays.pk, successor_id=successor.pk, is_fresh=True, by=desk)


def test_a_second_hand_over_says_that_nothing_is_left(desk, doctor, successor):
    cast.care(doctor, cast.patient())
    client = cast.browser(desk)
    give(client, doctor, successor)
    answer = give(client, doctor, successor)
    assert answer.status_code == 422
    assert "responsible for nobody any more" in cast.words(answer)


def test_a_patient_whom_the_successor_has_already_is_not_doubled(desk, doctor, successor):
    ida = cast.patient()
    cast.care(doctor, ida)
    cast.care(successor, ida)
    give(cast.browser(desk), doctor, successor)
    assert CareRelationship.objects.in_force().filter(patient=ida).count() == 1


def test_handing_over_asks_for_a_fresh_factor(desk, doctor, successor):
    cast.care(doctor, cast.patient())
    answer = give(cast.stale(cast.browser(desk)), doctor, successor)
    assert answer.url.startswith(reverse("security:step_up"))
    assert CareRelationship.objects.in_force().get().user_id == doctor.pk


def test_a_confidential_patient_is_handed_over_with_a_fresh_factor_alone(desk, doctor, successor):
    cast.care(doctor, cast.patient(confidentiality="vip"))
    with cast.acting(desk), pytest.raises(leavers.NotYours):
        leavers.hand_over(leaver_id=doctor.pk, successor_id=successor.pk, is_fresh=False, by=desk)
    assert give(cast.browser(desk), doctor, successor).status_code == 302


@pytest.mark.parametrize(
    "role",
    [
        "physician",
        "nurse",
        "finance",
        "engagement",
        "auditor",
        "administrator",
        "compliance_officer",
    ],
)
def test_nobody_else_lists_or_hands_over(doctor, successor, role):
    cast.care(doctor, cast.patient())
    client = cast.browser(cast.staff(role))
    assert client.get(reverse("patients:leaving")).status_code == 403
    assert client.get(reverse("patients:leaver", args=[doctor.pk])).status_code == 403
    assert give(client, doctor, successor).status_code == 403
    assert CareRelationship.objects.in_force().get().user_id == doctor.pk


def test_the_deed_costs_the_same_for_one_patient_and_for_thirty(desk, successor):
    counts = []
    for size in (1, 30):
        leaver = leaves(cast.staff("physician", name=f"Dr {size}"))
        cast.care(leaver, *cast.patients(size))
        with cast.acting(desk), CaptureQueriesContext(connection) as made:
            given = leavers.hand_over(
                leaver_id=leaver.pk, successor_id=successor.pk, is_fresh=True, by=desk
            )
        assert given == size
        counts.append(len(made))
    # The rule about confidential charts and the reach rule ask once each, however many there are.
    assert counts[0] == counts[1]


def test_the_list_costs_the_same_for_one_leaver_and_for_ten():
    counts = []
    for size in (1, 9):
        for _turn in range(size):
            cast.care(leaves(cast.staff("physician", name="Dr")), cast.patient())
        with CaptureQueriesContext(connection) as made:
            found = leaving.leavers()
        counts.append(len(made))
    assert len(found) == 10
    assert counts[0] == counts[1] <= 4


def test_the_deed_and_its_events_fail_together(desk, doctor, successor, monkeypatch):
    cast.care(doctor, cast.patient())

    def fail(*_all, **_more):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("patients.services.leavers.trail.record", fail)
        with cast.acting(desk), pytest.raises(RuntimeError):
            leavers.hand_over(
                leaver_id=doctor.pk, successor_id=successor.pk, is_fresh=True, by=desk
            )
    assert CareRelationship.objects.in_force().get().user_id == doctor.pk


@pytest.mark.parametrize(("days", "status"), [(0, 200), (-1, 302)])
def test_a_session_lives_until_the_end_of_the_last_day_and_not_longer(days, status):
    nurse = cast.staff("nurse")
    client = cast.browser(nurse)
    assert client.get(reverse("crm:home")).status_code == 200
    leaves(nurse, days)
    answer = client.get(reverse("crm:home"))
    assert answer.status_code == status
    assert client.get(reverse("crm:home")).status_code == status
    assert ("_auth_user_id" in client.session) is (status == 200)
