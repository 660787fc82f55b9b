"""Every string a person sees is there in Simplified Chinese, with the same placeholders."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
import pytest
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
# Which argument holds what: context, singular, plural.
CALLS = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)\}")
ESCAPED = re.compile(r"%%")


class Message(NamedTuple):
    """One string as the sources hold it."""

    context: str
    text: str
    plural: str


def named(call: ast.Call) -> str:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def messages_in(code: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(code)):
        places = CALLS.get(named(node)) if isinstance(node, ast.Call) else None
        if places is None or not isinstance(node, ast.Call):
            continue
        words = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
        context, text, plural = ("" if place is None else words[place] for place in places)
        if isinstance(text, str):
            yield Message(str(context), text, str(plural or ""))


def calls_of(template: str) -> str:
    """Return the gettext calls of a template as Python."""
    string = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    shape = rf"\b(?:_|n?p?gettext)\(\s*{string}(?:\s*,\s*(?:{string}|count))*\s*\)"
    return "\n".join(re.findall(shape, templatize(template)))


def sources() -> Iterator[tuple[Path, str]]:
    for app in settings.OUR_APPS:
        for path in (ROOT / app).rglob("*.py"):
            yield path, path.read_text(encoding="utf-8")
    for path in (ROOT / "templates").rglob("*.html"):
        yield path, calls_of(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def spoken() -> dict[Message, Path]:
    return {message: path for path, code in sources() for message in messages_in(code)}


@pytest.fixture(scope="module")
def catalogue() -> dict[tuple[str, str], polib.POEntry]:
    entries = polib.pofile(str(CATALOGUE))
    return {(one.msgctxt or "", one.msgid): one for one in entries if not one.obsolete}


def chinese_of(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def placeholders(text: str) -> list[str]:
    return sorted(match.group(0) for match in PLACEHOLDER.finditer(ESCAPED.sub("", text)))


def test_the_sources_speak(spoken: dict[Message, Path]) -> None:
    assert len(spoken) > 200
    assert any(message.plural for message in spoken), "plurals of templates are not seen"
    assert any(message.context for message in spoken), "contexts of templates are not seen"


def test_every_string_is_in_the_catalogue(
    spoken: dict[Message, Path], catalogue: dict[tuple[str, str], polib.POEntry]
) -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {message.text!r}"
        for message, path in spoken.items()
        if message.text and (message.context, message.text) not in catalogue
    ]
    assert not missing, "Run makemessages and translate:\n" + "\n".join(missing)


def test_every_entry_is_translated_and_sure(
    catalogue: dict[tuple[str, str], polib.POEntry],
) -> None:
    bad = [entry.msgid for entry in catalogue.values() if entry.fuzzy or not all(chinese_of(entry))]
    assert not bad, f"Not translated, or fuzzy: {bad}"


def test_placeholders_are_the_same(catalogue: dict[tuple[str, str], polib.POEntry]) -> None:
    for entry in catalogue.values():
        wanted = {tuple(placeholders(entry.msgid)), tuple(placeholders(entry.msgid_plural or ""))}
        for text in chinese_of(entry):
            assert tuple(placeholders(text)) in wanted, entry.msgid


def test_no_entry_is_left_over(
    spoken: dict[Message, Path], catalogue: dict[tuple[str, str], polib.POEntry]
) -> None:
    left_over = set(catalogue) - {(message.context, message.text) for message in spoken}
    assert not left_over, f"Nobody says {sorted(left_over)}"


def test_chinese_is_written_with_chinese_marks(
    catalogue: dict[tuple[str, str], polib.POEntry],
) -> None:
    shape = re.compile(r"[\u4e00-\u9fff][,;:?!]")
    wrong = [
        text for entry in catalogue.values() for text in chinese_of(entry) if shape.search(text)
    ]
    assert not wrong, wrong
