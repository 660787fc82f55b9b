"""The register of purposes as decisions ask for it: which are in use, and which rest on a consent."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from consent.models import ProcessingPurpose
from security.models import ClinicProfile

# Care, emergency and legal duty never wait for what somebody allowed, and nobody can object to them.
NEVER_WAITS = frozenset({"care", "emergency", "legal_duty"})
# What somebody outside may get is allowed for each recipient apart (GDPR 7(2), PIPL 23).
SHARING = "sharing"


@dataclass(frozen=True, slots=True)
class Known:
    """One purpose in use, as this clinic's laws see it."""

    id: UUID
    key: str
    needs_consent: bool
    is_per_channel: bool
    uses: frozenset[str]
    categories: frozenset[str]


def laws() -> list[str]:
    """Return the laws of the clinic; before its set-up all of them, so that the strictest one decides."""
    found = ClinicProfile.objects.values_list("laws", flat=True).first()
    return list(found) if found else list(ClinicProfile.Law.values)


def active(*, key: str | None = None) -> list[Known]:
    """Return the purposes in use, or the one of a key; two queries however many there are."""
    rows = ProcessingPurpose.objects.active()
    if key is not None:
        rows = rows.filter(key=key)
    found = list(rows.order_by("key"))
    of_clinic = laws() if found else []
    return [_known(row, of_clinic) for row in found]


def _known(row: ProcessingPurpose, of_clinic: list[str]) -> Known:
    return Known(
        id=row.pk,
        key=row.key,
        needs_consent=row.key not in NEVER_WAITS and row.needs_consent(of_clinic),
        is_per_channel=row.is_per_channel or row.key == SHARING,
        uses=frozenset(row.uses),
        categories=frozenset(row.categories),
    )
