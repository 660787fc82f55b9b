"""What a letter about a request says: what the laws demand, per kind and outcome, in one language."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import formats, translation
from django.utils.translation import gettext as _

from consent import answers
from consent.clocks import Clock
from consent.models import RightsLetter, RightsRequest
from consent.queries.calendar import Here
from consent.queries.requests import clocks_of
from patients.queries import access
from patients.queries.statements import clinic_name
from security.models import ClinicProfile

Kind, Law = RightsLetter.Kind, ClinicProfile.Law
Shown = dict[str, Any]


def of(row: RightsRequest, kind: str, here: Here) -> Shown:
    """Return the words of a letter in the language of the request; whom it goes to is put in on paper."""
    with translation.override(row.language):
        is_chinese = row.language.startswith("zh")
        received_on, found = here.day_of(row.received_at), clocks_of(row, here)
        return {
            "language": "zh" if is_chinese else "en",
            "region": "cn" if is_chinese else "gb",
            "clinic": clinic_name(),
            "number": row.number,
            "title": _title(kind),
            "about": [
                [_("Date"), _on(here.today)],
                [_("Our number"), row.number],
                [_("Your request"), str(row.get_kind_display())],
                [_("Received"), _on(received_on)],
            ],
            "parts": [part for part in _parts(row, kind, found) if part["lines"]],
            "greeting": _("With kind regards"),
        }


def explanation(row: RightsRequest) -> str:
    """Return who may read a record and how far, from the grants that decide, in the request's language."""
    with translation.override(row.language):
        head = _("Who may read your record at the clinic, and of whom each role reads:")
        return "\n".join([head, *(f"{one['role']}: {one['text']}" for one in access.others())])


def _title(kind: str) -> str:
    return {
        Kind.RECEIVED: _("We received your request"),
        Kind.IDENTITY: _("Please show us that it is you"),
        Kind.EXTENDED: _("We need more time for your request"),
        Kind.GRANTED: _("Your request is granted"),
        Kind.PARTLY: _("Your request is granted in part"),
        Kind.REFUSED: _("We can not do what you asked for"),
    }[Kind(kind)]


def _parts(row: RightsRequest, kind: str, found: list[Clock]) -> list[Shown]:
    if kind == Kind.RECEIVED:
        return [*_received(row, found), _part(_("If you do not agree"), _routes(row))]
    if kind == Kind.IDENTITY:
        return [_part("", _identity()), _part(_("If you do not agree"), _routes(row))]
    if kind == Kind.EXTENDED:
        return [*_extended(row, found), _part(_("If you do not agree"), _routes(row))]
    parts = [_part(_("What we did") if kind != Kind.REFUSED else _("Why"), [row.outcome or ""])]
    if kind != Kind.GRANTED:
        parts.append(_part(_("On which ground"), [_ground(row)]))
        parts.append(_part(_("A review"), _review(row)))
    return [*parts, _part(_("If you do not agree"), _routes(row))]


def _part(head: str, lines: list[str]) -> Shown:
    return {"head": head, "lines": lines}


def _received(row: RightsRequest, found: list[Clock]) -> list[Shown]:
    lines = [_("We are working on it. It costs you nothing to ask.")]
    if row.due_on:
        lines.append(_("You have our answer by %(day)s.") % {"day": _on(row.due_on)})
    if row.identity_at is None:
        lines.append(_("Before we give anything out, we have to know that it is you who asks."))
    return [_part("", lines), _limits(found)]


def _limits(found: list[Clock]) -> Shown:
    limits = [f"{Law(one.law).label}, {one.term.article}: {_on(one.due_on)}" for one in found]
    return _part(_("The limits of the law"), limits)


def _identity() -> list[str]:
    return [
        _("What you ask about is protected. Before we answer, please show us who you are:"),
        _(
            "Come to the reception with an official document that carries your photograph,"
            " or sign in to your account."
        ),
        _(
            "If you ask for somebody else, bring what proves that you may, such as a power of attorney."
        ),
        _("Do not send copies of documents by e-mail. We look at them and keep no copy."),
    ]


def _extended(row: RightsRequest, found: list[Clock]) -> list[Shown]:
    lines = []
    if row.due_on:
        lines.append(_("You have our answer by %(day)s at the latest.") % {"day": _on(row.due_on)})
    lines.append(_("The law lets us extend the time once; this is that extension."))
    return [_part("", lines), _part(_("Why"), [row.extension or ""]), _limits(found)]


def _ground(row: RightsRequest) -> str:
    label = str(answers.BY_KEY[row.refusal].label)
    return f"{label} ({answers.articles(row.refusal, row.laws)})"


def _review(row: RightsRequest) -> list[str]:
    lines = []
    if Law.HIPAA in row.laws and answers.BY_KEY[row.refusal].is_reviewable:
        lines.append(str(answers.REVIEW))
    if Law.HIPAA in row.laws and row.kind == RightsRequest.Kind.RECTIFICATION:
        lines.append(str(answers.DISAGREEMENT))
    return lines


def _routes(row: RightsRequest) -> list[str]:
    return [
        _("Tell us: a colleague who took no part in the answer looks at it again."),
        *(str(answers.ROUTES[law]) for law in row.laws),
    ]


def _on(day: date) -> str:
    return formats.date_format(day, "DATE_FORMAT")
