"""Mail by SMTP within bounds: certificates are checked, and a server that answers slowly is left."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from security.delivery.bounds import Watch


class _Line(smtplib.SMTP):
    def __init__(self, *said: Any, watch: Watch, **named: Any) -> None:
        self._watch = watch
        super().__init__(*said, **named)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._watch.connect(host, port)


class _SecureLine(smtplib.SMTP_SSL):
    def __init__(self, *said: Any, watch: Watch, **named: Any) -> None:
        self._watch = watch
        super().__init__(*said, **named)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = self._watch.connect(host, port)
        return self.context.wrap_socket(line, server_hostname=host)


class BoundedBackend(EmailBackend):
    """Django's mail backend, held to the bounds of delivery."""

    _watch: Watch

    @property
    def connection_class(self) -> Any:
        """Return what makes a line that the watch of this sending holds."""
        return partial(_SecureLine if self.use_ssl else _Line, watch=self._watch)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send some mails; connecting, each answer and all together are bounded."""
        with Watch() as self._watch:
            return int(super().send_messages(email_messages) or 0)

    def close(self) -> None:
        """End the talk; a mail that was taken stays taken, whatever the server says to the goodbye."""
        with suppress(OSError):
            super().close()
