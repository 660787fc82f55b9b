"""Disclosing to third parties: on a ground, with what was looked at, agreed to by a second person, once."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.queries import records
from consent.models import Correction, Recipient, RightsRequest, Sharing
from consent.queries.leaving import Period
from consent.services import disclosures, permits, recipients
from patients.models import Condition, Disclosure
from security.access.gate import Refused
from security.models import Clearance, Export
from security.services import exports
from tests import consenting, world
from tests.consent.disclosing import (
    DAY,
    ELEMENTS,
    HERE,
    asked,
    authorise,
    clinic_under,
    made,
    prepared,
    taken,
)
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system", "folder")]


# The whole way


def test_exactly_what_was_looked_at_leaves_once_and_is_accounted_for(mia, doctor, officer, insurer):
    event = authorise(mia, insurer)
    row = prepared(mia, doctor, insurer)
    with cast.acting(doctor):
        seen = disclosures.lines(row, doctor)
    assert [one.text for one in seen] == ["Mia Muster", "Asthma", "Old cold"]
    cold = next(one.key for one in seen if one.text == "Old cold")
    export = asked(row, doctor, leave_out=[cold])
    made(export, doctor, officer)
    text = taken(export, doctor)
    assert "Asthma" in text
    assert "Mia Muster" in text
    for kept in ("Old cold", "Penicillin"):
        assert kept not in text
    with cast.acting(doctor), pytest.raises(exports.NotOpen):
        exports.open_file(export_id=export.pk, sign_in_ref=HERE, by=doctor)
    stored = Sharing.objects.get(pk=row.pk)
    assert (stored.state, stored.event_id) == ("left", event.pk)
    (noted,) = Disclosure.objects.filter(patient=mia)
    assert (noted.recipient, noted.ground, noted.legal_basis) == (
        insurer.name,
        "authorised",
        str(event.pk),
    )
    told = Event.objects.get(action="consent.disclosure.made")
    assert told.counts == {"items": 2}
    assert {f"source:{event.pk}", "recipient:insurer", "section:conditions"} <= set(told.fields)
    assert (told.subjects, told.purpose) == ([mia.pk], "TREAT")
    assert "Asthma" not in str(told.__dict__)
    assert not list(records.verify_rows([stored, noted]))
    assert Export.objects.get(pk=export.pk).file_id is None


def test_a_period_leaves_out_what_lies_outside(mia, doctor, insurer):
    authorise(mia, insurer)
    period = Period(since=timezone.localdate() - 30 * DAY)
    row = prepared(mia, doctor, insurer, sections=["conditions"], period=period)
    with cast.acting(doctor):
        assert [one.text for one in disclosures.lines(row, doctor)] == ["Asthma"]


# Grounds and laws


@pytest.mark.parametrize(
    ("laws", "ground", "asks"),
    [
        (["hipaa"], "payment", False),
        (["hipaa", "pipl"], "payment", True),
        (["pipl"], "treatment", False),
        (["pipl"], "court", False),
        (["gdpr"], "research", True),
        (["gdpr"], "other", True),
        ([], "operations", True),
    ],
)
def test_a_ground_asks_for_an_authorisation_where_a_law_of_the_clinic_does(laws, ground, asks):
    if laws:
        clinic_under(*laws)
    assert permits.needs_authorisation(ground) is asks


def test_what_the_law_orders_names_its_provision_and_waits_for_nobody(mia, doctor, insurer):
    with pytest.raises(permits.NotPermitted):
        prepared(mia, doctor, insurer, ground="court")
    consenting.limit(
        mia, "objection", purpose=consenting.purpose("billing", grounds=consenting.CARE)
    )
    assert (
        prepared(mia, doctor, insurer, ground="court", legal_basis="Order 12/26").event_id is None
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"ground": "mistake"},
        {"ground": "nonsense"},
        {"sections": []},
        {"sections": ["nonsense"]},
        {"sections": ["numbers"]},
        {"why": " "},
        {"sections": ["immunizations"]},
    ],
)
def test_what_is_not_permitted_is_refused_with_a_reason(mia, doctor, insurer, fields):
    authorise(mia, insurer)
    with pytest.raises(Refused) as refused:
        prepared(mia, doctor, insurer, **fields)
    assert str(refused.value.reason)


# Health plans


@pytest.mark.parametrize(
    ("kind", "ground", "sections", "goes"),
    [
        ("health_plan", "payment", ["person"], False),
        ("health_plan", "authorised", ["bills"], False),
        ("health_plan", "authorised", ["conditions"], True),
        ("health_plan", "law", ["person"], True),
        ("provider", "payment", ["person"], True),
    ],
)
def test_who_pays_alone_keeps_the_health_plan_out(mia, doctor, kind, ground, sections, goes):
    clinic_under("hipaa")
    to = consenting.recipient("payer", kind=kind)
    authorise(mia, to, elements=ELEMENTS | {"recipients": ["payer"]})
    consenting.limit(mia, "self_pay", categories=["billing", "bill_diagnosis"])
    fields = {"ground": ground, "sections": sections, "legal_basis": "45 CFR 164.512(a)"}
    if goes:
        assert prepared(mia, doctor, to, **fields).pk
        return
    with pytest.raises(permits.PaidAlone):
        prepared(mia, doctor, to, **fields)


# What is specially protected


def test_protected_entries_stay_unless_the_authorisation_names_them(mia, doctor, insurer):
    hidden = Condition(
        patient=mia, status="active", occurred_at=timezone.now(), confidentiality="R"
    )
    hidden.code_text = "HIV infection"
    hidden.enclose()
    hidden.save()
    authorise(mia, insurer)
    row = prepared(mia, doctor, insurer)
    with cast.acting(doctor):
        shown = disclosures.lines(row, doctor)
    assert "HIV" not in str(shown)
    assert [one.is_locked for one in shown].count(True) == 1
    assert str(hidden.pk) not in str(row.items)
    with pytest.raises(permits.NotPermitted):
        prepared(mia, doctor, insurer, with_protected=True)
    Clearance.objects.create(user=doctor, reason="HIV clinic")
    with pytest.raises(permits.NeedsAuthorisation):
        prepared(mia, doctor, insurer, with_protected=True)
    authorise(mia, insurer, elements=ELEMENTS | {"restricted": True})
    row = prepared(mia, doctor, insurer, with_protected=True)
    assert str(hidden.pk) in str(row.items)


# Recipients, pages


def test_a_key_names_one_recipient_for_good(officer):
    described = recipients.Described("plan", "Plan", "health_plan", "Street 1", "CN")
    row = recipients.register(described=described, by=officer)
    with pytest.raises(recipients.KnownAlready):
        recipients.register(described=described, by=officer)
    recipients.retire(recipient_id=row.pk, by=officer)
    with pytest.raises(recipients.RetiredAlready):
        recipients.retire(recipient_id=row.pk, by=officer)
    with pytest.raises(recipients.KnownAlready):
        recipients.register(described=described, by=officer)
    assert Event.objects.filter(action__startswith="consent.recipient.").count() == 2


def test_the_pages_lead_from_the_plan_to_the_file():
    clinic = world.clinic()
    client, patient = clinic.client("physician"), clinic.patient.pk
    officer = clinic.client("officer")
    said = {
        "name": "Anhe Insurance",
        "key": "insurer",
        "kind": "health_plan",
        "contact": "Street 1",
        "country": "cn",
    }
    assert (
        officer.post(
            reverse("consent:recipient_new"), said | {"country": "c1"}, secure=True
        ).status_code
        == 422
    )
    assert officer.post(reverse("consent:recipient_new"), said, secure=True).status_code == 302
    to = Recipient.objects.get(key="insurer", country="CN")
    authorise(clinic.patient, to)
    new = reverse("consent:disclosure_new", args=[patient])
    purpose = consenting.purpose("billing", grounds=consenting.CARE)
    plan = {
        "recipient": to.pk, "processing": purpose.pk, "ground": "authorised", "sections": ["conditions"],
        "why": "The insurance asks for it",
    }  # fmt: skip
    assert (
        client.post(
            new, plan | {"since": "2026-02-01", "until": "2026-01-01"}, secure=True
        ).status_code
        == 422
    )
    assert client.post(new, plan | {"sections": ["numbers"]}, secure=True).status_code == 422
    page = client.post(new, plan, secure=True, follow=True)
    row = Sharing.objects.get(patient=patient)
    assert "Asthma" in cast.words(page)
    url = reverse("consent:disclosure", args=[patient, row.pk])
    for name in ("officer", "auditor", "finance"):
        shown = cast.words(clinic.client(name).get(url, secure=True))
        assert "The insurance asks for it" in shown
        assert "Asthma" not in shown
    assert clinic.client("other_physician").get(url, secure=True).status_code == 404
    assert (
        client.get(
            reverse("consent:disclosure", args=[clinic.other.pk, row.pk]), secure=True
        ).status_code
        == 404
    )
    ask = reverse("consent:disclosure_ask", args=[patient, row.pk])
    assert client.post(ask, {"version": row.version, "kind": "csv"}, secure=True).status_code == 422
    sent = {"version": row.version, "kind": "csv", "keys": [f"conditions.{clinic.condition.pk}"]}
    assert client.post(ask, sent, secure=True)["Location"] == reverse("security:exports")
    assert "Anhe Insurance" in cast.words(officer.get(reverse("consent:disclosures"), secure=True))
    assert "Anhe Insurance" in cast.words(
        client.get(reverse("consent:disclosures_of", args=[patient]), secure=True)
    )
    gone = client.post(reverse("consent:disclosure_cancel", args=[patient, row.pk]), secure=True)
    assert gone.status_code == 302
    assert Export.objects.get().state == "cancelled"


def test_the_list_costs_the_same_for_many_and_opens_nothing():
    clinic = world.clinic()
    client, url, counts = clinic.client("officer"), reverse("consent:disclosures"), []
    client.get(url, secure=True)
    to = consenting.recipient()
    for more in (1, 9):
        for one in cast.patients(more):
            consenting.sharing(one, to, clinic.users["physician"], why="Nobody reads this")
        with cast.CaptureQueries() as made_queries:
            page = client.get(url, secure=True)
        assert page.content.count(b"c-list__row") == Sharing.objects.count()
        counts.append(len(made_queries))
    assert counts[0] == counts[1]
    assert b"Nobody reads this" not in page.content


def test_what_the_person_disagrees_with_goes_along_with_that_part(mia, doctor, officer, insurer):
    request = RightsRequest.objects.create(
        number="R-7", kind="rectification", way="staff", subject_id=mia.pk, patient=mia, language="en",
        asked="x",
    )  # fmt: skip
    now, says = (
        timezone.now(),
        {"wrong": "Asthma", "right": "None", "disagreement": "I never had it"},
    )
    for area in ("clinical", "billing"):
        Correction.objects.create(
            request=request, patient=mia, area=area, verdict="refused", decided_at=now, disagreed_at=now,
            decided_by=doctor, proposed_by=officer, **says | {"disagreement": f"{area}: never"},
        )  # fmt: skip
    authorise(mia, insurer)
    row = prepared(mia, doctor, insurer)
    beside = [f"{one[0]}.{one[1]}" for one in row.items if one[0] == "beside"]
    export = asked(row, doctor, leave_out=beside)
    made(export, doctor, officer)
    text = taken(export, doctor)
    assert "clinical: never" in text
    assert "billing: never" not in text
