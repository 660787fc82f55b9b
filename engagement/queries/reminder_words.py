"""What a reminder says: when and where, how to answer; nothing of why somebody comes."""

from __future__ import annotations

from django.conf import settings
from django.utils import formats, translation
from django.utils.translation import gettext as _

from audit import working_days
from consent.queries import words
from engagement.models import Reminder

TOPIC = "engagement.reminder"
# Ways on which nobody can follow a link.
WITHOUT_LINK = frozenset({"letter"})


def written(
    reminder: Reminder, *, channel: str, language: str, link: str, stop: str
) -> tuple[str, str]:
    """Return title and text of a reminder in a person's language."""
    code = words.language_of(language)
    with translation.override(code):
        local = reminder.starts_at.astimezone(working_days.zone())
        facts = {
            "clinic": words.clinic(code),
            "day": formats.date_format(local, "l, j F Y" if code == "en" else "Y年n月j日 l"),
            "time": formats.date_format(local, "H:i"),
        }
        lines = [_("%(clinic)s: you have an appointment on %(day)s at %(time)s.") % facts]
        if channel in WITHOUT_LINK:
            lines.append(_("If you can not come, please call us."))
        else:
            lines.append(_("Confirm or cancel: %(link)s") % {"link": link})
        if channel == "sms" and settings.REPLIES_SECRET:
            lines.append(_("Answer C to confirm, X to cancel, STOP for no more messages."))
        elif stop:
            lines.append(_("No more reminders: %(link)s") % {"link": stop})
        return str(_("Your appointment")), ("\n" if channel == "sms" else "\n\n").join(lines)
