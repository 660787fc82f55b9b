"""Texts with merge fields: which there are, what they become, and what a text may not say by which way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from engagement.lanes import CLOSED
from security.sealing.register import sealed_models
from security.sealing.shape import shape_of

FIELD = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\}|\{#")
MARKUP = re.compile(r"<\s*/?\s*[A-Za-z!][^>]*>")
ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"'（）]+", re.IGNORECASE)
# A Chinese resident identity number, or a run of digits as long as one of a card.
NUMBER = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15,19})(?!\d)")
# Words that tie a finding to the reader; the names of diseases are nobody's secret and are not looked for.
TIES = re.compile(
    r"\byour\s+(?:diagnosis|test results?|lab(?:oratory)? results?|disease|condition|pregnancy|medication)\b"
    r"|您的(?:诊断|检查结果|检验结果|化验结果|病情|疾病|用药)",
    re.IGNORECASE,
)
# What a merge field becomes; `name` is sealed and goes where strangers do not read.
PLAIN_FIELDS: Mapping[str, Promise] = {
    "clinic": _("The name of the clinic"),
    "portal": _("The address of the portal"),
    "opt_out": _("The link to get no more such messages"),
}
SEALED_FIELDS: Mapping[str, Promise] = {"name": _("The name of the person")}
# Beyond these a text message is sent and paid for in parts.
SMS_LATIN, SMS_OTHER = 160, 70
LONGEST_TITLE, LONGEST_TEXT = 120, 4000
GOODBYE = {
    "en": "To get no more such messages: {{ opt_out }}",
    "zh-hans": "如不想再收到此类消息：{{ opt_out }}",
}
LANGUAGES: Mapping[str, Promise] = {"en": _("English"), "zh-hans": _("Chinese")}
# Names by which authors may look for something of a person.
_ALSO_SEALED = frozenset(
    {"phone", "mobile", "email", "address", "diagnosis", "patient", "birthday"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a text: whether it stops it, in which language, why and what to do."""

    stops: bool
    language: str
    text: Promise | str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a text is looked at for: the way it goes, and whether the record chose who gets it."""

    channel: str
    is_clinical: bool
    own_address: str


def findings(content: Mapping[str, Mapping[str, str]], asked: Asked) -> list[Finding]:
    """Return all there is to say about a content, what stops it first."""
    found: list[Finding] = []
    if not any((words.get("text") or "").strip() for words in content.values()):
        found.append(Finding(True, "", _("There is no text yet.")))
    if asked.is_clinical and asked.channel not in CLOSED:
        found.append(Finding(True, "", CHOSEN))
    for language, words in content.items():
        title, text = words.get("title") or "", words.get("text") or ""
        if title.strip() or text.strip():
            for check in CHECKS:
                found += check(language, title, text, asked)
        elif any((one.get("text") or "").strip() for one in content.values()):
            found.append(Finding(False, language, ONE_LANGUAGE))
    return sorted(found, key=lambda one: not one.stops)


CHOSEN = _(
    "The record chose who gets this. On this way strangers could read it, and the message alone would tell"
    " them something of a person's health. Send it to the portal or as a letter."
)
ONE_LANGUAGE = _("There is no text in this language: whoever reads it gets the other one.")


def _fields(language: str, title: str, text: str, asked: Asked) -> Iterator[Finding]:
    for name in dict.fromkeys(FIELD.findall(f"{title}\n{text}")):
        if name in SEALED_FIELDS and asked.channel not in CLOSED:
            yield Finding(True, language, SEALED_ON_OPEN, name)
        elif name not in SEALED_FIELDS and name not in PLAIN_FIELDS:
            yield Finding(True, language, NEVER if _is_sealed(name) else UNKNOWN, name)
    if FIELD.search(title):
        yield Finding(True, language, _("The title stands in lists and previews: no field in it."))
    if LEFT_OVER.search(FIELD.sub("", f"{title}\n{text}")):
        yield Finding(True, language, _("Braces that are no field: write one as {{ clinic }}."))


SEALED_ON_OPEN = _(
    "This field is sealed, and this way is not encrypted from end to end: strangers could read it. Leave it"
    " out, or send the message to the portal or as a letter."
)
NEVER = _("This is sealed and goes into no message of a campaign.")
UNKNOWN = _("There is no such field.")


def _is_sealed(name: str) -> bool:
    first = name.lower().rsplit(".", 1)[-1]
    return first in _ALSO_SEALED or any(
        first == field for model in sealed_models() for field in shape_of(model).fields
    )


def _words(language: str, title: str, text: str, asked: Asked) -> Iterator[Finding]:
    if not title.strip() or not text.strip():
        yield Finding(True, language, _("Title and text belong together: one of them is missing."))
    if not title.isprintable():
        yield Finding(True, language, _("The title holds characters that can not be sent."))
    if MARKUP.search(f"{title}\n{text}"):
        yield Finding(
            True, language, _("Messages are plain text: marks in angle brackets show as they are.")
        )
    if NUMBER.search(f"{title}\n{text}"):
        yield Finding(
            True, language, _("A number like that of an identity card or a bank card stands in it.")
        )


def _ties(language: str, title: str, text: str, asked: Asked) -> Iterator[Finding]:
    found = TIES.search(f"{title}\n{text}")
    if found:
        stops = asked.channel not in CLOSED
        yield Finding(stops, language, TIED if stops else TIED_CLOSED, found[0])


TIED = _(
    "These words say that something of the reader's health is known. On a way that strangers can read, speak"
    " of the matter in general and of nobody's finding; naming a disease in general is fine."
)
TIED_CLOSED = _(
    "These words speak of the reader's own health: make sure that each recipient is meant."
)


def _addresses(language: str, title: str, text: str, asked: Asked) -> Iterator[Finding]:
    for found in ADDRESS.findall(f"{title}\n{text}"):
        if not asked.own_address or not found.startswith(asked.own_address):
            yield Finding(False, language, ELSEWHERE, found[:80])


ELSEWHERE = _(
    "This address leads away from the clinic. People are told not to trust such links; a way to find it"
    " without a link is better."
)


def _length(language: str, title: str, text: str, asked: Asked) -> Iterator[Finding]:
    if asked.channel == "sms":
        most = SMS_LATIN if text.isascii() else SMS_OTHER
        if len(text) > most:
            yield Finding(
                False,
                language,
                _("It is longer than one text message and goes in parts."),
                str(len(text)),
            )
    if len(title) > LONGEST_TITLE or len(text) > LONGEST_TEXT:
        yield Finding(True, language, _("It is too long."))


CHECKS: tuple[Callable[[str, str, str, Asked], Iterator[Finding]], ...] = (
    _fields, _words, _ties, _addresses, _length,
)  # fmt: skip


def uses(content: Mapping[str, Mapping[str, str]], name: str) -> bool:
    """Tell whether any language of a content has a field."""
    return any(name in FIELD.findall(words.get("text") or "") for words in content.values())


def in_language(content: Mapping[str, Mapping[str, str]], language: str) -> tuple[str, str, str]:
    """Return title and text in somebody's language, or in the one that there is, and which that is."""
    wanted = "zh-hans" if language.lower().startswith("zh") else "en"
    for one in (wanted, *LANGUAGES):
        words = content.get(one) or {}
        if (words.get("text") or "").strip():
            return words.get("title") or "", words["text"], one
    return "", "", wanted


def with_way_out(text: str, language: str) -> str:
    """Return a text that names the way out, at its end where its author did not."""
    return text if "opt_out" in FIELD.findall(text) else f"{text.rstrip()}\n\n{GOODBYE[language]}"


def merged(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its fields filled; a field without a value is left out and never another one's."""
    return FIELD.sub(lambda found: values.get(found[1], ""), text)
