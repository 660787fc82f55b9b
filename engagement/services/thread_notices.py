"""Telling people that a message waits, and nothing of it: the patient, who represents one, colleagues."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _

from consent.queries import languages
from engagement.models import Thread
from engagement.queries import ways
from engagement.queries.ways import Way
from engagement.services import outgoing
from patients.models import Patient, PortalAccount
from security import context
from security.models import User
from security.services import notices

PURPOSE, TOPIC = "portal", "messages.waiting"
# The first by which the person can be reached.
CHANNELS = ("wechat", "email", "sms")
SELF = PortalAccount.Capacity.SELF


def tell_patient(row: Thread, by: User) -> str:
    """Tell a patient and who represents one; return by which way the patient is told, "" for none.

    Nobody is told who could not sign in to read it, nor again before what was told of is read.
    """
    accounts = PortalAccount.objects.in_force().filter(patient_id=row.patient_id)
    known = list(accounts.filter(user__is_active=True).select_related("user"))
    for account in known:
        if account.capacity != SELF and _is_new(row, account.user):
            notices.message_waits(user=account.user, by=by)
    if not known:
        return ""
    way = _way(row)
    if way is None:
        return ""
    outgoing.send_by(
        way=way, purpose=PURPOSE, content=_content(row.patient), once_key=_once_key(row),
        origin_id=row.pk, by=by,
    )  # fmt: skip
    return way.channel


def _way(row: Thread) -> Way | None:
    for channel in CHANNELS:
        if channel in settings.DELIVERY_CHANNELS:
            found = ways.find(row.patient_id, PURPOSE, channel)
            if isinstance(found, Way):
                return found
    return None


def _content(patient: Patient) -> outgoing.Content:
    with context.matching():
        language = languages.of_patient(patient)
    with translation.override(language):
        text = _("Something waits for you at your clinic. Sign in to read it:")
        return outgoing.Content(TOPIC, _("Your clinic"), f"{text}\n\n{settings.BASE_URL}/")


def _once_key(row: Thread) -> str:
    """Return one key for all that is written until the patient's side looks, so that one notice leaves."""
    sides = row.participants.filter(user__kind=User.Kind.PATIENT)
    looked_at = sides.aggregate(at=Max("read_at"))["at"]
    return f"thread:{row.pk}:{looked_at.timestamp() if looked_at else 0}"


def _is_new(row: Thread, user: User) -> bool:
    """Tell whether all that stood here before was read by this person, so that this is the first news."""
    before = row.messages.filter(kind="team").aggregate(at=Max("written_at"))["at"]
    if before is None:
        return True
    own = row.participants.filter(user=user, read_at__gte=before)
    return own.exists()


def tell_colleague(user: User | None, by: User | None) -> None:
    """Tell a colleague that something waits; nobody is told of the own words."""
    if user is not None and (by is None or user.pk != by.pk):
        notices.message_waits(user=user, by=by)
