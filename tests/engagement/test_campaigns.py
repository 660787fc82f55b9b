"""Campaigns: computed under consent, agreed to by a second person, sent once, stopped, explained."""

from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from consent.models import State
from engagement import tasks, timeline
from engagement.models import Campaign, CampaignRecipient, ContactRule, MessageLink
from engagement.queries import audience, contact_rules
from engagement.services import campaign_runs, campaigns, segments, sendings
from patients.services import moves
from security.models import OutboxMessage
from tests import consenting, world
from tests.consent.conftest import asked as queries_of
from tests.engagement import campaigning
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system", "by_email")]


@pytest.fixture
def by_email(settings):
    settings.DELIVERY_CHANNELS = {"email": "security.delivery.channels.EmailChannel"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def author(system):
    campaigning.never_quiet()
    return world.person("engagement", name="Author", email="author@example.org")


@pytest.fixture
def officer(system):
    return world.person("compliance_officer", name="Officer")


@pytest.fixture
def crowd(author):
    """Everybody whom a campaign may meet, by what becomes of them."""
    a = campaigning.people(4)
    never = campaigning.people(1, 10)[0]
    withdrew, declined, limited, mute, dead, child, objector, twin = campaigning.people(8, 20)
    campaigning.allow(*a, withdrew, declined, limited, mute, dead, child, objector, twin)
    campaigning.allow(withdrew, state=State.WITHDRAWN)
    campaigning.allow(declined, state=State.DECLINED)
    consenting.limit(limited)
    consenting.limit(objector, "objection")
    for row, fields in (
        (mute, {"telecoms": []}), (dead, {"deceased": True}),
        (child, {"birth_on": timezone.localdate() - timedelta(days=365 * 5)}),
        (twin, {"telecoms": [{"system": "email", "value": "P0@example.org"}]}),
    ):  # fmt: skip
        for name, value in fields.items():
            setattr(row, name, value)
        row.advance()
        row.save()
    # Whoever came of age or was a child is asked by consent itself; here a guardian allowed it.
    campaigning.allow(child, capacity="guardian")
    return {"reached": a, "never": never}


EXPECTED = {
    "never_asked": 1, "withdrawn": 1, "declined": 1, "restricted": 1, "objected": 1,
    "no_address": 1, "deceased": 1, "minor": 1, "same_address": 1,
}  # fmt: skip


def test_an_audience_names_one_reason_for_each_who_is_left_out(crowd, author):
    row = campaigning.segment(author)
    found = audience.counts(row, audience.asking_for("marketing", "email"))
    assert (found.people, found.reached) == (13, 4)
    assert found.left_out == EXPECTED
    assert set(found.some) == {one.pk for one in crowd["reached"]}


def test_an_audience_takes_as_many_queries_for_many_as_for_one(author):
    row = campaigning.segment(author, {"all": [{"facet": "age", "from": 18}]})
    asked = audience.asking_for("marketing", "email")
    campaigning.allow(*campaigning.people(1, birth_on=date(1980, 1, 1)))

    first = queries_of(lambda: audience.counts(row, asked))
    campaigning.allow(*campaigning.people(9, 100, birth_on=date(1980, 1, 1)))
    assert queries_of(lambda: audience.counts(row, asked)) == first


def test_a_campaign_is_sent_once_to_whom_allowed_it_and_nobody_else(crowd, author, officer):
    row = campaigning.agreed(campaigning.draft(author, campaigning.segment(author)), officer)
    for _again in range(3):
        tasks.work_on_campaigns()
        campaigning.deliver()
    row.refresh_from_db()
    assert row.state == Campaign.State.DONE
    expected = {("skipped", why): number for why, number in EXPECTED.items()} | {("sent", ""): 4}
    assert campaigning.by_state(row) == expected
    assert sorted(one.to[0] for one in mail.outbox) == [
        f"p{number}@example.org" for number in range(4)
    ]
    assert "/engagement/s/?t=" in mail.outbox[0].body
    ways_out = MessageLink.objects.filter(kind="opt_out", target_id=row.pk)
    assert {one.subject_id for one in ways_out} == {one.pk for one in crowd["reached"]}
    begun, batch = (
        cast.events("engagement.campaign.begun"),
        cast.events("engagement.campaign.batch_queued"),
    )
    assert begun[0].counts["people"] == 13
    person = crowd["reached"][0].pk
    told = timeline.sources()["campaign"].read(person, timezone.now(), 9)
    assert [(one.title, one.text) for one in told] == [("Spring", "Offers · Sent")]
    assert batch[0].counts == {"queued": 4, "left_out": 0}


def test_no_route_reaches_whoever_did_not_allow_it(crowd, author, officer):
    group = segments.copy(segment_id=campaigning.segment(author).pk, by=author)
    row = campaigning.draft(author, group)
    trial = campaign_runs.try_out(campaign_id=row.pk, language="en", by=author)
    assert (trial.subject_id, trial.purpose) == (author.pk, "")
    row = campaigning.agreed(row, officer)
    tasks.work_on_campaigns()
    OutboxMessage.objects.filter(purpose="marketing").update(state="failed", failure="refused")
    sendings.settle(row.pk)
    sendings.finish(row.pk)
    campaigning.allow(crowd["reached"][0], state=State.WITHDRAWN)
    assert campaign_runs.resend(campaign_id=row.pk, by=author) == 4
    tasks.work_on_campaigns()
    other = campaigns.copy(campaign_id=row.pk, by=author)
    assert (other.state, other.approved_by, other.recipients.count()) == ("draft", None, 0)
    got = campaigning.reached(row)
    allowed = {one.pk for one in crowd["reached"]}
    assert set(got) == allowed
    # The one who withdrew got no second try.
    assert got.count(crowd["reached"][0].pk) == 1
    assert row.recipients.get(patient=crowd["reached"][0]).reason == "withdrawn"


def test_who_withdraws_while_messages_wait_gets_none(crowd, author, officer):
    row = campaigning.agreed(campaigning.draft(author, campaigning.segment(author)), officer)
    tasks.work_on_campaigns()
    left = crowd["reached"][:2]
    campaigning.allow(*left, state=State.WITHDRAWN)
    campaigning.deliver()
    tasks.work_on_campaigns()
    assert len(mail.outbox) == 2
    rows = CampaignRecipient.objects.filter(campaign=row, patient__in=left)
    assert set(rows.values_list("state", "reason")) == {("skipped", "withdrawn")}


def test_nobody_agrees_to_the_own_work_and_a_change_voids_what_was_agreed(crowd, author, officer):
    row = campaigning.draft(author, campaigning.segment(author))
    campaigns.submit(campaign_id=row.pk, by=author)
    row.refresh_from_db()
    with pytest.raises(campaigns.OwnWork):
        campaigns.approve(campaign_id=row.pk, sha256=campaigns.digest(row), by=author)
    with pytest.raises(campaigns.Outdated):
        campaigns.approve(campaign_id=row.pk, sha256="0" * 64, by=officer)
    row = campaigns.approve(campaign_id=row.pk, sha256=campaigns.digest(row), by=officer)
    said = {name: getattr(row, name) for name in campaigns.FIELDS} | {"name": "Other"}
    row = campaigns.change(campaign_id=row.pk, version=row.version, content=said, by=author)
    assert (row.state, row.approved_by, row.approved_sha256) == ("draft", None, "")
    assert "approval:void" in cast.events("engagement.campaign.changed")[-1].fields


@pytest.mark.parametrize("what", ["words", "segment"])
def test_what_was_changed_past_its_approval_does_not_leave(crowd, author, officer, what):
    row = campaigning.agreed(campaigning.draft(author, campaigning.segment(author)), officer)
    if what == "words":
        Campaign.objects.filter(pk=row.pk).update(content={"en": {"title": "A", "text": "B"}})
    else:
        type(row.segment).objects.update(criteria={"all": [{"facet": "registered", "within": 9}]})
    tasks.work_on_campaigns()
    row.refresh_from_db()
    assert (row.state, row.stopped_why, OutboxMessage.objects.count()) == ("stopped", "changed", 0)
    with pytest.raises(campaigns.NotOpen):
        campaign_runs.resume(campaign_id=row.pk, by=author)


def test_a_stopped_campaign_holds_back_what_is_on_its_way_and_goes_on_where_it_was(
    crowd, author, officer
):
    row = campaigning.agreed(
        campaigning.draft(author, campaigning.segment(author), per_minute=2), officer
    )
    tasks.work_on_campaigns()
    assert campaigning.by_state(row)["queued", ""] == 2
    campaign_runs.stop(campaign_id=row.pk, by=author)
    campaigning.deliver()
    tasks.work_on_campaigns()
    assert (len(mail.outbox), campaigning.by_state(row)["skipped", "stopped"]) == (0, 2)
    campaign_runs.resume(campaign_id=row.pk, by=author)
    for minute in range(1, 4):
        with time_machine.travel(timezone.now() + timedelta(minutes=2 * minute), tick=False):
            tasks.work_on_campaigns()
            campaigning.deliver()
            tasks.work_on_campaigns()
    assert sorted(one.to[0] for one in mail.outbox) == [
        f"p{number}@example.org" for number in range(4)
    ]


def test_quiet_hours_defer_and_the_cap_leaves_out(author, officer):
    person = campaigning.people(1)[0]
    campaigning.allow(person)
    group = campaigning.segment(author)
    ContactRule.objects.update(most=1, quiet_from="21:00", quiet_until="08:00")
    rule = contact_rules.current()
    night = datetime(2036, 3, 3, 23, 30, tzinfo=timezone.get_default_timezone())
    assert timezone.localtime(contact_rules.quiet_until(rule, night)).time() == time(8)
    with time_machine.travel(night, tick=False):
        first = campaigning.agreed(campaigning.draft(author, group), officer)
        tasks.work_on_campaigns()
        assert campaigning.by_state(first) == {("waiting", ""): 1}
    with time_machine.travel(night + timedelta(hours=10), tick=False):
        tasks.work_on_campaigns()
        assert campaigning.by_state(first) == {("queued", ""): 1}
        second = campaigning.agreed(campaigning.draft(author, group), officer)
        tasks.work_on_campaigns()
        assert campaigning.by_state(second) == {("skipped", "cap"): 1}


def test_whose_mail_came_back_is_left_out_until_one_arrives(author):
    person = campaigning.people(1)[0]
    campaigning.allow(person)
    fields = {
        "subject_id": person.pk,
        "recipient_kind": "patient",
        "channel": "email",
        "topic": "t",
    }
    OutboxMessage(
        **fields, state="failed", failure="refused", address="a", title="t", text="t"
    ).save()
    group, asked = campaigning.segment(author), audience.asking_for("marketing", "email")
    assert audience.counts(group, asked).left_out == {"bounced": 1}
    OutboxMessage(**fields, state="sent", address="a", title="t", text="t").save()
    assert audience.counts(group, audience.asking_for("marketing", "email")).reached == 1


def test_a_list_is_made_whole_or_not_at_all(crowd, author, officer, monkeypatch):
    row = campaigning.agreed(campaigning.draft(author, campaigning.segment(author)), officer)
    real = sendings._list

    def broken(campaign, batch):
        real(campaign, batch)
        raise RuntimeError

    monkeypatch.setattr(sendings, "_list", broken)
    with pytest.raises(RuntimeError):
        sendings.begin(row.pk)
    row.refresh_from_db()
    assert (row.state, row.recipients.count()) == ("approved", 0)


def test_a_merge_takes_the_list_along():
    assert CampaignRecipient in moves.movable()
