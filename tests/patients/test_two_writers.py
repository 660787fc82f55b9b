"""Two people write the same entry at the same moment, many times: no update is lost in silence."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import close_old_connections, connections

from patients.models import Condition, RecordVersion
from security import trail
from tests import database
from tests.patients import cast
from tests.patients.charts import reader
from tests.patients.writing import add_url, corrected, only, sent, url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clean():
    yield
    database.empty()


@pytest.mark.prove(step=2, full=200)
def test_of_two_who_save_at_once_one_is_told_and_nothing_is_lost(system, clean, rounds):
    patient = cast.patient()
    people = [cast.browser(reader(role, patient)) for role in ("physician", "nurse")]
    people[0].post(add_url(patient, "conditions"), sent("conditions"))
    address, together = url(only("conditions"), "conditions"), Barrier(2)

    def save(who, number, version):
        together.wait()
        try:
            form = corrected("conditions", version, notes=f"round {number} of {who}")
            return people[who].post(address, form).status_code
        finally:
            connections.close_all()

    written = []
    with ThreadPoolExecutor(2) as pool:
        for number in range(rounds):
            version = Condition.objects.get().version
            answers = list(pool.map(lambda who: save(who, number, version), (0, 1)))  # noqa: B023
            assert sorted(answers) == [302, 409]
            written.append(f"round {number} of {answers.index(302)}")
    close_old_connections()
    with trail.acting_for(system="tests", purpose="HOPERAT"):
        kept = [*RecordVersion.objects.order_by("row_version")]
        assert Condition.objects.get().version == rounds + 1 == len(kept) + 1
        assert Condition.objects.get().notes[0]["text"] == written[-1]
    assert len(cast.events("patients.item.corrected")) == rounds
