"""Saying that an entry was a mistake."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from patients.forms.entries.fields import Words
from patients.forms.versioned import Versioned


class Void(Versioned):
    """Why an entry is wrong; it carries the version that was read."""

    reason = Words(
        label=_("Why it is wrong"),
        max_length=500,
        error_messages={"required": _("Say why this entry is wrong.")},
    )
