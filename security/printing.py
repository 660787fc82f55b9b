"""Pages for paper: content as data, set by typst in memory; nothing of a person touches a disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

# The family that sets Latin and Chinese alike; the set-up brings it.
FONT = "Noto Sans SC"


class NotPrintable(Exception):
    """The page could not be set as it must be: a font is missing, or the template is broken."""


def pdf(source: Path, content: Mapping[str, Any]) -> bytes:
    """Return a page as PDF; the content is data to the template, never a part of its program."""
    try:
        written, warnings = typst.compile_with_warnings(
            str(source),
            root=str(source.parent),
            font_paths=[str(settings.FONTS_DIR)],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"content": json.dumps(content, ensure_ascii=False), "font": FONT},
        )
    except (typst.TypstError, RuntimeError) as failure:
        # The message would quote the content.
        raise NotPrintable(source.stem) from (failure if settings.DEBUG else None)
    if warnings or not isinstance(written, bytes):
        # A missing font is a warning to typst; a page of empty boxes is no page.
        raise NotPrintable(f"{source.stem}: {len(warnings)} warnings")
    return written
