"""Agreeing that data go to somebody outside: for each recipient apart, with which data, by all its routes."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.models import Consent, ConsentEvent, PaperForm
from consent.queries import authorisations, papers, receipts
from consent.queries.standing import may
from consent.services import papers as deeds
from consent.services.acts import NotTaken
from patients.models import Document
from security.classification import Category
from tests import consenting, world
from tests.consent import asking
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
CLINICAL, ALL = [Category.CLINICAL], [Category.CLINICAL, Category.BILLING]
SIGNED = {"method": "typed", "signature": {"typed": "Mia Muster"}}


@pytest.fixture
def mia():
    return cast.patient(birth_on=date(1980, 5, 1))


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def insurer():
    return consenting.recipient()


@pytest.fixture
def words(insurer):
    purpose = asking.purpose(
        "sharing", is_per_channel=True, categories=["clinical", "billing", "restricted"]
    )
    return asking.words(asking.form(purpose, kind="authorisation", months=12))


def test_an_authorisation_given_on_the_page_lets_just_that_go_to_just_that_recipient(
    mia, desk, insurer, words
):
    other = consenting.recipient("lawyer", name="Lawyer")
    client = world.signed_in(desk, world.factor_of(desk))
    index = client.get(reverse("consent:consents", args=[mia.pk])).content.decode()
    assert 'value="insurer"' in index
    url = reverse("consent:answer", args=[mia.pk, words.form_id])
    assert client.get(f"{url}?channel=nobody").status_code == 404
    assert "Main Street 1" in client.get(f"{url}?channel=insurer").content.decode()
    said = {
        "words": words.pk, "channel": "insurer", "giver": "self:", "method": "typed", "typed": "Mia",
        "answer": "granted", "what_for": "My claim",
    }  # fmt: skip
    missing = client.post(url, said)
    assert missing.status_code == 422
    assert "Say which data may be given." in missing.content.decode()
    assert client.post(url, said | {"categories": CLINICAL}).status_code == 302
    event = ConsentEvent.objects.get(kind="granted")
    find = {"with_protected": False}
    assert authorisations.find(mia.pk, insurer, CLINICAL, **find).event_id == event.pk
    assert authorisations.find(mia.pk, insurer, CLINICAL, **find).covers
    assert not authorisations.find(mia.pk, insurer, ALL, **find).covers
    assert not authorisations.find(mia.pk, insurer, CLINICAL, with_protected=True).covers
    assert not authorisations.find(mia.pk, other, CLINICAL, **find).covers
    assert receipts.facts(event)["data"] == "clinical"
    page = client.get(reverse("consent:consent", args=[mia.pk, event.consent_id])).content.decode()
    for text in ("My claim", "Clinical record", insurer.name):
        assert text in page
    wider = {"categories": tuple(ALL), "with_restricted": True, **SIGNED}
    asking.grant(mia, words, by=desk, channel="insurer", **wider)
    assert authorisations.find(mia.pk, insurer, ALL, with_protected=True).covers
    asking.withdraw(Consent.objects.get(), by=desk)
    assert not authorisations.find(mia.pk, insurer, CLINICAL, **find).covers


def test_on_paper_the_data_are_ticked_by_hand_and_taken_down_with_the_scan(
    mia, desk, insurer, words, settings, tmp_path
):
    settings.FILES_DIR = tmp_path
    paper = deeds.print_form(
        patient_id=mia.pk, words_id=words.pk, channel="insurer", own_initiative=False, by=desk
    )
    page = papers.content(PaperForm.objects.get(pk=paper.pk), mia)
    assert ["Recipient", "Anhe Insurance, Main Street 1 (CN)"] in page["about"]
    assert "[   ] Clinical record" in page["parts"][-1][1]
    said = {
        "patient_id": mia.pk, "code": paper.code, "answer": "granted", "by": desk,
        "signed_on": timezone.localdate(),
    }  # fmt: skip

    def attach(**named):
        scan = deeds.scan_of("x.txt", b"Signed", title="Form", signed_on=timezone.localdate())
        act = asking.act("paper", **named)
        return deeds.attach(incoming=scan, act=act, **said)

    with pytest.raises(NotTaken, match="which data"):
        attach()
    assert attach(categories=("clinical",)).event.elements["recipients"] == ("insurer",)
    assert Document.objects.filter(withdrawn_at__isnull=True).count() == 1


def test_a_recipient_abroad_is_agreed_to_apart_and_a_retired_one_is_asked_for_no_more(mia, desk):
    purpose = asking.purpose(
        "abroad", is_per_channel=True, is_cross_border=True, categories=["clinical"]
    )
    form = asking.words(asking.form(purpose))
    there = consenting.recipient("registry", name="Registry", country="DE", is_abroad=True)
    consenting.recipient("insurer")
    with pytest.raises(NotTaken, match="not asked for that channel"):
        asking.grant(mia, form, by=desk, channel="insurer", categories=("clinical",))
    row = asking.grant(mia, form, by=desk, channel="registry", categories=("clinical",)).consent
    assert may(mia, "abroad", "registry").allowed
    there.retired_at = timezone.now()
    there.save()
    asking.withdraw(row, by=desk)
    assert not may(mia, "abroad", "registry").allowed
    with pytest.raises(NotTaken, match="not asked for that channel"):
        asking.grant(mia, form, by=desk, channel="registry", categories=("clinical",))
