"""Write the whole ledger to a file that can be verified on another machine."""

from __future__ import annotations

import base64
import gzip
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from tqdm import tqdm

from audit.ledger import keys
from audit.models import Checkpoint, Leaf
from audit.verifier import BUNDLE, SPELLING
from security import trail

CHUNK = 2000


class Command(BaseCommand):
    """Exports entries and heads; the file names people by pseudonyms and holds sealed details."""

    help = "Export the ledger for `audit/verifier.py bundle`, packed by gzip, readable by its owner only."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the name of the new file."""
        parser.add_argument("path", type=Path, help="the new file, such as ledger.jsonl.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and record that it was written."""
        try:
            origin = keys.trusted().origin
            handle = os.open(options["path"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except keys.SealerKeyError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{options['path']}: {error.strerror}") from None
        with trail.acting_for(system="audit.export", purpose="HOPERAT"), transaction.atomic():
            with os.fdopen(handle, "wb") as file, gzip.open(file, "wt", encoding="utf-8") as text:
                size = self._write(text, origin)
            trail.record("audit.bundle.exported", counts={"entries": size})
        self.stdout.write(_("%(count)d entries were exported.") % {"count": size})

    def _write(self, text: TextIO, origin: str) -> int:
        text.write(_line({"kind": BUNDLE, "origin": origin}))
        size = Checkpoint.objects.order_by("-number").values_list("size", flat=True).first() or 0
        with tqdm(total=size, unit="entry", disable=not sys.stderr.isatty()) as bar:
            for line, entries in _lines(size):
                text.write(line)
                bar.update(entries)
        return size


def _lines(size: int) -> Iterator[tuple[str, int]]:
    """Yield heads and entries in the order in which a verifier takes them."""
    heads = Checkpoint.objects.filter(size__lte=size).order_by("number")
    coming = heads.values_list("size", "note").iterator(chunk_size=CHUNK)
    head = next(coming, None)
    entries = Leaf.objects.filter(number__lt=size).order_by("number").iterator(chunk_size=CHUNK)
    for entry in entries:
        while head is not None and head[0] <= entry.number:
            yield _line({"head": head[1]}), 0
            head = next(coming, None)
        leaf, mark = (base64.b64encode(bytes(one)).decode() for one in (entry.content, entry.mark))
        yield _line({"entry": entry.number, "leaf": leaf, "mark": mark}), 1
    while head is not None:
        yield _line({"head": head[1]}), 0
        head = next(coming, None)


def _line(data: dict[str, Any]) -> str:
    return json.dumps(data, **SPELLING) + "\n"
