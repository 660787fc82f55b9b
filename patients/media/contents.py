"""Contents of uploaded files: the type is what the bytes say, and it must be what the name claims."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PDF, JPEG, PNG, TEXT = "application/pdf", "image/jpeg", "image/png", "text/plain"
MARKUP = re.compile(
    rb"<\s*(!doctype|html|head|body|script|svg|iframe|object|embed|form|meta)\b", re.IGNORECASE
)
# Parts of a PDF that act, and files inside it or elsewhere.
ACTIVE = (
    "JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "FileAttachment", "RichMedia", "Rendition",
    "XFA", "SubmitForm", "ImportData", "GoToE", "GoToR", "Movie", "Sound",
)  # fmt: skip


def _spelled(names: Sequence[str]) -> re.Pattern[bytes]:
    """Return the pattern of names in a PDF, each letter of which may be written as #xx."""
    words = (
        b"".join(b"(?:%c|(?i:#%02x))" % (letter, letter) for letter in name.encode())
        for name in names
    )
    return re.compile(rb"/(?:" + b"|".join(words) + rb")\b")


# Packed pictures are full of chance: so short a name is looked for among the objects alone.
PDF_BYTES, PDF_OBJECTS = _spelled(ACTIVE), _spelled([*ACTIVE, "JS"])


class BadContent(Exception):
    """Bytes that may not come in; `reason` is a sentence for the person."""

    def __init__(self, reason: Promise) -> None:
        super().__init__(str(reason))
        self.reason = reason


def check(content: bytes, claimed: str) -> None:
    """Raise BadContent unless the bytes are wholly of the claimed type and carry nothing that acts."""
    if not content:
        raise BadContent(_("The file is empty."))
    found = sniffed(content)
    if found != claimed:
        raise BadContent(_("The file's content is not what its name says."))
    if found == PDF:
        _check_pdf(content)
    elif found == TEXT:
        text_of(content)


def sniffed(content: bytes) -> str:
    """Return the media type that the first bytes tell; what tells nothing is text."""
    if content.startswith(b"%PDF-1.") or content.startswith(b"%PDF-2."):
        return PDF
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    return TEXT


def _check_pdf(content: bytes) -> None:
    if b"%%EOF" not in content[-2048:]:
        raise BadContent(_("This PDF is cut off or damaged."))
    if MARKUP.search(content):
        raise BadContent(_("This PDF is a web page at the same time and is not accepted."))
    _check_inactive(content, PDF_BYTES)


def check_objects(objects: bytes) -> None:
    """Raise BadContent where an object of a PDF acts; the confined child unpacked them."""
    _check_inactive(objects, PDF_OBJECTS)


def _check_inactive(content: bytes, names: re.Pattern[bytes]) -> None:
    if names.search(content):
        raise BadContent(
            _("This PDF holds a script, a form that sends, or other files. Print it to PDF first.")
        )


def text_of(content: bytes) -> str:
    """Return the text of a plain text file (UTF-8, UTF-16 with its mark, or GB 18030); raise BadContent."""
    for encoding in (
        "utf-8-sig",
        "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "gb18030",
    ):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(_is_binary(letter) for letter in set(text)):
            return text
    raise BadContent(_("This is no plain text."))


def _is_binary(letter: str) -> bool:
    return letter not in "\n\r\t\f" and unicodedata.category(letter) in {"Cc", "Cn"}
