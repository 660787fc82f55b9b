"""Reception gives waiting patients a responsible doctor: all of the ticked ones, or none."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import State
from patients.models import CareRelationship, Patient
from patients.queries import colleagues, waiting
from patients.services import responsibilities
from security.access.gate import Refused
from tests import world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
LIST, ASSIGN = "patients:unassigned", "patients:assign"


@pytest.fixture
def doctor():
    return cast.staff("physician", name="Dr Lin")


@pytest.fixture
def desk():
    return cast.staff("receptionist")


def give(client, *patients, to):
    ids = [getattr(one, "pk", one) for one in patients]
    return client.post(reverse(ASSIGN), {"patients": ids, "doctor": getattr(to, "pk", to)})


def test_the_list_shows_who_waits_and_who_may_be_given(desk, doctor):
    waits, given = cast.patient(given="Ida"), cast.patient(given="Ada")
    cast.care(doctor, given)
    response = cast.browser(desk).get(reverse(LIST))
    text = cast.words(response)
    assert "Ida Muster" in text
    assert "Ada Muster" not in text
    assert "Dr Lin" in text
    assert str(waits.pk) in response.content.decode()


def test_ticked_patients_get_the_doctor_and_the_deed_is_told(desk, doctor):
    ida, ada = cast.patient(given="Ida"), cast.patient(given="Ada")
    client = cast.browser(desk)
    response = give(client, ida, ada, to=doctor)
    assert response.status_code == 302
    assert "2 patients given." in cast.words(client.get(response.url))
    rows = CareRelationship.objects.filter(user=doctor, source="responsible", granted_by=desk)
    assert {row.patient_id for row in rows} == {ida.pk, ada.pk}
    event = cast.events("patients.relationship.granted")[-1]
    assert set(event.subjects) == {ida.pk, ada.pk}
    assert event.actor_id == desk.pk
    assert State.objects.filter(event_id=event.pk).count() == 2
    opened = cast.browser(doctor).get(reverse("patients:patient", args=[ida.pk]))
    assert opened.status_code == 200


@pytest.mark.parametrize(
    ("ticked", "to", "says"),
    [
        ([], "doctor", "Tick at least one patient."),
        (["ida"], "", "Choose the doctor."),
        (["ida"], "01890a5d-ac96-774b-bcce-b302099a8057", "This person does not care for patients any more."),
        (["ida"], "' OR 1=1 --", "This person does not care for patients any more."),
        (["x"], "doctor", "The list has changed. Please tick again."),
        (["ida", *(f"01890a5d-ac96-774b-bcce-{n:012d}" for n in range(200))], "doctor", "at most 200"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_right_says_what_is_missing(desk, doctor, ticked, to, says):
    ida = cast.patient(given="Ida")
    ids = [ida.pk if one == "ida" else one for one in ticked]
    response = give(cast.browser(desk), *ids, to=doctor.pk if to == "doctor" else to)
    assert response.status_code == 422
    assert says in cast.words(response)
    assert ("checked" in response.content.decode()) is (ida.pk in ids)
    assert not CareRelationship.objects.exists()


@pytest.mark.parametrize("role", ["finance", "auditor", "compliance_officer", "receptionist"])
def test_only_who_cares_for_patients_may_be_chosen(desk, role):
    other, ida = cast.staff(role), cast.patient()
    assert give(cast.browser(desk), ida, to=other).status_code == 422
    assert str(other.pk) not in dict(colleagues.clinicians())
    with cast.acting(desk), pytest.raises(Refused):
        responsibilities.give(patient_ids=[ida.pk], clinician=other, is_fresh=True, by=desk)


def test_who_left_is_not_offered(doctor):
    gone = world.person("physician", name="Gone", is_active=False)
    past = world.person("nurse", name="Past", ends_on="2020-01-01")
    offered = dict(colleagues.clinicians())
    assert str(doctor.pk) in offered
    assert not {str(gone.pk), str(past.pk)} & set(offered)


def test_a_patient_given_meanwhile_is_not_given_twice(desk, doctor):
    ida, ada = cast.patient(given="Ida"), cast.patient(given="Ada")
    cast.care(doctor, ida)
    response = give(cast.browser(desk), ida, ada, to=cast.staff("physician"))
    assert response.status_code == 422
    assert "Somebody else has just given one of these patients a doctor." in cast.words(response)
    assert not CareRelationship.objects.filter(patient=ada).exists()


def test_a_patient_who_is_not_there_is_refused_and_nothing_is_written(desk, doctor):
    ida = cast.patient()
    response = give(cast.browser(desk), ida, "01890a5d-ac96-774b-bcce-b302099a8057", to=doctor)
    assert response.status_code == 403
    assert "One of these patients is not open to you." in cast.words(response)
    assert not CareRelationship.objects.exists()
    assert cast.events("security.access.refused")


def test_a_confidential_patient_asks_for_a_fresh_factor(desk, doctor):
    vip = cast.patient(confidentiality="vip")
    client = cast.stale(cast.browser(desk))
    response = give(client, vip, to=doctor)
    assert response.url.startswith(reverse("security:step_up"))
    assert not CareRelationship.objects.exists()
    with cast.acting(desk), pytest.raises(responsibilities.NotYours):
        responsibilities.give(patient_ids=[vip.pk], clinician=doctor, is_fresh=False, by=desk)
    assert give(cast.browser(desk), vip, to=doctor).status_code == 302


@pytest.mark.parametrize(
    "role", ["physician", "nurse", "finance", "engagement", "auditor", "administrator"]
)
def test_nobody_else_lists_or_gives(doctor, role):
    ida, client = cast.patient(), cast.browser(cast.staff(role))
    assert client.get(reverse(LIST)).status_code == 403
    assert give(client, ida, to=doctor).status_code == 403
    assert not CareRelationship.objects.exists()


def test_the_number_of_queries_does_not_grow_with_those_who_wait(desk, monkeypatch):
    cast.patients(25)
    counts = []
    for size in (1, 25):
        monkeypatch.setattr(waiting, "PAGE", size)
        with cast.acting(desk), CaptureQueriesContext(connection) as made:
            assert len(waiting.page(desk)["rows"]) == size
        counts.append(len(made))
    # One more asks whether anything of anybody is closed by law.
    assert counts[0] == counts[1] <= 6


def test_pages_show_everybody_who_waits_once(desk, monkeypatch):
    monkeypatch.setattr(waiting, "PAGE", 3)
    cast.patients(8)
    client, url, seen = cast.browser(desk), reverse(LIST), []
    while url:
        shown = client.get(url).context["page"]
        seen += [row["id"] for row in shown["rows"]]
        url = reverse(LIST) + shown["next_url"] if shown["next_url"] else None
    assert sorted(seen) == sorted(str(pk) for pk in Patient.objects.values_list("pk", flat=True))


def test_the_deed_and_its_event_fail_together(desk, doctor, monkeypatch):
    ida = cast.patient()

    def fail(*_all, **_more):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("patients.services.relationships.trail.record", fail)
        with cast.acting(desk), pytest.raises(RuntimeError):
            responsibilities.give(patient_ids=[ida.pk], clinician=doctor, is_fresh=True, by=desk)
    assert not CareRelationship.objects.exists()
