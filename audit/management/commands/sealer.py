"""The process that seals the trail."""

from __future__ import annotations

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.translation import gettext as _

from audit.ledger import keys, process
from audit.ledger.memory import MemoryLost
from audit.ledger.sealing import RolledBack, Sealer


class Command(BaseCommand):
    """Seals the trail under its own database role and with its own key, until it is told to end."""

    help = (
        "Turn recorded events into entries of the signed ledger, at most 60 seconds late. Needs its own"
        " database role and its own key file, no Redis and no keyring."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of the deeds that are done by hand."""
        deed = parser.add_mutually_exclusive_group()
        deed.add_argument("--init", action="store_true", help="make a key; fail if there is one")
        deed.add_argument(
            "--init-if-missing", action="store_true", help="make one if there is none"
        )
        deed.add_argument("--once", action="store_true", help="seal what waits, and end")
        deed.add_argument(
            "--adopt", action="store_true",
            help="after a restore: take the head of the database for what was signed, and end",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one deed, or seal for ever; exit code 1 with one line when it can not be done."""
        try:
            if options["init"] or (options["init_if_missing"] and not settings.LEDGER_KEY.exists()):
                self._make()
            elif options["init_if_missing"]:
                keys.publish(keys.read(settings.LEDGER_KEY).public, settings.LEDGER_PUBLIC_KEY)
            else:
                self._seal(options)
        except (keys.SealerKeyError, RolledBack, MemoryLost) as error:
            raise CommandError(str(error)) from None

    def _make(self) -> None:
        try:
            key = keys.create(settings.LEDGER_KEY, settings.LEDGER_PUBLIC_KEY)
        except FileExistsError:
            raise keys.SealerKeyError(f"there is a key at {settings.LEDGER_KEY}") from None
        except OSError as error:
            raise keys.SealerKeyError(f"no key can be made: {error.strerror}") from None
        self.stdout.write(
            _("A ledger begins. Whoever verifies it elsewhere needs this public key:") + f"\n{key}"
        )

    def _seal(self, options: dict[str, Any]) -> None:
        key = keys.read(settings.LEDGER_KEY)
        sealer = Sealer(connection, key, settings.LEDGER_MEMORY, settings.ANCHOR_FILE)
        if options["once"] or options["adopt"]:
            sealer.wake(adopt=options["adopt"])
            made = sealer.seal() if options["once"] else 0
            self.stdout.write(_("%(count)d entries were sealed.") % {"count": made})
            return
        ended: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda signum, frame: ended.append(signum))
        process.live(sealer, lambda: bool(ended))
