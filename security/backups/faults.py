"""Why a backup or a restore did not come about."""

from __future__ import annotations

from security.models import Backup

Fault = Backup.Fault


class BackupFailed(Exception):
    """A backup did not come about; nothing of it is called good."""

    def __init__(self, fault: Backup.Fault, detail: str = "") -> None:
        super().__init__(detail or fault.value)
        self.fault, self.detail = fault, detail


class RestoreRefused(Exception):
    """A restore did not come about; the message is one sentence for the person at the terminal."""
