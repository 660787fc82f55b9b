"""What patients ask about, and what the product finds about itself, stands as an alert at once."""

import pytest
from django.db import transaction

from audit.models import Event
from audit.services import questions
from security import trail
from tests.audit.watching import event, watched
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def test_an_access_that_a_patient_does_not_recognise_is_an_alert_about_whose_it_was():
    nurse, officer, mia = cast.staff("nurse"), cast.staff("compliance_officer"), cast.patient()
    opened = Event.objects.get(pk=event(nurse, mia))
    with cast.acting(officer, "PATRQT"):
        questions.ask(patient_id=mia.pk, event_id=opened.pk, words="Who is this?", by=officer)
    (alert,) = [one for one in watched() if one.rule == "R21"]
    assert (alert.actor_id, alert.response) == (nurse.pk, "alert")
    assert mia.pk in alert.subjects


@pytest.mark.parametrize("action", ["audit.records.found_tampered", "security.backup.failed"])
def test_what_a_check_finds_is_one_alert_about_nobody(action):
    for _round in range(2):
        with transaction.atomic():
            trail.record(action, outcome="failed")
    found = [one for one in watched() if one.rule == "R22"]
    assert [one.actor_id for one in found] == [None]
    assert len(found[0].events) == 2
