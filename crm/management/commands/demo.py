"""Opens the demo clinic in an empty database, and tells who may sign in there."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from unicodedata import east_asian_width

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from crm.demo import clinic, ground
from crm.demo.roster import PEOPLE
from crm.demo.staff import ACCOUNTS, DOMAIN, KNOWN_PHRASE, PORTAL
from security import trail
from security.access.roles import ROLES

WIDE = "WF"


class Command(BaseCommand):
    """`manage.py demo`: 60 invented patients and two people a role, with known passwords."""

    help = "Open the demo clinic in an empty database (DEBUG only); a second run changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Let the table of accounts be asked for alone."""
        parser.add_argument(
            "--accounts", action="store_true", help="only tell the accounts of the demo"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the clinic unless it is open, and tell the accounts."""
        try:
            ground.require_debug()
            if options["accounts"] and not ground.is_open():
                raise CommandError(_("The demo clinic is not open in this database."))
            if ground.is_open() and not options["accounts"]:
                self.stdout.write(_("The demo clinic is already there; nothing was changed."))
                return
            if not options["accounts"]:
                self.open()
        except ground.NoDemoHere as refusal:
            raise CommandError(str(refusal)) from refusal
        except KeyboardInterrupt as stop:
            raise CommandError(_("Stopped; nothing of the demo was kept.")) from stop
        self.tell_accounts()

    def open(self) -> None:
        """Open the clinic with a progress bar."""
        with (
            trail.acting_for(system="demo", purpose="HSYSADMIN"),
            tqdm(total=clinic.STEPS, desc=_("Demo clinic"), disable=None, leave=False) as bar,
        ):
            opened = clinic.open_clinic(tell=bar.update)
        self.stdout.write(
            _("The demo clinic is open: %(patients)d patients, %(people)d accounts.")
            % {"patients": len(opened.patients), "people": len(opened.people)}
        )

    def tell_accounts(self) -> None:
        """Print who may sign in, with which role."""
        rows = [(_("Sign-in name"), _("Role"), _("Name"))]
        rows += [(one.email, str(ROLES[one.role].label), one.name) for one in ACCOUNTS]
        people = {person.key: person for person in PEOPLE}
        patient = str(ROLES["patient"].label)
        rows += [
            (f"{handle}@{DOMAIN}", patient, people[key].shown) for handle, key in PORTAL.items()
        ]
        wide = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell + " " * (wide[place] - width(cell)) for place, cell in enumerate(row))
            self.stdout.write("  ".join(cells).rstrip())
        self.stdout.write("")
        self.stdout.write(_("Password of every account: %(phrase)s") % {"phrase": KNOWN_PHRASE})
        self.stdout.write(_("Code of the moment: manage.py demo_code physician1"))


def width(text: str) -> int:
    """Tell how many columns a text takes in a terminal; Han characters take two."""
    return sum(2 if east_asian_width(letter) in WIDE else 1 for letter in text)
