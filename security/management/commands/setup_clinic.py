"""Sets a clinic up: asks for what is missing, or takes everything from its flags, and does it once."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from security import trail
from security.access.gate import Refused
from security.access.roles import ROLES
from security.forms.setup import SetUp, usual
from security.models import ClinicProfile
from security.sealing import keyring
from security.sealing.errors import KeyringError
from security.services import clinics, one_time_links
from security.services.clinics import FirstLink

LISTS = {
    "laws": ClinicProfile.Law.values,
    "languages": [code for code, _name in settings.LANGUAGES],
}


def sentences(form: SetUp, name: str) -> str:
    """Return what is wrong with one field."""
    return " ".join(str(error) for error in form.errors[name])


class Command(BaseCommand):
    """`manage.py setup_clinic`: keyring, clinic, first administrator, first compliance officer."""

    help = (
        "Set the clinic up, by questions, by flags, or (--page) by a guided page; it happens once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take every answer as a flag; what is missing is asked for at a terminal."""
        parser.add_argument("--page", action="store_true", help="print the code of the guided page")
        parser.add_argument(
            "--new-links", action="store_true", help="new first links, while nobody signed in"
        )
        parser.add_argument("--no-input", action="store_true", help="ask nothing")
        parser.add_argument("--name")
        parser.add_argument("--name-zh")
        for flag, name in (("--law", "laws"), ("--language", "languages")):
            parser.add_argument(flag, dest=name, action="append", choices=LISTS[name])
        parser.add_argument("--time-zone", help="such as Asia/Shanghai")
        parser.add_argument("--guardian-age", type=int)
        for who in ("administrator", "officer"):
            parser.add_argument(f"--{who}-name")
            parser.add_argument(f"--{who}-email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say in one sentence why not."""
        self.make_keyring()
        with trail.acting_for(system="setup_clinic", purpose="HSYSADMIN"):
            try:
                if options["page"]:
                    self.tell_code(clinics.open_page())
                elif options["new_links"]:
                    self.tell_links(clinics.renew_links())
                elif clinics.is_set_up():
                    raise CommandError(_("This clinic is set up already; nothing was changed."))
                else:
                    self.set_up(options)
            except Refused as refusal:
                raise CommandError(str(refusal.reason)) from refusal

    def make_keyring(self) -> None:
        """Make the root keys if there are none; the ones that are there stay."""
        path = Path(settings.KEYRING_PATH)
        try:
            if path.exists():
                keyring.read(path)
            else:
                keyring.create(path)
                made = _("A keyring was made at %(path)s. Keep a copy of it.") % {"path": path}
                self.stdout.write(made)
        except (KeyringError, OSError) as error:
            raise CommandError(str(error)) from error

    def set_up(self, options: dict[str, Any]) -> None:
        """Fill the form from flags and answers, then do the deed."""
        said = {name: options[name] for name in SetUp.base_fields if options[name] is not None}
        form = SetUp(usual() | said)
        if not options["no_input"] and not form.is_valid():
            form = SetUp(usual() | said | self.ask(form, said))
        if not form.is_valid():
            raise CommandError("\n".join(self.complaints(form)))
        self.tell_links(
            clinics.set_up(
                clinic=form.profile(),
                administrator=form.person("administrator"),
                officer=form.person("officer"),
            )
        )
        if form.cleaned_data["time_zone"] != settings.TIME_ZONE:
            zone = form.cleaned_data["time_zone"]
            self.stdout.write(_("Set CUSTODIA_TIME_ZONE=%(zone)s and restart.") % {"zone": zone})

    def ask(self, form: SetUp, said: dict[str, Any]) -> dict[str, Any]:
        """Ask for each field that is missing or wrong until its answer is right."""
        answers: dict[str, Any] = {}
        for name, field in form.fields.items():
            wrong = name in form.errors
            while wrong or name not in said:
                answers[name] = self.answer(name, str(field.label))
                again = SetUp(usual() | said | answers)
                wrong = name in again.errors
                if not wrong:
                    break
                self.stderr.write(sentences(again, name))
        return answers

    def answer(self, name: str, label: str) -> Any:
        """Read one answer; an empty one takes what stands in brackets."""
        first = usual().get(name, "")
        known = f" ({', '.join(LISTS[name])})" if name in LISTS else ""
        shown = ", ".join(first) if isinstance(first, list) else first
        try:
            typed = input(f"{label}{known}{f' [{shown}]' if shown != '' else ''}: ").strip()
        except (EOFError, KeyboardInterrupt) as stop:
            raise CommandError(_("Stopped; nothing was changed.")) from stop
        if not typed:
            return first
        return typed.replace(",", " ").split() if name in LISTS else typed

    def complaints(self, form: SetUp) -> list[str]:
        """Return what is wrong, a line for each field."""
        return [
            f"{form.fields[name].label if name in form.fields else name}: {sentences(form, name)}"
            for name in form.errors
        ]

    def tell_code(self, code: str) -> None:
        """Print the code of the guided page, this once."""
        shown = {"address": f"{settings.BASE_URL}/setup/", "code": one_time_links.shown_code(code)}
        self.stdout.write(_("Open %(address)s and type this code within a day:") % shown)
        self.stdout.write(f"\n    {shown['code']}\n")

    def tell_links(self, made: list[FirstLink]) -> None:
        """Print the links, this once."""
        self.stdout.write(_("Hand each link to its person; it works once, within seven days:"))
        for one in made:
            self.stdout.write(f"\n{ROLES[one.role].label}\n    {one.address}")
