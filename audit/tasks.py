"""Work of the trail without a request: telling that the worker lives, sending signed heads."""

from __future__ import annotations

from celery import shared_task

from audit.ledger import heartbeats
from audit.services import anchoring
from security import trail


@shared_task(name="audit.tell_alive")
def tell_alive() -> None:
    """Tell the web process that scheduler, queue and worker are alive."""
    heartbeats.beat(heartbeats.WORKER)


@shared_task(name="audit.record_alive")
def record_alive() -> None:
    """Record that all is alive, so that a silence of the trail shows in the trail."""
    with trail.acting_for(system="audit.heartbeat", purpose="HSYSADMIN"):
        trail.record("audit.heartbeat.sent")


@shared_task(name="audit.send_heads")
def send_heads() -> int:
    """Send the newest signed head to the anchors."""
    with trail.acting_for(system="audit.anchors", purpose="HSYSADMIN"):
        return anchoring.send_due()
