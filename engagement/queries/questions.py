"""Questions of a questionnaire: in the reader's language, and which answers somebody must look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from engagement.models import Questionnaire, QuestionnaireAnswer

Shown = dict[str, Any]


def find(key: str) -> Questionnaire | None:
    """Return a questionnaire by its key, or None where there is none, or it was retired."""
    return Questionnaire.objects.filter(key=key).first() if key else None


def worded(one: Mapping[str, Any]) -> str:
    """Return what a question says in the reader's language."""
    return str((_is_chinese() and one.get("label_zh")) or one["label"])


def choices(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what may be answered to a question that gives a choice."""
    if one["kind"] == "yes_no":
        return [("yes", gettext("Yes")), ("no", gettext("No"))]
    place = 2 if _is_chinese() else 1
    return [(said[0], said[place] or said[1]) for said in one.get("choices", ())]


def _is_chinese() -> bool:
    return (translation.get_language() or "").startswith("zh")


def is_alarming(one: Mapping[str, Any], answer: Any) -> bool:
    """Tell whether somebody must look at an answer."""
    alarm = one.get("alarm") or {}
    if answer in (None, "") or not alarm:
        return False
    if "is" in alarm:
        return bool(answer == alarm["is"])
    number = float(answer)
    return bool(number > alarm.get("above", number) or number < alarm.get("below", number))


def alarms(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> bool:
    """Tell whether somebody must look at one of the answers."""
    return any(is_alarming(one, answers.get(one["key"])) for one in questionnaire.questions)


def lines(questionnaire: Questionnaire, row: QuestionnaireAnswer) -> Sequence[Shown]:
    """Return the answers as lines of a page; opened, and so read."""
    answers = row.answers or {}
    found = []
    for one in questionnaire.questions:
        said = answers.get(one["key"])
        if said in (None, ""):
            continue
        text = dict(choices(one)).get(str(said), str(said))
        found.append({"label": worded(one), "text": text, "is_alarm": is_alarming(one, said)})
    return found
