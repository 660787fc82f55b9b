"""What ends an erasure before its keys are gone, and what ends with it."""

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import Event
from consent.models import Erasure, RecordCopy, RightsLetter
from consent.queries import retention
from consent.services import certificates, copies, erasing, erasures, holds, letters, requests
from patients.models import Condition, StaffLink
from security.backups import erasures as ledger
from security.sealing import files
from tests import world
from tests.consent import erasing as making
from tests.consent import requesting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def cast():
    return making.officers()


@pytest.fixture
def free(tmp_path):
    """Let no rule keep anything, as if every time were over; proof of consent stays."""
    with making.ledger(tmp_path):
        for rule in retention.rules():
            if rule.kind in {"outpatient", "bill", "disclosure", "prescription"}:
                rule.is_on = False
                rule.save()
        yield


def test_a_hold_that_comes_while_the_work_begins_stops_it_before_the_keys(free, cast, monkeypatch):
    clinic = world.clinic()
    row = erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=cast[0])
    making.agreed(row, *cast[1:])
    real = erasing.begin

    def begin(row):
        done = real(row)
        holds.set_hold(patient_id=clinic.patient.pk, until_on=None, reason="Court", by=cast[0])
        return done

    monkeypatch.setattr(erasing, "begin", begin)
    row = erasing.work(erasing.take())
    assert (row.state, row.steps_done) == (Erasure.State.GIVEN_UP, 0)
    assert Condition.objects.get().code_text == "Asthma"
    # What a hold stopped is not done after a restore either.
    assert [line.kind for line in ledger.read(ledger.path())] == ["intent", "given_up"]
    assert ledger.replay(ledger.read(ledger.path())) == (0, 0)
    assert Condition.objects.get().code_text == "Asthma"


def begun(clinic, cast):
    """Return an erasure whose process died before it destroyed anything."""
    row = erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=cast[0])
    making.agreed(row, *cast[1:])
    assert erasing.begin(erasing.take())
    Erasure.objects.update(moved_at=timezone.now() - erasing.STALLED * 2)
    return row


def test_a_visit_after_the_work_began_ends_it_before_the_keys(free, cast):
    clinic = world.clinic()
    begun(clinic, cast)
    with transaction.atomic():
        Condition.objects.create(patient=clinic.patient, code_text="Later")
    row = erasing.work(erasing.take())
    assert (row.state, row.steps_done) == (Erasure.State.GIVEN_UP, 0)
    assert Condition.objects.count() == 2
    assert not Event.objects.filter(action="security.key.destroyed").exists()


def test_begun_work_is_stopped_or_given_up_as_long_as_no_key_is_destroyed(free, cast):
    clinic = world.clinic()
    row = begun(clinic, cast)
    erasures.stop(erasure_id=row.pk, by=cast[0])
    assert erasing.work(erasing.take()).state == Erasure.State.STOPPED
    erasures.give_up(erasure_id=row.pk, reason="Not now", by=cast[0])
    certificates.settle()
    assert ledger.to_do(ledger.read(ledger.path())) == []
    assert Condition.objects.get().code_text == "Asthma"


def test_an_erasure_ends_with_the_request_that_asked_for_it(free, cast):
    clinic = world.clinic()
    clinic_of = {"subject_id": clinic.patient.pk, "by": cast[0]}
    with requesting.frozen():
        request = requests.receive(asked=requesting.asked("erasure"), **clinic_of)
    about = {"patient_id": clinic.patient.pk, "reason": "Asked for", "origin": "request"}
    with pytest.raises(erasures.Impossible, match="shown who asks"):
        erasures.plan(request_id=request.pk, by=cast[0], **about)
    request = requesting.proved(request, cast[0])
    row = erasures.plan(request_id=request.pk, by=cast[0], **about)
    making.agreed(row, *cast[1:])
    requests.withdraw(
        request_id=request.pk, version=request.version, reason="Changed my mind", by=cast[0]
    )
    row = erasing.work(erasing.take())
    assert row.state == Erasure.State.GIVEN_UP
    assert "taken back" in row.refusal
    assert Condition.objects.get().code_text == "Asthma"


def test_a_request_is_answered_once_its_record_is_erased(free, cast, monkeypatch):
    clinic = world.clinic()
    with requesting.frozen():
        request = requests.receive(
            asked=requesting.asked("erasure"), subject_id=clinic.patient.pk, by=cast[0]
        )
    request = requesting.proved(request, cast[0])
    making.erased(clinic.patient.pk, *cast, request=request)
    answer = requests.Answer("granted", "Everything was erased.")
    closed = requests.close(
        request_id=request.pk, version=request.version, answer=answer, by=cast[0]
    )
    assert closed.state == "granted"
    written = []
    monkeypatch.setattr(
        letters.printing, "pdf", lambda _name, said: written.append(said) or b"%PDF"
    )
    letters.print_out(letter_id=RightsLetter.objects.latest("pk").pk, by=cast[0])
    assert written[0]["to"] == []


def test_nobody_holds_or_lets_go_the_record_of_close_family(free, cast):
    clinic = world.clinic()
    about = {"patient_id": clinic.patient.pk, "until_on": None, "reason": "Court"}
    held = holds.set_hold(by=cast[0], **about)
    with transaction.atomic():
        StaffLink.objects.create(user=cast[1], patient=clinic.patient, kind="sibling")
    with pytest.raises(holds.NotYours):
        holds.lift(hold_id=held.pk, reason="Over", by=cast[1])
    with pytest.raises(holds.NotYours):
        holds.set_hold(by=cast[1], **about)


def test_lines_that_the_ledger_lost_are_written_again(free, cast):
    clinic = world.clinic()
    row = making.erased(clinic.patient.pk, *cast)
    before = [line.body["scopes"] for line in ledger.to_do(ledger.read(ledger.path()))]
    assert erasing.mend_ledger() == 0
    ledger.path().unlink()
    assert erasing.mend_ledger() == 1
    again = ledger.to_do(ledger.read(ledger.path()))
    assert [line.erasure for line in again] == [str(row.pk)]
    assert [line.body["scopes"] for line in again] == before


def test_an_archive_that_waits_to_be_fetched_goes_with_the_record(free, cast):
    clinic = world.clinic()
    with requesting.frozen():
        request = requests.receive(
            asked=requesting.asked(), subject_id=clinic.patient.pk, by=cast[0]
        )
    copies.begin(request_id=requesting.proved(request, cast[0]).pk, by=cast[0])
    copy = copies.produce(copy_id=RecordCopy.objects.get().pk)
    path = files.path_of(copy.file_id)
    assert path.exists()
    making.erased(clinic.patient.pk, *cast)
    copy = RecordCopy.objects.get()
    assert (copy.state, copy.file_id, copy.passphrase) == (RecordCopy.State.CANCELLED, None, "")
    with pytest.raises(copies.NotReady):
        copies.fetch(copy_id=copy.pk, by=cast[0])
