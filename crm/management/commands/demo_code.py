"""Tells the second-factor code of a demo account, in place of a phone."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.demo import accounts, ground
from security import trail


class Command(BaseCommand):
    """`manage.py demo_code USER`: the code that the sign-in page asks for."""

    help = "Print the current second-factor code of an account of the demo clinic."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask whose code is wanted."""
        parser.add_argument("user", help="short name, sign-in name or handle, as in physician1")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the code and how long it holds."""
        try:
            ground.require_debug()
            if not ground.is_open():
                raise CommandError(_("The demo clinic is not open in this database."))
            with trail.acting_for(system="demo_code", purpose="HSYSADMIN"):
                code = accounts.tell_code(user=accounts.find(options["user"]))
        except (ground.NoDemoHere, accounts.NotOfTheDemo) as refusal:
            raise CommandError(str(refusal)) from refusal
        except accounts.CodeUsedUp as wait:
            text = ngettext(
                "This minute's codes were used; ask again in %(seconds)d second.",
                "This minute's codes were used; ask again in %(seconds)d seconds.",
                wait.seconds,
            )
            raise CommandError(text % {"seconds": wait.seconds}) from wait
        left = ngettext("%(seconds)d second left", "%(seconds)d seconds left", code.seconds)
        self.stdout.write(f"{code.text}  ({left % {'seconds': code.seconds}})")
