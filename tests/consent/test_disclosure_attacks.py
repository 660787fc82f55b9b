"""What must not leave: after a withdrawal, changed, slipped in, somebody else's, twice, across a border."""

from __future__ import annotations

import pytest
from django.utils import timezone

from consent.models import Consent, Recipient, Sharing
from consent.queries import abroad
from consent.services import disclosures, permits
from patients.models import AllergyIntolerance, Condition, Disclosure
from security.access.gate import Refused
from security.models import Export
from security.services import exports
from tests import consenting
from tests.consent.disclosing import (
    ELEMENTS,
    HERE,
    asked,
    authorise,
    made,
    prepared,
    taken,
)
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system", "folder")]


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


def test_nobody_asks_for_a_file_past_the_page_on_which_it_is_looked_through(mia, doctor, insurer):
    authorise(mia, insurer)
    row = prepared(mia, doctor, insurer)
    straight = exports.Asked("disclosure", {"disclosure": str(row.pk)}, "csv", "TREAT", "At once")
    with cast.acting(doctor), pytest.raises(disclosures.NothingToDisclose):
        exports.request(asked=straight, by=doctor)
    assert not Export.objects.exists()


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
