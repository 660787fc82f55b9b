"""A disclosure to somebody abroad asks the cross-border register, and is counted as it leaves."""

import pytest

from consent.models import TransferPerson
from consent.queries import abroad
from consent.queries.abroad import Crossing
from consent.services import crossings, recipients
from consent.services.transfers import NotAllowed
from tests import consenting
from tests.consent import requesting
from tests.consent.conftest import recipient as overseas

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def crossing(patient, outside, *, is_leaving):
    return Crossing(patient.pk, outside, frozenset({"clinical"}), True, is_leaving)


def test_the_register_is_asked_about_every_crossing():
    assert crossings.ask in abroad.gates


@pytest.mark.parametrize(
    ("zone", "country", "is_abroad"),
    [("Asia/Shanghai", "US", True), ("Asia/Shanghai", "CN", False), ("Europe/Berlin", "US", False)],
)
def test_a_tick_that_was_forgotten_opens_no_border(officer, zone, country, is_abroad):
    requesting.clinic("pipl", zone=zone)
    described = recipients.Described("lab", "Lab", "provider", "lab@lab.example", country)
    assert recipients.register(described=described, by=officer).is_abroad is is_abroad


def test_who_is_abroad_and_in_no_register_gets_nothing(mia):
    outside = consenting.recipient()
    for is_leaving in (False, True):
        with pytest.raises(NotAllowed):
            crossings.ask(crossing(mia, outside, is_leaving=is_leaving))
    assert not TransferPerson.objects.exists()


def test_what_leaves_is_counted_once_and_what_is_prepared_is_not(mia, register):
    outside = consenting.recipient()
    overseas(register, key=outside.key, categories=["clinical"])
    crossings.ask(crossing(mia, outside, is_leaving=False))
    assert not TransferPerson.objects.exists()
    crossings.ask(crossing(mia, outside, is_leaving=True))
    crossings.ask(crossing(mia, outside, is_leaving=True))
    assert TransferPerson.objects.get().patient_id == mia.pk
