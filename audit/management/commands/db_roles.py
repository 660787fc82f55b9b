"""Make the database's roles."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import database_roles


class Command(BaseCommand):
    """Makes the roles owner, app, sealer, backup and reporting, and gives each what it may do."""

    help = (
        "Make the database's roles and give each what it may do. Run it as an administrator of the"
        " database before the first and after every migration. Passwords come from the environment"
        " (CUSTODIA_APP_PASSWORD and so on); without one a role signs in by socket trust."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the beginning of the roles' names."""
        parser.add_argument(
            "--prefix", default=database_roles.PREFIX, help="begins each role's name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the roles and print what was done."""
        try:
            database_roles.apply(options["prefix"], self.stdout.write)
        except database_roles.RolesImpossible as error:
            raise CommandError(str(error)) from error
