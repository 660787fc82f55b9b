"""The pages of erasures and retention: officers work on them, others see nothing of them."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consent.models import Erasure, LegalHold, RetentionRule, RetentionRun, RightsRequest
from consent.services import certificates, erasing, erasures, holds
from security.ids import new_id
from tests import consenting, world
from tests.consent import erasing as making
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
REASON = "Asked for by letter"


@pytest.fixture
def book(tmp_path):
    with making.ledger(tmp_path) as place:
        yield place


def browser(user):
    return world.signed_in(user, world.factor_of(user))


def test_officers_plan_approve_and_take_the_certificate(book, monkeypatch):
    monkeypatch.setattr("consent.views.erasures.start", lambda request, row: None)
    clinic = world.clinic()
    planner, one, two = (browser(user) for user in making.officers())
    said = {"subject": clinic.patient.pk, "reason": REASON}
    answer = planner.post(reverse("consent:erasure_plan"), said, secure=True)
    row = Erasure.objects.get()
    place = reverse("consent:erasure", args=[row.pk])
    assert (answer.status_code, answer["Location"]) == (302, place)
    page = planner.get(place, secure=True).content.decode()
    assert "Art. 29" in page
    approve, agreed = (
        reverse("consent:erasure_approve", args=[row.pk]),
        {"plan_sha256": row.plan_sha256},
    )
    assert planner.post(approve, agreed, secure=True).status_code == 409
    assert one.post(approve, {"plan_sha256": "0" * 64}, secure=True).status_code == 409
    for officer in (one, two):
        assert officer.post(approve, agreed, secure=True).status_code == 302
    assert (
        "Step 0 of"
        in planner.get(
            reverse("consent:erasure_progress", args=[row.pk]), secure=True
        ).content.decode()
    )
    done = erasing.work(erasing.take())
    assert "Certificate of destruction" in planner.get(place, secure=True).content.decode()
    for paper, start in (("json", b"{"), ("en", b"%PDF"), ("zh", b"%PDF")):
        taken = one.get(reverse("consent:erasure_certificate", args=[row.pk, paper]), secure=True)
        assert taken.content.startswith(start)
        if paper == "json":
            assert certificates.is_genuine(json.loads(taken.content))
    assert done.number in planner.get(reverse("consent:erasures"), secure=True).content.decode()


def test_a_request_that_waits_is_planned_from_its_line(book):
    clinic = world.clinic()
    asked = RightsRequest.objects.create(
        number="R-1", kind="erasure", way="letter", subject_id=clinic.other.pk, patient=clinic.other,
        language="en", asked="Erase me",
    )  # fmt: skip
    said = {
        "subject": clinic.other.pk,
        "reason": "Asked for by the person R-1",
        "request": asked.pk,
    }
    officer = clinic.client("officer")
    unproved = officer.post(reverse("consent:erasure_plan"), said, secure=True)
    assert "First it has to be shown who asks." in unproved.content.decode()
    asked.identity_at = timezone.now()
    asked.advance()
    asked.save()
    officer = clinic.client("officer")
    assert "R-1" in officer.get(reverse("consent:erasures"), secure=True).content.decode()
    officer.post(reverse("consent:erasure_plan"), said, secure=True)
    row = Erasure.objects.get()
    assert (row.request_id, row.origin) == (asked.pk, "request")
    wrong = said | {"subject": clinic.patient.pk}
    assert officer.post(reverse("consent:erasure_plan"), wrong, secure=True).status_code == 422


def test_an_administrator_agrees_and_plans_nothing(book):
    clinic = world.clinic()
    planner = making.officers(1)[0]
    row = erasures.plan(patient_id=clinic.patient.pk, reason=REASON, by=planner)
    own = browser(planner).post(
        reverse("consent:erasure_approve", args=[row.pk]),
        {"plan_sha256": row.plan_sha256},
        secure=True,
    )
    assert own.status_code == 409
    event = cast.events("consent.change.refused")[0]
    assert (event.fields, event.subjects) == (["NotYours"], [clinic.patient.pk])
    administrator = clinic.client("administrator")
    page = administrator.get(
        reverse("consent:erasure", args=[row.pk]), secure=True
    ).content.decode()
    assert "Muster" not in page
    assert reverse("consent:erasure_give_up", args=[row.pk]) not in page
    approve = reverse("consent:erasure_approve", args=[row.pk])
    administrator.post(approve, {"plan_sha256": row.plan_sha256}, secure=True)
    assert row.approvals.count() == 1
    said = {"subject": clinic.other.pk, "reason": REASON}
    assert administrator.post(reverse("consent:erasure_plan"), said, secure=True).status_code == 403


@pytest.mark.parametrize("name", ["auditor", "physician", "receptionist"])
def test_who_does_not_work_on_rights_sees_none_of_it(name):
    clinic = world.clinic()
    for place in ("erasures", "retention_rules", "holds", "due"):
        assert clinic.client(name).get(reverse(f"consent:{place}"), secure=True).status_code == 403


@pytest.mark.parametrize(
    "place", ["erasure", "erasure_approve", "erasure_give_up", "hold_lift", "run", "run_approve"]
)
def test_what_is_not_there_is_not_found(place):
    officer = world.clinic().client("officer")
    address = reverse(f"consent:{place}", args=[new_id()])
    assert 404 in {
        officer.get(address, secure=True).status_code,
        officer.post(address, secure=True).status_code,
    }


def test_a_rule_is_changed_on_its_page():
    officer = world.clinic().client("officer")
    place = reverse("consent:retention_rule", args=["cn_outpatient"])
    said = {
        "version": 1, "months": 192, "days": 0, "minor_months": "", "article": "Art. 29", "is_on": "on",
        "reason": "The hospital keeps a year more",
    }  # fmt: skip
    assert "180" in officer.get(place, secure=True).content.decode()
    assert officer.post(place, said, secure=True).status_code == 302
    assert RetentionRule.objects.get().months == 192
    assert officer.post(place, said, secure=True).status_code == 422
    page = officer.get(reverse("consent:retention_rules"), secure=True).content.decode()
    assert "16 years" in page
    assert officer.get(reverse("consent:retention_rule", args=["none"])).status_code == 404


def test_what_lets_more_be_used_or_erased_wants_a_fresh_factor():
    clinic = world.clinic()
    officer = clinic.users["officer"]
    held = holds.set_hold(
        patient_id=clinic.patient.pk, until_on=None, reason="A court case", by=officer
    )
    stored = consenting.limit(clinic.patient, "storage")
    old, factor = cast.stale(clinic.client("officer")), reverse("security:step_up")
    for name, *args in (
        ("hold_lift", held.pk),
        ("retention_rule", "cn_outpatient"),
        ("restriction_lift", clinic.patient.pk, stored.pk),
    ):
        sent = old.post(reverse(f"consent:{name}", args=args), {"reason": REASON}, secure=True)
        assert sent.url.startswith(factor), name
    assert LegalHold.objects.in_force().exists()


def test_a_hold_is_set_and_lifted_on_its_page():
    clinic = world.clinic()
    officer = clinic.client("officer")
    place = reverse("consent:holds")
    day = timezone.localdate().isoformat()
    both = {"subject": clinic.patient.pk, "seen_from": day, "seen_until": day, "reason": REASON}
    assert officer.post(place, both, secure=True).status_code == 422
    assert officer.post(place, {"seen_from": day, "reason": REASON}, secure=True).status_code == 422
    assert officer.post(place, {"subject": new_id(), "reason": REASON}).status_code == 422
    said = {"seen_from": day, "seen_until": day, "reason": REASON}
    assert officer.post(place, said, secure=True).status_code == 302
    assert REASON in officer.get(place, secure=True).content.decode()
    lift = reverse("consent:hold_lift", args=[LegalHold.objects.get().pk])
    officer.post(lift, {"reason": "The court case is over"}, secure=True)
    assert not LegalHold.objects.in_force().exists()


def test_a_run_is_planned_and_approved_on_its_pages(monkeypatch):
    monkeypatch.setattr("consent.views.erasures.start", lambda request, row: None)
    clinic = world.clinic()
    with transaction.atomic():
        long_ago = datetime(2001, 1, 1, tzinfo=UTC)
        type(clinic.other)._base_manager.filter(pk=clinic.other.pk).update(
            last_activity_at=long_ago, created_at=long_ago
        )
    planner, other = (browser(user) for user in making.officers(2))
    due = reverse("consent:due")
    assert str(clinic.other.pk)[-12:] in planner.get(due, secure=True).content.decode()
    assert planner.post(due, secure=True).status_code == 302
    run = RetentionRun.objects.get()
    place, approve = (reverse(f"consent:{one}", args=[run.pk]) for one in ("run", "run_approve"))
    planner.post(approve, secure=True)
    assert RetentionRun.objects.get().approved_at is None
    other.post(approve, secure=True)
    assert Erasure.objects.get().state == Erasure.State.APPROVED
    assert run.number in other.get(place, secure=True).content.decode()


def test_the_list_takes_as_many_queries_for_ten_as_for_one():
    officer = making.officers(1)[0]
    client, place = browser(officer), reverse("consent:erasures")

    def counted():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(place, secure=True).status_code == 200
        return len(queries)

    def add(count):
        for _ in range(count):
            subject = new_id()
            Erasure.objects.create(
                number=subject.hex[-20:], subject_id=subject, planned_by=officer, reason="x",
                plan={"subjects": [str(subject)]},
            )  # fmt: skip

    add(1)
    counted()
    before = counted()
    add(9)
    assert counted() == before
