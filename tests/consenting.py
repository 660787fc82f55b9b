"""What people allowed and objected to, made as rows: purposes, consents with their event, restrictions."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from consent.models import (
    Consent,
    ConsentEvent,
    ProcessingPurpose,
    ProcessingRestriction,
    Recipient,
    Sharing,
    State,
)
from security import context

# On what each law lets the purposes of these tests rest.
CARE = {"hipaa": "treatment", "gdpr": "care", "pipl": "contract"}
ASKED = {"hipaa": "authorisation", "gdpr": "consent", "pipl": "consent"}
DAY = timedelta(days=1)


def purpose(key: str = "marketing", **fields) -> ProcessingPurpose:
    """Return a purpose in use; marketing by default, which rests on a consent for each channel."""
    found = ProcessingPurpose.objects.filter(key=key).first()
    if found is not None:
        return found
    usual = {"state": "active", "name": key.title(), "name_zh": key, "grounds": ASKED}
    if key == "marketing":
        usual |= {"uses": ["HMARKT"], "is_per_channel": True, "channels": ["email", "sms"]}
    return ProcessingPurpose.objects.create(key=key, **(usual | fields))


def allow(*patients, of: ProcessingPurpose | None = None, channel: str = "email", **fields):
    """Let patients allow a purpose since yesterday; return the event of the last one."""
    now, event = timezone.now(), None
    of = of or purpose()
    state = fields.pop("state", State.GRANTED)
    said = {
        name: fields.pop(name) for name in ("capacity", "given_at", "elements") if name in fields
    }
    for one in patients:
        row, _new = Consent.objects.update_or_create(
            patient=one, purpose=of, channel=channel,
            defaults={"state": state, "since": now - DAY, "until": None} | fields,
        )  # fmt: skip
        event = ConsentEvent.objects.create(
            consent=row, patient=one, kind=state, method="tick",
            **({"given_at": row.since, "capacity": "self"} | said),
        )  # fmt: skip
    forget()
    return event


def limit(patient, kind: str = "restricted", **fields) -> ProcessingRestriction:
    """Restrict a patient's data since yesterday."""
    usual = {"starts_at": timezone.now() - DAY, "reason": "Disputed"}
    row = ProcessingRestriction.objects.create(patient=patient, kind=kind, **(usual | fields))
    forget()
    return row


def recipient(key: str = "insurer", **fields) -> Recipient:
    """Return somebody outside to whom data may go."""
    usual = {
        "name": "Anhe Insurance",
        "kind": "health_plan",
        "contact": "Main Street 1",
        "country": "CN",
    }
    return Recipient.objects.create(key=key, **(usual | fields))


def sharing(patient, to: Recipient, by, **fields) -> Sharing:
    """Return a disclosure that somebody prepared; nothing was chosen yet."""
    usual = {
        "processing": purpose("billing", grounds=CARE),
        "ground": "payment",
        "sections": ["person"],
    }
    usual |= {"why": "Claim", "items": []}
    return Sharing.objects.create(patient=patient, recipient=to, prepared_by=by, **(usual | fields))


def forget() -> None:
    """Forget what was decided, as the deeds do."""
    here = context.find()
    if here is not None:
        here.forget_decisions()
