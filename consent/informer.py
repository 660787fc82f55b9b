"""What patients asks about notices, answered from the notices."""

from __future__ import annotations

from uuid import UUID

from consent.models import NoticeDelivery
from consent.queries import notices as reads
from consent.services import notices
from patients import informing
from patients.informing import Informer, Told
from security.models import User

WAYS = (NoticeDelivery.Way.SHOWN, NoticeDelivery.Way.PAPER, NoticeDelivery.Way.DEFERRED)


def tell(patient_id: UUID, told: Told, by: User) -> None:
    """Write down that a person was told."""
    notices.tell(patient_id=patient_id, told=told, by=by)


def install() -> None:
    """Tell patients what there is to be told; called once at start-up."""
    ways = tuple((str(way), way.label) for way in WAYS)
    informing.install(Informer(in_force=reads.shown, ways=ways, tell=tell))
