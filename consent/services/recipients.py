"""The register of those to whom data of patients may go."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import Recipient
from security import trail
from security.access.gate import Refused
from security.models import ClinicProfile, User
from security.services import clinics

CHINA, CHINESE_ZONES = "CN", frozenset({"Asia/Shanghai", "Asia/Urumqi"})


class KnownAlready(Refused):
    """A key names one recipient for good, a retired one too: consents speak of it."""


class RetiredAlready(Refused):
    """The recipient gets nothing any more."""


@dataclass(frozen=True, slots=True)
class Described:
    """Who somebody outside is, how to reach them, and where they are."""

    key: str
    name: str
    kind: str
    contact: str
    country: str
    name_zh: str = ""
    is_abroad: bool = False


@transaction.atomic
def register(*, described: Described, by: User) -> Recipient:
    """Add somebody to the register of recipients."""
    said = asdict(described) | {"is_abroad": described.is_abroad or _crosses(described.country)}
    row = Recipient(**said, made_by=by)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise KnownAlready(_("This key is taken.")) from None
    trail.record("consent.recipient.registered", changed=[row], obj=row, by=by)
    return row


def _crosses(country: str) -> bool:
    """Tell whether PIPL 38 sees a border to a country, whatever was ticked: for a clinic in China."""
    profile = clinics.profile()
    if profile is None or ClinicProfile.Law.PIPL not in profile.laws:
        return False
    return profile.time_zone in CHINESE_ZONES and country.upper() != CHINA


@transaction.atomic
def retire(*, recipient_id: UUID, by: User) -> Recipient:
    """Let nothing go to a recipient any more; what went stays in the accounting."""
    row = Recipient.objects.select_for_update(of=("self",)).get(pk=recipient_id)
    if row.retired_at is not None:
        raise RetiredAlready(_("This recipient gets nothing any more."))
    row.retired_at = timezone.now()
    row.save(update_fields=["retired_at"])
    trail.record("consent.recipient.retired", changed=[row], obj=row, by=by)
    return row
