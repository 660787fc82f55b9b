"""Names of uploaded files: shown to people and never used on the disk, and yet a hostile one is refused."""

from __future__ import annotations

import re
import unicodedata

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOST_BYTES = 180
# Extension -> media type; nothing else comes in.
TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "txt": "text/plain",
}
# What some program would run or show as a page, also where it stands before the last extension.
ACTIVE = re.compile(
    r"\.(php\d?|phtml|phar|pht|asp|aspx|ashx|jsp|jspx|cgi|pl|py|rb|sh|bash|bat|cmd|com|exe|dll|scr|msi|vbs?|vbe"
    r"|jse?|mjs|wsf|wsh|hta|html?|xhtml|shtml|svgz?|xml|xsl|swf|jar|apk|ps1|lnk|url|reg|htaccess|htpasswd|config|ini"
    r"|zip|rar|7z|gz|tar|iso|docm|xlsm)(?=\.)",
    re.IGNORECASE,
)
RESERVED = re.compile(r"(con|prn|aux|nul|clock\$|com\d|lpt\d)(\.|$)", re.IGNORECASE)
FORBIDDEN = set('/\\:*?"<>|;&$`{}\x7f')
ENCODED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)


class BadName(Exception):
    """A name that is no plain file name; `reason` is a sentence for the person."""

    def __init__(self, reason: Promise) -> None:
        super().__init__(str(reason))
        self.reason = reason


def media_type(name: str) -> str:
    """Return the media type that a name claims; raise BadName for a hostile name or another type."""
    _refuse_hostile(name)
    stem, dot, extension = name.rpartition(".")
    claimed = TYPES.get(extension.lower()) if dot and stem.strip(". ") else None
    if claimed is None:
        raise BadName(_("Only PDF, JPEG, PNG and plain text (.txt) can be uploaded."))
    return claimed


def _refuse_hostile(name: str) -> None:
    folded = unicodedata.normalize("NFKC", name)
    if not name.strip() or len(name.encode("utf-8", "replace")) > MOST_BYTES:
        raise BadName(_("The file's name is empty or too long. Please rename it."))
    # Control characters, marks that turn the direction of writing, unpaired surrogates, private letters.
    if any(
        unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        for letter in name
    ):
        raise BadName(_("The file's name holds invisible characters. Please rename it."))
    odd = FORBIDDEN & set(folded) or ENCODED.search(folded) or ".." in folded
    if odd or folded[0] in ".-~ " or folded[-1] in ". " or RESERVED.match(folded):
        raise BadName(
            _("The file's name is not allowed. Please rename it, without special characters.")
        )
    if ACTIVE.search(folded):
        raise BadName(_("The file's name has a second, active extension. Please rename it."))
