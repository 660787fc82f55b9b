"""The letter that tells a patient without an account of an emergency access, in the language in force."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from audit import persons, working_days
from audit.models import Review
from audit.persons import Addressee
from security.models import ClinicProfile, User
from security.services import clinics

Shown = dict[str, Any]


def addressee(reader: User, row: Review) -> Addressee | None:
    """Return to whom the letter goes, if the reader may see the person; opened, and so read."""
    known = persons.register()
    if row.subject_id not in known.shown(reader, [row.subject_id]):
        return None
    return known.addressee(row.subject_id)


def of(row: Review, to: Addressee) -> Shown:
    """Return what the letter says: that, when and that it was reviewed; never what was in the record."""
    is_chinese = (get_language() or "").startswith("zh")
    zone = working_days.zone()
    day = date_format(timezone.localtime(row.occurred_at, zone), "DATE_FORMAT")
    clinic = _clinic(clinics.profile(), is_chinese)
    language = "zh" if is_chinese else "en"
    name = to.names.get(language, "")
    return {
        "language": language,
        "region": "cn" if is_chinese else "gb",
        "clinic": clinic,
        "to": name or gettext("Name unknown"),
        "lines": list(to.lines),
        "date": date_format(timezone.localtime(timezone=zone), "DATE_FORMAT"),
        "reference": gettext("Our reference: %(number)s") % {"number": persons.pseudonym(row.pk)},
        "title": gettext("Your record was opened in an emergency"),
        "paragraphs": [
            gettext("Dear %(name)s,") % {"name": name} if name else gettext("Dear patient,"),
            gettext(
                "On %(day)s a member of our staff opened your record outside your usual care, because of an "
                "emergency. Such an access needs a reason, ends by itself, and is looked at afterwards by a "
                "colleague who took no part in it. This review has taken place."
            )
            % {"day": day},
            gettext(
                "You may learn who opened your record, when, which parts of it, and for what reason. Ask at "
                "our reception, or write to us; it costs you nothing."
            ),
            gettext(
                "If you can not explain this access to yourself, please tell us. We look into it and answer "
                "you."
            ),
        ],
        "close": [gettext("Yours sincerely,"), clinic],
    }  # fmt: skip


def _clinic(profile: ClinicProfile | None, is_chinese: bool) -> str:
    if profile is None:
        return ""
    return str((profile.name_zh or profile.name) if is_chinese else profile.name)
