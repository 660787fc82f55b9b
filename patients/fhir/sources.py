"""Where bundles come from: files, folders and archives, one document in memory at a time."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from patients.fhir import archives
from patients.fhir.limits import DEFAULT, Limits
from patients.fhir.parsing import Unreadable

FOLDER_DEPTH = 32
_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Document:
    """One file or archive member: its name for messages, and its bytes or why there are none."""

    name: str
    content: bytes | Unreadable


def documents(paths: Iterable[str], limits: Limits = DEFAULT) -> Iterator[Document]:
    """Yield every document at the given paths, in the order of their names."""
    for text in paths:
        path = Path(text)
        try:
            if path.is_dir():
                yield from _folder(path, limits)
            else:
                yield from _file(path, limits, follow=True)
        except ValueError:
            yield Document(shown(text), Unreadable(_("There is no such file or folder.")))


def expected(paths: Iterable[str]) -> int | None:
    """Return how many documents there will be, or None where an archive keeps it to itself."""
    count = 0
    for text in paths:
        found = list(_walk(Path(text), FOLDER_DEPTH)) if os.path.isdir(text) else [Path(text)]
        if any(path.name.lower().endswith(archives.ARCHIVE_ENDINGS) for path in found):
            return None
        count += len(found)
    return count


def shown(name: str) -> str:
    """Return a file name as it may be printed: control characters would drive the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)


def _folder(folder: Path, limits: Limits) -> Iterator[Document]:
    is_empty = True
    for path in _walk(folder, FOLDER_DEPTH):
        is_empty = False
        yield from _file(path, limits, follow=False)
    if is_empty:
        yield Document(shown(str(folder)), Unreadable(_("The folder holds no bundle.")))


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    """Yield what may be a bundle, an archive or a link under a folder; links are not followed."""
    try:
        found = sorted(os.scandir(folder), key=lambda item: item.name)
    except OSError:
        yield folder
        return
    for item in found:
        if item.name.startswith("."):
            continue
        if item.is_dir(follow_symlinks=False):
            if depth:
                yield from _walk(Path(item.path), depth - 1)
        elif item.is_symlink() or item.name.lower().endswith(_READ_ENDINGS):
            yield Path(item.path)


_READ_ENDINGS = (*archives.DOCUMENT_ENDINGS, ".zip", ".tar", ".tgz", ".txz", ".tar.xz", ".tar.gz")


def _file(path: Path, limits: Limits, *, follow: bool) -> Iterator[Document]:
    name = shown(str(path))
    try:
        with _opened(path, follow=follow) as stream:
            size = os.fstat(stream.fileno()).st_size
            head = stream.read(_HEAD_BYTES)
            kind = archives.kind_of(head)
            stream.seek(0)
            if kind == "document" and archives.is_misnamed(path.name, head):
                raise Unreadable(_("It is no archive that can be read; use .zip or .tar.xz."))
            if kind == "document":
                yield Document(name, _content(stream, size, limits))
                return
            for member, content in archives.members(stream, kind, size, limits):
                yield Document(f"{name}:{shown(member)}", content)
    except Unreadable as reason:
        yield Document(name, reason)
    except OSError as error:
        yield Document(name, Unreadable(_os_reason(path, error)))


def _opened(path: Path, *, follow: bool) -> BinaryIO:
    """Open a regular file for reading, and never wait for a pipe or a device."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    stream = os.fdopen(os.open(path, flags), "rb")
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return stream
    stream.close()
    raise Unreadable(_("It is not a regular file."))


def _content(stream: BinaryIO, size: int, limits: Limits) -> bytes | Unreadable:
    if size > limits.document:
        return archives.too_large(limits.document)
    data = stream.read(limits.document + 1)
    return archives.too_large(limits.document) if len(data) > limits.document else data


def _os_reason(path: Path, error: OSError) -> str:
    if path.is_symlink() and not isinstance(error, FileNotFoundError | PermissionError):
        return _("It is a link; links in folders are not followed.")
    if isinstance(error, FileNotFoundError):
        return _("There is no such file or folder.")
    if isinstance(error, PermissionError):
        return _("It may not be read by this account.")
    return _("It can not be read from the disk.")
