"""Text messages by an HTTP gateway: number, text and our own id, under which it sends once."""

from __future__ import annotations

from django.conf import settings

from security.delivery import gateway
from security.delivery.channels import Letter, NotDelivered

TAKEN = {"accepted", "queued", "sent"}


class SmsChannel:
    """Hands a text message to the configured gateway; docs/operations.md says what it is asked."""

    is_repeatable = True

    def send(self, letter: Letter) -> None:
        """Hand one over; a gateway that saw the id before answers as it did and sends nothing again."""
        said = gateway.ask(
            settings.SMS_URL,
            body={
                "id": letter.key,
                "to": letter.address,
                "from": settings.SMS_SENDER,
                "text": letter.text,
            },
            headers={
                "Authorization": f"Bearer {settings.SMS_TOKEN}",
                "Idempotency-Key": letter.key,
            },
        )
        status = said.get("status")
        if status == "rejected":
            raise NotDelivered("recipient", is_final=True)
        if status not in TAKEN:
            raise NotDelivered("answer")
