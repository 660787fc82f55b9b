"""VIPs, colleagues, one's own record and that of close family."""

import pytest
from django.urls import reverse

from audit.models import Event
from patients.models import BreakGlass, CareRelationship, Patient, StaffLink
from patients.queries import lists
from patients.services import emergencies, staff_links
from security.access.decision import decide, purposes_of
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.classification import Category
from tests.patients import cast
from tests.patients.test_break_glass import FORM, WHY, broken, status, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
Source = CareRelationship.Source


@pytest.fixture(params=["vip", "employee"])
def watched(request):
    return cast.patient("Watched", confidentiality=request.param, record_number="W-1")


@pytest.fixture
def nurse():
    return cast.staff("nurse")


def test_inside_reach_but_outside_the_team_the_chart_opens_in_an_emergency_only(nurse, watched):
    cast.care(nurse, watched, source=Source.IMPORT)
    client = cast.browser(nurse)
    response = client.get(url("patient", watched), secure=True)
    assert response.status_code == 403
    said = cast.words(response)
    assert "Outside the care team it opens in an emergency only" in said
    assert "Emergency access" in said
    assert status(client, watched, "clinical") == 403
    client, response = broken(nurse, watched)
    assert response.status_code == 302
    assert status(client, watched) == status(client, watched, "clinical") == 200


@pytest.mark.parametrize(
    "source", [Source.RESPONSIBLE, Source.APPOINTMENT, Source.REFERRAL, Source.REQUEST]
)
def test_whoever_takes_part_in_the_care_opens_it_as_any_other(nurse, watched, source):
    cast.care(nurse, watched, source=source)
    assert status(cast.stale(cast.browser(nurse)), watched, "clinical") == 200


def test_a_list_shows_it_masked_and_says_how_it_opens(nurse, watched):
    cast.care(nurse, watched, source=Source.IMPORT)
    with cast.acting(nurse):
        row = lists.recent(nurse)["rows"][0]
    assert (row["glass"], row["masked"], row["locked"]) == (True, True, False)
    assert "Watched" not in row["name"]
    assert "opens in an emergency only" in cast.words(cast.browser(nurse).get("/", secure=True))


def test_the_desk_needs_a_fresh_factor_for_registering_and_billing(watched):
    for role, names in (
        ("receptionist", ("patient", "billing")),
        ("finance", ("patient", "billing")),
    ):
        desk = cast.browser(cast.staff(role))
        assert [status(desk, watched, name) for name in names] == [200, 200]
        stale = cast.stale(cast.browser(cast.staff(role)))
        assert [status(stale, watched, name) for name in names] == [302, 302]


@pytest.mark.parametrize("kind", StaffLink.Kind.values)
@pytest.mark.parametrize("role", ["physician", "nurse", "receptionist", "finance"])
def test_the_own_record_and_close_family_are_refused_with_a_reason(role, kind):
    user, own = cast.staff(role), cast.patient("Kin")
    if role in {"physician", "nurse"}:
        cast.care(user, own)
    staff_links.declare(patient_id=own.pk, colleague=user, kind=kind, by=None)
    reason = "your own record" if kind == "self" else "close family"
    response = cast.browser(user).get(url("patient", own), secure=True)
    assert response.status_code == 403
    assert reason in cast.words(response)
    assert "Request access" not in cast.words(response)
    for permission in ROLES[role].grants:
        for purpose in purposes_of(user):
            assert not decide(user, permission, own.pk, str(purpose)).is_reachable, permission
    for category in Category:
        assert not Patient.objects.visible_to(user, category).filter(pk=own.pk).exists()


def test_outside_reach_too_the_reason_is_told(nurse):
    own = cast.patient("Self")
    staff_links.declare(patient_id=own.pk, colleague=nurse, kind="self", by=None)
    response = cast.browser(nurse).get(url("patient", own), secure=True)
    assert response.status_code == 403
    assert "your own record" in cast.words(response)


@pytest.mark.parametrize("kind", ["self", "child", "partner"])
def test_no_emergency_opens_them(nurse, kind):
    own = cast.patient("Kin")
    staff_links.declare(patient_id=own.pk, colleague=nurse, kind=kind, by=None)
    client, response = broken(nurse, own)
    assert response.status_code == 403
    with cast.acting(nurse) as here:
        here.session_bond = "one"
        with pytest.raises(emergencies.NotForYou):
            emergencies.break_glass(patient_id=own.pk, code="life", reason=WHY, by=nurse)
    assert not BreakGlass.objects.exists()
    assert (
        client.post(url("access_request", own), {"reason": WHY, "days": 5}, secure=True).status_code
        == 403
    )


def test_a_link_made_meanwhile_closes_an_open_emergency(nurse):
    own = cast.patient("Kin")
    client, _response = broken(nurse, own)
    assert status(client, own) == 200
    staff_links.declare(patient_id=own.pk, colleague=nurse, kind="sibling", by=None)
    assert status(client, own) == 403


def test_the_desk_notes_and_ends_a_link_and_the_chart_becomes_an_employees(nurse):
    own, desk = cast.patient("Kin"), cast.staff("receptionist")
    client = cast.browser(desk)
    sent = {"colleague": str(nurse.pk), "kind": "self"}
    assert client.post(url("staff_links", own), sent, secure=True).status_code == 302
    assert Patient.objects.get(pk=own.pk).confidentiality == "employee"
    told = cast.events("patients.staff_link.declared")[0]
    assert set(told.subjects) == {own.pk, nurse.pk}
    assert client.post(url("staff_links", own), sent, secure=True).status_code == 422
    assert "The nurse" in cast.words(client.get(url("staff_links", own), secure=True))
    link = StaffLink.objects.get()
    ending = reverse("patients:staff_link_end", args=[own.pk, link.pk])
    assert client.post(ending, secure=True).status_code == 302
    assert not StaffLink.objects.in_force().exists()
    assert len(cast.events("patients.staff_link.ended")) == 1
    assert client.post(ending, secure=True).status_code == 403


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"colleague": "x", "kind": "self"},
        {"colleague": "", "kind": "child"},
        {"kind": "self"},
        {"kind": "cousin"},
    ],
)
def test_a_link_that_makes_no_sense_is_refused(sent, nurse):
    own, client = cast.patient(), cast.browser(cast.staff("receptionist"))
    sent = {"colleague": str(nurse.pk)} | sent
    if sent == {"colleague": str(nurse.pk)}:
        sent = {}
    if (
        set(sent) == {"colleague", "kind"}
        and sent["colleague"] == str(nurse.pk)
        and sent["kind"] == "self"
    ):
        sent["colleague"] = str(Patient().pk)
    response = client.post(url("staff_links", own), sent, secure=True)
    assert response.status_code in {200, 422}
    assert not StaffLink.objects.exists()


def test_only_the_desk_notes_links(nurse):
    own = cast.patient()
    cast.care(nurse, own)
    assert status(cast.browser(nurse), own, "staff_links") == 403
    assert status(cast.browser(cast.staff("administrator")), own, "staff_links") == 404
    assert not Event.objects.filter(action="patients.staff_link.declared").exists()


def test_the_access_page_says_which_rule_refuses(watched):
    desk = cast.browser(cast.staff("receptionist"))
    assert "Colleague or close family of one" in cast.words(
        desk.get(url("access", watched), secure=True)
    )


def test_a_form_of_the_glass_is_what_the_page_sends():
    assert set(FORM) == {"code", "reason", "minutes"}
    assert Permission.CLINICAL_REQUEST in ROLES["nurse"].grants
