"""Printed forms: the code that binds one, and the page that is signed."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from consent.models import PaperForm
from consent.queries import channels, words
from patients.models import Patient
from patients.names import display
from patients.queries.people import birth
from security import qr

# Crockford's digits: none of them is taken for another.
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, HALF = 10, 5
MARK = "CUSTODIA-PAPER:"
ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_code() -> str:
    """Return a code that nobody guesses."""
    return "".join(secrets.choice(DIGITS) for _ in range(LENGTH))


def shown(code: str) -> str:
    """Return a code as people read it."""
    return f"{code[:HALF]}-{code[HALF:]}"


def read(text: str) -> str:
    """Return the code that somebody typed or a scanner read."""
    plain = text.strip().upper().removeprefix(MARK)
    return re.sub(r"[^0-9A-Z]", "", plain).translate(ALIKE)


def content(paper: PaperForm, patient: Patient) -> dict[str, Any]:
    """Return the page of a printed form, in the language of its words."""
    row = paper.words
    is_chinese = row.language.startswith("zh")
    with translation.override(row.language):
        expires = formats.date_format(timezone.localtime(paper.expires_at), "DATE_FORMAT")
        return {
            "language": "zh" if is_chinese else "en",
            "region": "cn" if is_chinese else "gb",
            "clinic": words.clinic(row.language),
            "title": row.title,
            "code": shown(paper.code),
            "form": f"{row.form.key} {row.number} {row.text_sha256[:8]}",
            "about": [pair for pair in _about(paper, patient) if pair[1]],
            "parts": [[part["heading"], part["text"]] for part in words.parts(row)]
            + _to_tick(paper),
            "qr": qr.svg(MARK + paper.code),
            "agree": gettext("I agree"),
            "refuse": gettext("I do not agree"),
            "lines": [
                gettext("Date"),
                gettext("Signature"),
                gettext("Name, and on what authority if not the patient"),
            ],
            "foot": gettext("Good once, for this patient only, until %(day)s.") % {"day": expires},
        }  # fmt: skip


def _about(paper: PaperForm, patient: Patient) -> list[list[str]]:
    return [
        [gettext("Patient"), display(patient.names)],
        [gettext("Record number"), patient.record_number or ""],
        [gettext("Date of birth"), birth(patient.birth_on, patient.birth_precision)],
        [_channel_name(paper), _channel(paper)],
    ]


def _is_outside(paper: PaperForm) -> bool:
    return channels.is_per_recipient(paper.words.form.purpose)


def _channel_name(paper: PaperForm) -> str:
    return gettext("Recipient") if _is_outside(paper) else gettext("Channel")


def _channel(paper: PaperForm) -> str:
    if not _is_outside(paper):
        return channels.label(paper.channel)
    known = channels.outside(paper.words.form.purpose)
    found = next((one for one in known if one.key == paper.channel), None)
    if found is None:
        return channels.label(paper.channel)
    return f"{found.name}, {found.contact} ({found.country})"


def _to_tick(paper: PaperForm) -> list[list[str]]:
    """Return what the person ticks by hand: which data may go to a recipient outside."""
    if not _is_outside(paper):
        return []
    boxes = [f"[   ] {label}" for _key, label in channels.data(paper.words.form.purpose)]
    boxes.append(f"[   ] {gettext('Specially protected entries as well')}")
    return [[gettext("Tick which data may be given"), "     ".join(boxes)]]
