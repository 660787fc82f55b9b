"""Care teams and handing patients over: all together or nobody, and no patient data for administrators."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from patients.models import CareRelationship, TeamAssignment
from patients.services import handovers, staff_links, teams
from security.models import Membership, Unit
from security.services import units
from tests import world
from tests.patients import cast
from tests.patients.test_break_glass import status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
PAGE, TEAMS = "/patients/handover/", "/patients/teams/"


@pytest.fixture
def lin():
    return cast.staff("physician", name="Doctor Lin")


@pytest.fixture
def marsh():
    return cast.staff("physician", name="Doctor Marsh")


@pytest.fixture
def desk():
    return cast.staff("receptionist")


def clinician(user):
    return f"clinician.{user.pk}"


def team_key(unit):
    return f"team.{unit.pk}"


def handed(user, giver, taker, patients, client=None):
    form = {"giver": giver, "taker": taker, "patients": [str(one.pk) for one in patients]}
    return (client or cast.browser(user)).post(PAGE, form, secure=True)


def responsible(user):
    rows = CareRelationship.objects.in_force().filter(user=user, source="responsible")
    return set(rows.values_list("patient_id", flat=True))


def test_a_doctor_hands_the_chosen_patients_to_a_colleague(lin, marsh):
    one, two, kept = cast.patients(3)
    cast.care(lin, one, two, kept)
    shown = cast.words(cast.browser(lin).get(PAGE, secure=True))
    assert "Nr000" in shown
    assert "Doctor Marsh" in shown
    assert handed(lin, clinician(lin), clinician(marsh), [one, two]).status_code == 302
    assert responsible(lin) == {kept.pk}
    assert responsible(marsh) == {one.pk, two.pk}
    assert status(cast.browser(lin), one) == 404
    assert status(cast.browser(marsh), one) == 200
    told = cast.events("patients.handover.made")[0]
    assert (set(told.subjects), told.counts) == ({one.pk, two.pk}, {"patients": 2})


def test_reception_moves_patients_from_one_team_to_another(desk, lin, marsh):
    old, new = world.team("Old"), world.team("New")
    units.join(user=lin, unit=old, by=None)
    units.join(user=marsh, unit=new, by=None)
    one, two = cast.patients(2)
    teams.assign(patient_ids=[one.pk, two.pk], unit=old, by=None)
    assert handed(desk, team_key(old), team_key(new), [one, two]).status_code == 302
    assert status(cast.browser(lin), one) == 404
    assert status(cast.browser(marsh), one) == 200
    held = TeamAssignment.objects.in_force().values_list("unit__name", flat=True)
    assert list(held) == ["New", "New"]


def test_a_doctor_hands_over_the_own_patients_alone(lin, marsh):
    one = cast.patient()
    cast.care(marsh, one)
    assert handed(lin, clinician(marsh), clinician(lin), [one]).status_code == 404
    assert handed(lin, clinician(lin), clinician(marsh), [one]).status_code == 403
    assert responsible(marsh) == {one.pk}


def test_it_is_all_or_nobody(desk, lin, marsh):
    one, gone = cast.patients(2)
    cast.care(lin, one)
    response = handed(desk, clinician(lin), clinician(marsh), [one, gone])
    assert response.status_code == 422
    assert "The list has changed" in cast.words(response)
    assert responsible(lin) == {one.pk}
    assert not cast.events("patients.handover.made")


def test_a_watched_patient_asks_the_desk_for_a_fresh_factor(desk, lin, marsh):
    vip = cast.patient(confidentiality="vip")
    cast.care(lin, vip)
    stale = cast.stale(cast.browser(desk))
    assert "/account/confirm/" in handed(desk, clinician(lin), clinician(marsh), [vip], stale).url
    assert responsible(lin) == {vip.pk}
    assert handed(desk, clinician(lin), clinician(marsh), [vip]).status_code == 302


def test_nobody_takes_over_close_family(desk, lin, marsh):
    one = cast.patient()
    cast.care(lin, one)
    staff_links.declare(patient_id=one.pk, colleague=marsh, kind="child", by=None)
    response = handed(desk, clinician(lin), clinician(marsh), [one])
    assert response.status_code == 422
    assert responsible(lin) == {one.pk}


@pytest.mark.parametrize("taker", ["", "clinician.x", "team.1", "clinician", "../etc"])
def test_a_taker_who_is_none_is_refused(desk, lin, taker):
    one = cast.patient()
    cast.care(lin, one)
    assert handed(desk, clinician(lin), taker, [one]).status_code == 422


@pytest.mark.parametrize(
    "giver", ["clinician.x", "nobody", "clinician.00000000-0000-0000-0000-000000000000"]
)
def test_a_giver_who_is_none_is_not_found(desk, giver):
    assert cast.browser(desk).get(PAGE, {"giver": giver}, secure=True).status_code == 404


def test_a_clinic_without_clinicians_has_nobody_to_hand_over(desk):
    assert "Nobody to hand over" in cast.words(cast.browser(desk).get(PAGE, secure=True))


def test_no_tick_is_said_and_nothing_is_done(desk, lin, marsh):
    cast.care(lin, cast.patient())
    response = handed(desk, clinician(lin), clinician(marsh), [])
    assert response.status_code == 422
    assert "Tick at least one patient" in cast.words(response)


def test_the_clerk_and_the_administrator_hand_nobody_over():
    for role in ("finance", "administrator", "auditor", "engagement", "compliance_officer"):
        assert cast.browser(cast.staff(role)).get(PAGE, secure=True).status_code == 403


def test_page_and_deed_ask_as_often_for_one_patient_as_for_ten(desk, lin, marsh):
    client, read, written = cast.browser(desk), [], []
    for batch in (1, 9):
        rows = cast.patients(batch, family=f"Hand{batch}")
        cast.care(lin, *rows)
        client.get(PAGE, {"giver": clinician(lin)}, secure=True)
        with cast.CaptureQueries() as made:
            client.get(PAGE, {"giver": clinician(lin)}, secure=True)
        read.append(len(made))
        with cast.acting(desk), cast.CaptureQueries() as made:
            handovers.to_clinician(
                patient_ids=[one.pk for one in rows], giver=lin, taker=marsh, is_fresh=True, by=desk
            )
        written.append(len(made))
    assert read[0] == read[1]
    assert written[0] == written[1]


def test_the_administrator_manages_members_and_sees_no_patient(lin):
    admin, team, one = cast.staff("administrator"), world.team("Stroke"), cast.patient("Hidden")
    teams.assign(patient_ids=[one.pk], unit=team, by=None)
    client = cast.browser(admin)
    join = reverse("patients:team_join", args=[team.pk])
    assert client.post(join, {"colleague": str(lin.pk)}, secure=True).status_code == 302
    assert status(cast.browser(lin), one) == 200
    shown = cast.words(client.get(TEAMS, secure=True))
    assert "Stroke" in shown
    assert "Doctor Lin" in shown
    assert "Hidden" not in shown
    assert client.post(join, {"colleague": str(lin.pk)}, secure=True).status_code == 422
    leave = reverse("patients:team_leave", args=[Membership.objects.get(unit=team).pk])
    assert client.post(leave, secure=True).status_code == 302
    assert status(cast.browser(lin), one) == 404


def test_a_membership_with_a_last_day_ends_by_itself(lin):
    team = world.team()
    last = timezone.localdate() + timedelta(days=3)
    sent = {"colleague": str(lin.pk), "ends_on": last.isoformat()}
    client = cast.browser(cast.staff("administrator"))
    client.post(reverse("patients:team_join", args=[team.pk]), sent, secure=True)
    assert timezone.localdate(Membership.objects.get().ends_at) == last + timedelta(days=1)
    past = {"colleague": str(cast.staff("nurse").pk), "ends_on": "2001-01-01"}
    assert (
        client.post(reverse("patients:team_join", args=[team.pk]), past, secure=True).status_code
        == 422
    )


def test_a_team_is_made_once(lin):
    client = cast.browser(cast.staff("administrator"))
    sent = {"name": "Night", "name_zh": "夜班组"}
    assert client.post(reverse("patients:team_new"), sent, secure=True).status_code == 302
    assert client.post(reverse("patients:team_new"), sent, secure=True).status_code == 422
    assert (
        client.post(reverse("patients:team_new"), {"name": "x" * 200}, secure=True).status_code
        == 422
    )
    assert Unit.objects.filter(kind="team").count() == 1


def test_a_clinician_sees_the_own_teams_and_changes_none(lin):
    mine, other = world.team("Mine"), world.team("Other")
    units.join(user=lin, unit=mine, by=None)
    client = cast.browser(lin)
    shown = cast.words(client.get(TEAMS, secure=True))
    assert "Mine" in shown
    assert "Other" not in shown
    sent = {"colleague": str(lin.pk)}
    assert (
        client.post(reverse("patients:team_join", args=[other.pk]), sent, secure=True).status_code
        == 403
    )
    assert (
        client.post(reverse("patients:team_new"), {"name": "New"}, secure=True).status_code == 403
    )
    assert cast.browser(cast.staff("receptionist")).get(TEAMS, secure=True).status_code == 403


def test_the_list_of_teams_asks_as_often_for_one_as_for_ten():
    client, counts = cast.browser(cast.staff("administrator")), []
    for start, stop in ((0, 1), (1, 10)):
        for number in range(start, stop):
            units.join(user=cast.staff("nurse"), unit=world.team(f"Team {number}"), by=None)
        client.get(TEAMS, secure=True)
        with cast.CaptureQueries() as made:
            client.get(TEAMS, secure=True)
        counts.append(len(made))
    assert counts[0] == counts[1]
