"""Where a demo may stand: with DEBUG on, in a database that holds nobody else."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from audit.models import Event
from patients.models import Patient
from security.models import Unit, User

OPENED = "crm.demo.opened"


class NoDemoHere(Exception):
    """The demo's known passwords must never stand beside anything real."""


def is_open() -> bool:
    """Tell whether the demo clinic was opened in this database; the trail forgets nothing."""
    return Event.objects.filter(action=OPENED, outcome=Event.Outcome.SUCCESS).exists()


def require_debug() -> None:
    """Refuse where passwords that everybody knows would be a hole."""
    if not settings.DEBUG:
        raise NoDemoHere(
            _("The demo runs with DEBUG on alone: its passwords are known to everybody.")
        )


def require_empty() -> None:
    """Refuse a database in which anybody lives already."""
    if User.objects.exists() or Patient.objects.exists() or Unit.objects.exists():
        raise NoDemoHere(
            _("This database holds people who are not of the demo; nothing was changed.")
        )
