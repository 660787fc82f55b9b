"""How fast a worker queues a campaign: consent asked, words sealed, told on the trail; against a plain loop."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from consent.models import Consent, ConsentEvent, ProcessingPurpose, State
from engagement.models import Campaign, CampaignRecipient, ContactRule, Segment
from engagement.queries import audience, people_of
from engagement.services import campaigns, sendings
from patients.models import Patient
from security import context
from security.classification import Scope, SubjectKind
from security.models import User
from security.sealing import keys
from tests.bench import timing

WORDS = {"en": {"title": "Spring", "text": "{{ clinic }} opens its garden."}}
ROUNDS = 11
PEOPLE = (ROUNDS + 2) * sendings.BATCH
TABLE = """
CREATE TABLE IF NOT EXISTS bench_message (
    id bigserial PRIMARY KEY, person uuid NOT NULL, address text NOT NULL, title text NOT NULL,
    body text NOT NULL, state text NOT NULL DEFAULT 'waiting', created_at timestamptz NOT NULL DEFAULT now())
"""


def lines(by: User, rounds: int) -> Iterator[timing.Line]:
    """Yield the line of a batch of a campaign."""
    settings.DELIVERY_CHANNELS = {"email": "security.delivery.channels.ConsoleChannel"}
    row = _campaign(by, _people())
    rounds = min(rounds, ROUNDS)
    plain = list(row.recipients.values_list("patient_id", flat=True)[: sendings.BATCH])

    def ours() -> None:
        context.current().forget_keys()
        if sendings.send_batch(row.pk) != sendings.BATCH:
            raise RuntimeError("the campaign has nobody left")

    def twin() -> None:
        for person in plain:
            _write_plainly(person)

    made = timing.compare(
        f"campaign: {sendings.BATCH} people asked for and queued, against a plain loop",
        ours, twin, goal=3.0, rounds=rounds, repeat=1,
    )  # fmt: skip
    yield made
    yield speed("campaign: people queued a second, of 100 at least", sendings.BATCH, made.ours, 100)
    asked = audience.asking(row)
    everybody = list(row.recipients.values_list("patient_id", flat=True)[: people_of.BATCH])

    def ask() -> None:
        context.current().forget_keys()
        asked.met.clear()
        audience.of_people(everybody, asked)

    took = min(_timed(ask) for _ in range(3))
    yield speed("audience: people asked for a second, of 1000 at least", len(everybody), took, 1000)


def speed(title: str, people: int, took: float, least: int) -> timing.Line:
    """Return how long one person takes beside how long one may take."""
    return timing.Line(f"{title}: {people / took:.0f}", took / people, 1 / least, 1.0, 1.0)


def _timed(act: timing.Act) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _write_plainly(person: object) -> None:
    """Read one address and write one message, as a loop without consent, seal and trail would."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM patients_patient WHERE id = %s", [person])
        cursor.execute(
            "INSERT INTO bench_message (person, address, title, body) VALUES (%s, %s, %s, %s)",
            [person, "somebody@example.org", "Spring", "The clinic opens its garden."],
        )
        cursor.execute("UPDATE bench_message SET state = 'queued' WHERE id = lastval()")


@transaction.atomic
def _people() -> list[Patient]:
    """Make people with an address who allowed to be written to."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    rows = [
        Patient(telecoms=[{"system": "email", "value": f"bench{number}@example.org"}])
        for number in range(PEOPLE)
    ]
    keys.prepare([row.pk for row in rows], kind=SubjectKind.PATIENT, scope=Scope.RECORD)
    keys.prepare([row.pk for row in rows], kind=SubjectKind.PATIENT, scope=Scope.CONSENT)
    Patient.objects.bulk_create(rows)
    grounds = {"hipaa": "authorisation", "gdpr": "consent", "pipl": "consent"}
    purpose, _is_new = ProcessingPurpose.objects.get_or_create(
        key="marketing", defaults={"state": "active", "grounds": grounds, "is_per_channel": True}
    )
    now = timezone.now()
    said = Consent.objects.bulk_create(
        Consent(patient=row, purpose=purpose, channel="email", state=State.GRANTED, since=now)
        for row in rows
    )
    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            consent=one, patient_id=one.patient_id, kind=State.GRANTED, given_at=now,
            method="tick", capacity="self",
        )
        for one in said
    )  # fmt: skip
    return rows


@transaction.atomic
def _campaign(by: User, people: list[Patient]) -> Campaign:
    """Return a campaign that is being sent, with everybody on its list."""
    ContactRule.objects.update_or_create(
        pk=1, defaults={"quiet_from": "00:00", "quiet_until": "00:00"}
    )
    segment = Segment.objects.create(name="Bench")
    row = Campaign(
        name="Bench", lane="marketing", channel="email", segment=segment, content=WORDS,
        per_minute=10**6, approved_by=by, state=Campaign.State.RUNNING,
    )  # fmt: skip
    row.approved_sha256 = campaigns.digest(row)
    row.save()
    ids = [one.pk for one in people]
    keys.prepare(ids, kind=SubjectKind.PATIENT, scope=Scope.ENGAGEMENT)
    CampaignRecipient.objects.bulk_create(
        CampaignRecipient(campaign=row, patient_id=one, destination="") for one in ids
    )
    return row
