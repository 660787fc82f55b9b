"""Tells the newest message to somebody of the demo, in place of a mailbox."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from crm.demo import ground, post
from security import trail


class Command(BaseCommand):
    """`manage.py demo_mail ADDRESS`: the message with an invitation or another link."""

    help = "Print the newest message to a member of the demo clinic's staff."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask whose message is wanted."""
        parser.add_argument("address", help="e-mail address, as typed in the administration")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the message."""
        try:
            ground.require_debug()
            if not ground.is_open():
                raise CommandError(_("The demo clinic is not open in this database."))
            with trail.acting_for(system="demo_mail", purpose="HSYSADMIN"):
                letter = post.newest(typed=options["address"])
        except (ground.NoDemoHere, post.NoMessage) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{letter.title}\n\n{letter.text}")
