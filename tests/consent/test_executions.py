"""A request is granted once it was carried out here, or somebody says that it was done elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from consent.models import Correction, Erasure, RecordCopy, RightsRequest, RightsScan
from consent.queries import executions
from consent.services import request_steps, requests
from consent.services.requests import Answer
from patients.models import PortalAccount
from patients.services import disclosures
from tests import consenting, world
from tests.consent import requesting as asking

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def officer():
    return asking.officer()


@pytest.fixture
def mia():
    return asking.patient()


def of(kind, mia, officer):
    """Note a request whose asker is known."""
    now = timezone.now() - timedelta(hours=1)
    return asking.proved(asking.receive(mia, officer, kind, received_at=now), officer)


def grant(row, officer, *, is_elsewhere=False):
    row.refresh_from_db()
    answer = Answer("granted", "Done.", is_elsewhere=is_elsewhere)
    return requests.close(request_id=row.pk, version=row.version, answer=answer, by=officer)


def copied(row, officer):
    RecordCopy.objects.create(
        request=row, subject_id=row.subject_id, patient=row.patient, language="en",
        asked_by=officer, state="ready",
    )  # fmt: skip


def corrected(row, officer):
    Correction.objects.create(
        request=row, patient=row.patient, area="demographics", proposed_by=officer,
        verdict="accepted", decided_at=timezone.now(), decided_by=asking.officer(),
    )  # fmt: skip


def erased(row, officer, scopes=()):
    Erasure.objects.create(
        subject_id=row.subject_id, patient=row.patient, origin="request", request=row, state="done",
        number="ER-1", planned_by=officer, ended_at=timezone.now(),
        plan={"subjects": [str(row.subject_id)], "scopes": list(scopes), "loose": {}, "holds": []},
    )  # fmt: skip


def restricted(row, officer):
    request_steps.restrict(request_id=row.pk, version=row.version, purpose=None, by=officer)


def objected(row, officer):
    request_steps.restrict(
        request_id=row.pk, version=row.version, purpose=consenting.purpose(), by=officer
    )


def withdrawn(row, officer):
    consenting.allow(row.patient, state="withdrawn", since=timezone.now())


def accounted(row, officer):
    disclosures.account(patient_id=row.patient_id, count=0, by=officer)


@pytest.mark.parametrize(
    ("kind", "deed"),
    [
        ("access", copied), ("portability", copied), ("rectification", corrected), ("erasure", erased),
        ("restriction", restricted), ("objection", objected), ("objection", withdrawn),
        ("accounting", accounted),
    ],
)  # fmt: skip
def test_what_was_not_carried_out_is_not_granted_in_silence(mia, officer, kind, deed):
    row = of(kind, mia, officer)
    with pytest.raises(requests.NotCarriedOut, match="Do it first"):
        grant(row, officer)
    by_hand = grant(of(kind, asking.patient(), officer), officer, is_elsewhere=True)
    assert (by_hand.state, by_hand.carried_out) == ("granted", "elsewhere")
    deed(row, officer)
    assert executions.of(row).is_done
    assert grant(row, officer).carried_out == "here"


@pytest.mark.parametrize("kind", ["explanation", "complaint"])
def test_what_the_letter_itself_answers_needs_nothing_more(mia, officer, kind):
    assert grant(of(kind, mia, officer), officer).carried_out == ""


def test_what_a_law_keeps_is_granted_in_part_alone(mia, officer):
    row = of("erasure", mia, officer)
    stored = {
        "scope": "record",
        "action": "store",
        "until": "2041-01-01",
        "rule": "x",
        "article": "y",
    }
    erased(row, officer, [stored])
    with pytest.raises(requests.NotCarriedOut, match="in part"):
        grant(row, officer)


def test_an_objection_is_followed_before_it_was_shown_who_asks(mia, officer):
    row = asking.receive(mia, officer, "objection")
    objected(row, officer)
    assert executions.of(row).is_done


def test_the_closure_of_an_account_is_done_at_the_desk(mia, officer):
    account = world.person(kind="patient", name="Mia")
    PortalAccount.objects.create(user=account, patient=mia, capacity="self")
    row = of("closure", mia, officer)
    with pytest.raises(requests.NotCarriedOut, match="still opens"):
        grant(row, officer)
    client = world.signed_in(officer, world.factor_of(officer))
    url = reverse("consent:request_accounts", args=[row.pk])
    row.refresh_from_db()
    assert client.post(url, {"version": row.version}, secure=True).status_code == 302
    account.refresh_from_db()
    assert not account.is_active
    assert grant(row, officer).carried_out == "here"


def test_scans_stay_with_the_request_and_are_read_on_the_trail(mia, officer):
    client = world.signed_in(officer, world.factor_of(officer))
    letter = SimpleUploadedFile("letter.txt", "请删除我的信息".encode(), "text/plain")
    said = {
        "kind": "erasure", "way": "letter", "received_on": timezone.localdate().isoformat(),
        "capacity": "self", "asked": "Erase me", "file": letter,
    }  # fmt: skip
    client.post(reverse("consent:request_new", args=[mia.pk]), said, secure=True)
    row, scan = RightsRequest.objects.get(), RightsScan.objects.get()
    assert (scan.request_id, scan.title, scan.subject_id) == (row.pk, "By letter", mia.pk)
    fetched = client.post(reverse("consent:scan", args=[scan.pk]), secure=True)
    assert fetched.content.decode() == "请删除我的信息"
    assert Event.objects.filter(action="consent.scan.fetched", subjects=[mia.pk]).exists()
    bad = {"title": "A program", "file": SimpleUploadedFile("x.pdf", b"MZ\x90", "application/pdf")}
    refused = client.post(reverse("consent:request_scan", args=[row.pk]), bad, secure=True)
    assert refused.status_code == 422
    assert Event.objects.filter(action="consent.scan.refused", outcome="refused").exists()
    assert (
        "By letter"
        in client.get(reverse("consent:request", args=[row.pk]), secure=True).content.decode()
    )
    assert RightsScan.objects.count() == 1
