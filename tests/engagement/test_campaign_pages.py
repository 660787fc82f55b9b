"""Pages of campaigns and segments, from the builder to the results; and the monthly tip, the limits, the export."""

from datetime import datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from engagement import tasks
from engagement.models import Campaign, ContactRule, Segment
from engagement.queries import campaign_export
from engagement.services import campaigns, sendings, tips
from security.access.decision import reach_of_user
from tests import consenting
from tests.engagement import campaigning
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system", "by_email")]


@pytest.fixture
def by_email(settings):
    settings.DELIVERY_CHANNELS = {"email": "security.delivery.channels.EmailChannel"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def url(name, *args):
    return reverse(f"engagement:{name}", args=args)


def test_a_coordinator_builds_a_segment_gets_agreement_sends_and_reads_results(clinic):
    campaigning.never_quiet()
    crowd = campaigning.people(3)
    campaigning.allow(*crowd[:2])
    keeper, officer = clinic.client("engagement"), clinic.client("officer")
    sent = {"name": "Grown-ups", "match": "all", "registered_within": "30"}
    to = keeper.post(url("segment_add"), sent, secure=True)["Location"]
    shown = cast.words(keeper.get(f"{to}?lane=marketing&channel=email", secure=True))
    assert "Registered within 30 days" in shown
    assert "Never allowed this purpose" in shown
    assert "P. 0" in shown
    assert "Person 0" not in shown

    row = Segment.objects.get()
    sent = {
        "name": "Spring", "lane": "marketing", "channel": "email", "segment": row.pk, "per_minute": "60",
        "send_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "title_en": "Spring", "text_en": "Dear {{ name }}",
    }  # fmt: skip
    to = keeper.post(url("campaign_add"), sent, secure=True)["Location"]
    campaign = Campaign.objects.get()
    assert "This field is sealed" in cast.words(keeper.get(to, secure=True))
    keeper.post(url("campaign_submit", campaign.pk), secure=True)
    assert Campaign.objects.get().state == "draft"
    sent |= {"text_en": "The garden is open.", "version": campaign.version}
    assert keeper.post(url("campaign_change", campaign.pk), sent, secure=True).status_code == 302
    keeper.post(url("campaign_submit", campaign.pk), secure=True)
    agree = {"sha256": campaigns.digest(Campaign.objects.get())}
    assert keeper.post(url("campaign_approve", campaign.pk), agree, secure=True).status_code == 403
    assert "waits for" in cast.words(officer.get(url("campaigns"), secure=True)).lower()
    officer.post(url("campaign_approve", campaign.pk), agree, secure=True)
    assert Campaign.objects.get().state == "approved"

    tasks.work_on_campaigns()
    campaigning.deliver()
    tasks.work_on_campaigns()
    shown = cast.words(keeper.get(to, secure=True))
    assert "What became of it" in shown
    assert "not tracked" in shown
    listed = cast.words(keeper.get(url("campaign_recipients", campaign.pk), secure=True))
    assert "p•••@example.org" in listed
    assert "p0@example.org" not in listed
    # Whom nobody asked, a coordinator may not know of.
    assert "A person whom you may not know of" in listed


def test_lists_ask_the_same_number_of_queries_for_one_and_ten(clinic):
    group = Segment.objects.create(name="All", criteria={"all": []})

    def asked(name, *args):
        browser = clinic.client("officer")
        browser.get("/engagement/", secure=True)
        with CaptureQueriesContext(connection) as seen:
            assert browser.get(url(name, *args), secure=True).status_code == 200
        return len(seen)

    row = Campaign.objects.create(name="1", lane="tips", channel="email", segment=group)
    people = campaigning.people(10)
    row.recipients.create(patient=people[0], destination="a")
    pages = [("campaigns",), ("segments",), ("campaign_recipients", row.pk)]
    before = [asked(*page) for page in pages]
    for number in range(9):
        Segment.objects.create(name=str(number), criteria={"all": []})
        Campaign.objects.create(name=str(number), lane="tips", channel="email", segment=group)
        row.recipients.create(patient=people[number + 1], destination="a")
    assert [asked(*page) for page in pages] == before


def test_of_a_clinical_group_nobody_sees_people_or_small_numbers(clinic):
    purpose = consenting.purpose("education", categories=["clinical"])
    group = Segment(name="Asthma", criteria={"all": []}, is_clinical=True, authorisation=purpose)
    group.save()
    row = Campaign.objects.create(name="A", lane="education", channel="portal", segment=group)
    row.recipients.create(patient=clinic.patient, state="sent")
    officer = clinic.client("officer")
    shown = cast.words(officer.get(url("campaign_recipients", row.pk), secure=True))
    assert "Nobody to show" in shown
    assert "M. M." not in shown


def test_the_limits_are_set_by_who_agrees_and_by_nobody_else(clinic):
    sent = {
        "version": 1, "most": 5, "days": 14, "quiet_from": "20:00", "quiet_until": "09:00",
        "tip_segment": "", "tip_channel": "email", "tip_day": 7,
    }  # fmt: skip
    clinic.client("engagement").post(url("limits"), sent, secure=True)
    assert not ContactRule.objects.exists()
    assert clinic.client("officer").post(url("limits"), sent, secure=True).status_code == 302
    row = ContactRule.objects.get()
    assert (row.most, row.days, row.version, row.changed_by.pk) == (
        5,
        14,
        2,
        clinic.users["officer"].pk,
    )
    assert clinic.client("officer").post(url("limits"), sent, secure=True).status_code == 422


def test_the_tip_of_the_month_is_prepared_once_and_waits_for_somebody(clinic):
    day = datetime(2036, 5, 3, 12, tzinfo=timezone.get_default_timezone())
    with time_machine.travel(day, tick=False):
        assert tips.prepare() is None
        group = Segment.objects.create(name="All", criteria={"all": []})
        ContactRule.objects.create(pk=1, tip_segment=group)
        row = tips.prepare()
        assert tips.prepare() is None
        assert (row.state, row.edition, row.lane) == ("submitted", "tip:2036-05", "tips")
        assert timezone.localtime(row.send_at).day == 5
        tasks.work_on_campaigns()
        assert Campaign.objects.get().state == "submitted"
    with time_machine.travel(day.replace(day=20), tick=False):
        assert not tasks.prepare_tip()


def test_the_export_of_a_list_holds_nobody_who_was_left_out_or_withdrew(clinic):
    campaigning.never_quiet()
    crowd = campaigning.people(4)
    campaigning.allow(*crowd[:3])
    keeper = clinic.users["engagement"]
    row = campaigning.draft(keeper, campaigning.segment(keeper))
    row = campaigning.agreed(row, clinic.users["officer"])
    sendings.begin(row.pk)
    campaigning.allow(crowd[0], state="withdrawn")
    assert reach_of_user(keeper, "campaigns.read")
    with cast.acting(keeper, "HMARKT"):
        names = [one[0] for one in campaign_export.rows(row.pk, keeper)]
    assert sorted(names)[-2:] == ["P. 1.", "P. 2."]
    assert "P. 0." not in names
    assert "P. 3." not in names
