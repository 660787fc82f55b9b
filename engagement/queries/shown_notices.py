"""Which notices somebody is shown before an enquiry is kept: versions, digests, language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from consent.queries import notices
from patients.informing import Shown


@dataclass(frozen=True, slots=True)
class Agreed:
    """After which versions of the notices somebody agreed to be contacted, and in which language."""

    notices: Sequence[UUID] = ()
    digests: Sequence[str] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Notices:
    """The notices in force, as pages to read and as what is kept of having shown them."""

    agreed: Agreed
    pages: Sequence[Shown]


def now() -> Notices:
    """Return the notices in force, in the reader's language."""
    language = notices.spoken("")
    rows = notices.in_force()
    digests = [
        text.text_sha256 for row in rows for text in row.texts.all() if text.language == language
    ]
    return Notices(Agreed([row.pk for row in rows], digests, language), notices.shown())
