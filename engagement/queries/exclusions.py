"""Why somebody is not written to: one word for each reason, and a sentence that people read."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.models import State
from consent.queries import standing
from consent.queries.standing import Answer
from engagement.queries.ways import NoWay

SENTENCES: Mapping[str, Promise] = {
    "never_asked": _("Never allowed this purpose"),
    "declined": _("Declined it"),
    "withdrawn": _("Withdrew the consent"),
    "expired": _("The consent is over"),
    "not_yet": _("The consent has not begun"),
    "superseded": _("The consent was replaced"),
    "invalid": _("The consent is not valid"),
    "objected": _("Objected to this purpose"),
    "restricted": _("The use of the data is restricted"),
    "stored": _("The data are only stored"),
    "deceased": _("Has died"),
    "of_age": _("Came of age: what the guardian allowed is over"),
    "minor": _("Too young for this lane"),
    "no_purpose": _("The purpose is not in use"),
    "consent": _("Not allowed"),
    "no_address": _("No address for this way"),
    "same_address": _("Somebody with the same address gets it"),
    "bounced": _("Earlier messages did not arrive"),
    "cap": _("Got enough messages lately"),
    "unreadable": _("The record does not open"),
    "nobody": _("The record is gone"),
    "channel": _("This way is not set up"),
    "stopped": _("The campaign was stopped"),
    "delivery": _("Could not be delivered"),
    "interrupted": _("Nobody knows whether it left: not tried again"),
}
# What an answer of consent says -> the word for it.
_SAID: tuple[tuple[Promise, str], ...] = (
    (standing.NEVER_ASKED, "never_asked"),
    (standing.SAID[State.DECLINED], "declined"),
    (standing.SAID[State.WITHDRAWN], "withdrawn"),
    (standing.OVER, "expired"),
    (standing.NOT_YET, "not_yet"),
    (standing.SAID[State.SUPERSEDED], "superseded"),
    (standing.SAID[State.INVALID], "invalid"),
    (standing.OBJECTED, "objected"),
    (standing.RESTRICTED, "restricted"),
    (standing.STORED, "stored"),
    (standing.DIED, "deceased"),
    (standing.OF_AGE, "of_age"),
    (standing.TOO_YOUNG, "minor"),
    (standing.NO_PURPOSE, "no_purpose"),
    (standing.NO_CHANNEL, "consent"),
    (standing.NOBODY, "nobody"),
    (standing.UNREADABLE, "unreadable"),
)


def of_answer(answer: Answer) -> str:
    """Return the word for an answer of consent that is a no."""
    return next((word for said, word in _SAID if said is answer.reason), "consent")


def of_way(no_way: NoWay) -> str:
    """Return the word for why there is no way to somebody."""
    if no_way.answer is not None:
        return of_answer(no_way.answer)
    return no_way.why if no_way.why in SENTENCES else "consent"


def sentence(word: str) -> str:
    """Return a reason in words."""
    return str(SENTENCES.get(word, SENTENCES["consent"]))
