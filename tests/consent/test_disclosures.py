"""Disclosing to third parties: on a ground, with what was looked at, agreed to by a second person, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.queries import records
from consent.models import Consent, Recipient, Sharing
from consent.queries import abroad
from consent.queries.leaving import Period
from consent.services import disclosures, permits, recipients
from patients.models import AllergyIntolerance, Condition, Disclosure
from security.access.gate import Refused
from security.models import Clearance, ClinicProfile, Export
from security.services import exports
from tests import consenting, world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
HERE, DAY = "this sign-in", timedelta(days=1)
ELEMENTS = {
    "recipients": ["insurer"],
    "categories": ["demographics", "clinical", "billing"],
    "expiry": "End of the claim",
}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def mia():
    row = cast.patient(record_number="R-1")
    now = timezone.now()
    Condition.objects.create(patient=row, code_text="Asthma", status="active", occurred_at=now)
    Condition.objects.create(
        patient=row, code_text="Old cold", status="resolved", occurred_at=now - 900 * DAY
    )
    AllergyIntolerance.objects.create(patient=row, code_text="Penicillin", occurred_at=now)
    return row


@pytest.fixture
def doctor(mia):
    user = cast.staff("physician")
    cast.care(user, mia)
    return user


@pytest.fixture
def officer():
    return cast.staff("compliance_officer")


@pytest.fixture
def insurer():
    return consenting.recipient()


def clinic_under(*laws):
    ClinicProfile.objects.create(
        unit=world.team("Clinic"), name="Clinic", laws=list(laws), languages=["en"], time_zone="UTC"
    )


def authorise(patient, to, **fields):
    """Let a patient authorise sharing with a recipient, with all that the law wants."""
    given = {"channel": to.key, "elements": ELEMENTS} | fields
    return consenting.allow(patient, of=consenting.purpose("sharing"), **given)


def planned(to, **fields):
    usual = {
        "recipient": to,
        "processing": consenting.purpose("billing", grounds=consenting.CARE),
        "ground": "authorised",
        "sections": ["person", "conditions"],
        "why": "Claim of the patient",
    }
    return disclosures.Planned(**(usual | fields))


def prepared(patient, by, to, **fields):
    with cast.acting(by):
        return disclosures.prepare(patient_id=patient.pk, planned=planned(to, **fields), by=by)


def asked(row, by, leave_out=()):
    with cast.acting(by):
        keys = {f"{one[0]}.{one[1]}" for one in row.items} - set(leave_out)
        return disclosures.ask(
            sharing_id=row.pk, version=row.version, keys=keys, kind="csv", by=by
        )[1]


def made(export, by, officer):
    with cast.acting(officer):
        exports.approve(export_id=export.pk, by=officer)
    with cast.acting(by):
        exports.prepare(export_id=export.pk, sign_in_ref=HERE, by=by)
    return exports.produce(export_id=export.pk)


def taken(export, by):
    with cast.acting(by):
        return exports.open_file(export_id=export.pk, sign_in_ref=HERE, by=by)[1].decode(
            "utf-8-sig"
        )


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


# Withdrawn, expired, restricted: at every step


def withdraw(mia, insurer):
    authorise(mia, insurer, state="withdrawn")


def expire(mia, insurer):
    Consent.objects.update(until=timezone.now())


def another_recipient(mia, insurer):
    authorise(mia, insurer, elements=ELEMENTS | {"recipients": ["somebody"]})


def fewer_data(mia, insurer):
    authorise(mia, insurer, elements=ELEMENTS | {"categories": ["demographics"]})


def no_end(mia, insurer):
    authorise(mia, insurer, elements=ELEMENTS | {"expiry": ""})


def nothing_named(mia, insurer):
    authorise(mia, insurer, elements={})


def restricted(mia, insurer):
    consenting.limit(mia, "restricted")


def objected(mia, insurer):
    consenting.limit(mia, "objection", purpose=consenting.purpose("billing"))


def stored_only(mia, insurer):
    consenting.limit(mia, "storage")


def retired(mia, insurer):
    Recipient.objects.update(retired_at=timezone.now())


ENDS = [
    withdraw, expire, another_recipient, fewer_data, no_end, nothing_named, restricted, objected, stored_only,
    retired,
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_before_the_download_refuses_the_prepared_file(
    mia, doctor, officer, insurer, end
):
    authorise(mia, insurer)
    export = asked(prepared(mia, doctor, insurer), doctor)
    assert made(export, doctor, officer).state == "ready"
    end(mia, insurer)
    with pytest.raises(Refused):
        taken(export, doctor)
    assert not Disclosure.objects.exists()
    assert Sharing.objects.get().state == "asked"


@pytest.mark.parametrize("step", ["prepare", "ask", "make", "produce"])
def test_a_withdrawal_refuses_at_every_step_before_it(mia, doctor, officer, insurer, step):
    authorise(mia, insurer)
    if step == "prepare":
        withdraw(mia, insurer)
        with pytest.raises(permits.NeedsAuthorisation):
            prepared(mia, doctor, insurer)
        return
    row = prepared(mia, doctor, insurer)
    if step == "ask":
        withdraw(mia, insurer)
        with pytest.raises(permits.NeedsAuthorisation):
            asked(row, doctor)
        assert not Export.objects.exists()
        return
    export = asked(row, doctor)
    if step == "make":
        withdraw(mia, insurer)
        with pytest.raises(permits.NeedsAuthorisation):
            made(export, doctor, officer)
        return
    with cast.acting(officer):
        exports.approve(export_id=export.pk, by=officer)
    with cast.acting(doctor):
        exports.prepare(export_id=export.pk, sign_in_ref=HERE, by=doctor)
    withdraw(mia, insurer)
    refused = exports.produce(export_id=export.pk)
    assert (refused.state, refused.file_id) == ("refused", None)
    assert "withdrew" in refused.refusal


@pytest.mark.parametrize("end", [None, *ENDS[:6]])
def test_without_an_authorisation_that_covers_it_nothing_is_prepared(mia, doctor, insurer, end):
    if end is not None:
        authorise(mia, insurer)
        end(mia, insurer)
    with pytest.raises(permits.NeedsAuthorisation):
        prepared(mia, doctor, insurer)
    assert not Sharing.objects.exists()


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


# Attacks


def test_what_changed_since_it_was_looked_at_does_not_leave(mia, doctor, officer, insurer):
    authorise(mia, insurer)
    export = asked(prepared(mia, doctor, insurer), doctor)
    asthma = Condition.objects.filter(patient=mia).order_by("-occurred_at").first()
    asthma.code_text = "Tuberculosis"
    asthma.advance()
    asthma.save()
    refused = made(export, doctor, officer)
    assert refused.state == "refused"
    assert not Disclosure.objects.exists()


def test_items_that_were_never_looked_at_can_not_be_slipped_in(mia, doctor, insurer):
    authorise(mia, insurer)
    row = prepared(mia, doctor, insurer)
    allergy = AllergyIntolerance.objects.get(patient=mia)
    with cast.acting(doctor), pytest.raises(disclosures.NothingToDisclose):
        disclosures.ask(
            sharing_id=row.pk,
            version=row.version,
            keys={f"allergies.{allergy.pk}"},
            kind="csv",
            by=doctor,
        )


def test_nobody_asks_for_somebody_elses_disclosure_nor_twice(mia, doctor, officer, insurer):
    authorise(mia, insurer)
    row = prepared(mia, doctor, insurer)
    other = cast.staff("physician")
    cast.care(other, mia)
    with pytest.raises(disclosures.NotYours):
        asked(row, other)
    with cast.acting(other), pytest.raises(Refused):
        exports.request(
            asked=exports.Asked(
                "disclosure", {"disclosure": str(row.pk)}, "csv", "TREAT", "Mine now"
            ),
            by=other,
        )
    export = asked(row, doctor)
    row.refresh_from_db()
    with pytest.raises(disclosures.OverAlready):
        asked(row, doctor)
    made(export, doctor, officer)
    with cast.acting(doctor):
        disclosures.cancel(sharing_id=row.pk, by=doctor)
    with pytest.raises(exports.NotOpen):
        taken(export, doctor)
    assert Export.objects.get(pk=export.pk).state == "cancelled"


def test_a_second_file_of_the_same_disclosure_never_leaves(mia, doctor, officer, insurer):
    authorise(mia, insurer)
    row = prepared(mia, doctor, insurer)
    first = asked(row, doctor)
    with cast.acting(doctor):
        second = exports.request(
            asked=exports.Asked(
                "disclosure", {"disclosure": str(row.pk)}, "csv", "TREAT", "Once more"
            ),
            by=doctor,
        )
    made(first, doctor, officer)
    made(second, doctor, officer)
    assert "Asthma" in taken(first, doctor)
    with pytest.raises(Refused):
        taken(second, doctor)
    assert Disclosure.objects.filter(patient=mia).count() == 1


def test_data_go_abroad_only_past_every_gate_and_are_counted_as_they_leave(
    mia, doctor, officer, monkeypatch
):
    crossings = []
    monkeypatch.setattr(abroad, "gates", [crossings.append])
    far = consenting.recipient("far", country="US", is_abroad=True, kind="provider")
    authorise(mia, far, elements=ELEMENTS | {"recipients": ["far"]})
    with pytest.raises(permits.NeedsAuthorisation):
        prepared(mia, doctor, far)
    consenting.allow(mia, of=consenting.purpose("abroad"), channel="")
    export = asked(prepared(mia, doctor, far), doctor)
    made(export, doctor, officer)
    assert not any(one.is_leaving for one in crossings)
    taken(export, doctor)
    assert [one.is_leaving for one in crossings].count(True) == 1
    assert crossings[-1].is_sensitive
    assert crossings[-1].recipient == far

    def full(crossing):
        raise permits.NotPermitted("The threshold is reached.")

    abroad.gates.append(full)
    with pytest.raises(permits.NotPermitted):
        prepared(mia, doctor, far)


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
