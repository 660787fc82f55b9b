"""Campaigns for tests: people who allowed it and people who did not, a segment, words, two colleagues."""

from django.utils import timezone

from engagement.models import ContactRule
from engagement.services import campaigns, segments
from patients.models import Patient
from security.delivery import sending
from security.models import OutboxMessage
from tests import consenting

WORDS = {
    "en": {"title": "Spring at the clinic", "text": "Dear reader, {{ clinic }} opens its garden."},
    "zh-hans": {"title": "春季活动", "text": "{{ clinic }}的花园开放了。"},
}


def people(count, start=0, **fields):
    """Make people with an e-mail address each."""
    return Patient.objects.bulk_create(
        Patient(
            names=[{"text": f"Person {number}"}],
            telecoms=[{"system": "email", "value": f"p{number}@example.org"}],
            **fields,
        )
        for number in range(start, start + count)
    )


def segment(by, tree=None, **fields):
    """Describe a segment, of everybody by default."""
    return segments.add(name="People", tree=tree or {"all": []}, by=by, **fields)


def draft(by, of, **fields):
    """Begin a campaign for a segment."""
    content = {
        "name": "Spring", "lane": "marketing", "channel": "email", "segment": of, "content": WORDS,
        "per_minute": 100_000, "send_at": timezone.now(),
    }  # fmt: skip
    return campaigns.add(content=content | fields, by=by)


def agreed(row, by):
    """Lay a campaign before a second person, who agrees."""
    row = campaigns.submit(campaign_id=row.pk, by=None)
    return campaigns.approve(campaign_id=row.pk, sha256=campaigns.digest(row), by=by)


def never_quiet():
    """Let the clinic write to people at every hour of the tests."""
    ContactRule.objects.update_or_create(
        pk=1, defaults={"quiet_from": "00:00", "quiet_until": "00:00"}
    )


def deliver():
    """Send all that is due."""
    count = 0
    while sending.send_next():
        count += 1
    return count


def reached(row):
    """Return to whom messages of a campaign were made, each as often as that."""
    ids = row.recipients.values_list("pk", flat=True)
    return list(
        OutboxMessage.objects.filter(origin_id__in=ids).values_list("subject_id", flat=True)
    )


def by_state(row):
    """Return how many people of a campaign are in each state, for each reason."""
    found = {}
    for state, reason in row.recipients.values_list("state", "reason"):
        found[state, reason] = found.get((state, reason), 0) + 1
    return found


def allow(*patients, **fields):
    """Let people allow offers by e-mail."""
    consenting.allow(*patients, channel="email", **fields)
