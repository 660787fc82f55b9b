"""What the cross-border register says of a disclosure: asked while it is prepared, counted as it leaves."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from consent.models import OverseasRecipient
from consent.queries import abroad
from consent.queries.abroad import Crossing
from consent.services import transfers
from consent.services.transfers import NotAllowed
from security import context


def ask(crossing: Crossing) -> None:
    """Refuse what the register does not let go abroad (PIPL 38, 39); count what leaves.

    A recipient abroad stands in the register under the key that consents name it by.
    """
    row = OverseasRecipient.objects.open().filter(key=crossing.recipient.key).first()
    if row is None:
        raise NotAllowed(_("This recipient is abroad and is not in the cross-border register."))
    if crossing.is_leaving:
        transfers.note(
            patient_ids=[crossing.patient_id],
            recipient_id=row.pk,
            categories=crossing.categories,
            by=context.current().actor,
        )
        return
    answer = transfers.allow([crossing.patient_id], row, crossing.categories)
    if not answer.allowed:
        raise NotAllowed(answer.reason)


def install() -> None:
    """Ask the cross-border register about disclosures; called once at start-up."""
    abroad.gate(ask)
