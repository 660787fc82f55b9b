"""Bundles out of .zip and .tar(.xz, .gz), member by member in memory; nothing is unpacked to disk.

Paths inside an archive are names for messages and nothing else, so no traversal can happen; links
are refused; sizes, counts and ratios are held against `Limits` while reading.
"""

from __future__ import annotations

import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Self

from django.utils.translation import gettext as _

from patients.fhir.limits import Limits
from patients.fhir.parsing import Unreadable

Member = tuple[str, bytes | Unreadable]
DOCUMENT_ENDINGS = (".json", ".ndjson", ".jsonl")
ARCHIVE_ENDINGS = (".zip", ".tar", ".tgz", ".txz", ".xz", ".gz", ".bz2", ".7z", ".rar", ".zst")
_CHUNK = 64 * 1024
_NAME_LIMIT = 64 * 1024
_WITH_CONTENT = (*tarfile.REGULAR_TYPES, tarfile.DIRTYPE)
_ZIP, _XZ, _GZIP, _TAR = b"PK", b"\xfd7zXZ\x00", b"\x1f\x8b", b"ustar"
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)


def kind_of(head: bytes) -> str:
    """Return zip, xz, gzip, tar or document by the first bytes of a file, not by its name."""
    if head[:4] in (_ZIP + b"\x03\x04", _ZIP + b"\x05\x06"):
        return "zip"
    if head[:6] == _XZ:
        return "xz"
    if head[:2] == _GZIP:
        return "gzip"
    if head[257:262] == _TAR:
        return "tar"
    return "document"


def is_misnamed(name: str, head: bytes) -> bool:
    """Tell whether a file is an archive by its name alone, and no text that could be a bundle."""
    return (
        name.lower().endswith(ARCHIVE_ENDINGS) and bool(head) and not head.lstrip().startswith(b"{")
    )


def too_large(limit: int) -> Unreadable:
    """Return the refusal of something above a size limit."""
    return Unreadable(_("It holds more than %(limit)d MB.") % {"limit": limit // (1024 * 1024)})


def is_document(name: str) -> bool:
    """Tell whether a member's name says that it may be a bundle; hidden files are none."""
    last = name.rsplit("/", 1)[-1]
    return (
        last.lower().endswith(DOCUMENT_ENDINGS)
        and not last.startswith(".")
        and "__MACOSX" not in name
    )


def members(stream: BinaryIO, kind: str, size: int, limits: Limits) -> Iterator[Member]:
    """Yield the name and content, or the refusal, of each document in an archive."""
    found = (
        _zip_members(stream, size, limits) if kind == "zip" else _tar_members(stream, kind, limits)
    )
    count = 0
    try:
        for member in found:
            count += 1
            yield member
    except _BROKEN:
        raise Unreadable(_("The archive is damaged or cut off.")) from None
    if not count:
        raise Unreadable(_("The archive holds no bundle."))


def _refusal(name: str, *, is_link: bool, is_regular: bool) -> Unreadable | None:
    if is_link:
        return Unreadable(_("It is a link; links in archives are not followed."))
    if not is_regular:
        return Unreadable(_("It is not a regular file."))
    if name.lower().endswith(ARCHIVE_ENDINGS):
        return Unreadable(_("It is an archive in an archive; unpack it first."))
    return None


def _zip_members(stream: BinaryIO, size: int, limits: Limits) -> Iterator[Member]:
    with zipfile.ZipFile(stream) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _check_zip(infos, size, limits)
        for info in infos:
            mode = info.external_attr >> 16
            refusal = _refusal(
                info.filename,
                is_link=stat.S_ISLNK(mode),
                is_regular=stat.S_IFMT(mode) in (0, stat.S_IFREG),
            )
            if refusal or is_document(info.filename):
                yield info.filename, refusal or _zip_content(archive, info, limits)


def _check_zip(infos: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    """Refuse by what the directory of the archive says; reading holds it to its word."""
    if len(infos) > limits.members:
        raise Unreadable(_("It holds more than %(limit)d files.") % {"limit": limits.members})
    if any(info.flag_bits & 0x1 for info in infos):
        raise Unreadable(_("The archive is encrypted; unpack it first."))
    if sum(info.file_size for info in infos) > limits.archive:
        raise too_large(limits.archive)
    if sum(info.compress_size for info in infos) > size:
        raise Unreadable(_("The files in the archive overlap; that is made to do harm."))


def _zip_content(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits
) -> bytes | Unreadable:
    if info.file_size > max(limits.ratio_from, info.compress_size * limits.ratio):
        return _bomb()
    if info.file_size > limits.document:
        return too_large(limits.document)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return Unreadable(_("It is packed in a way that is not read; use plain zip."))
    try:
        with archive.open(info) as member:
            # Never more than announced: zipfile stops there, and compares the checksum.
            return member.read(info.file_size + 1)
    except _BROKEN:
        return Unreadable(_("It is damaged inside the archive."))


def _bomb() -> Unreadable:
    return Unreadable(_("It unpacks to far more than a bundle would; that is made to do harm."))


def _tar(source: Any) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=source, mode="r|", bufsize=_CHUNK, tarinfo=Header)
    except tarfile.ReadError:
        raise Unreadable(_("It unpacks to something that is not a tar archive.")) from None


def _tar_members(stream: BinaryIO, kind: str, limits: Limits) -> Iterator[Member]:
    source: Any = stream if kind == "tar" else Unpacking(stream, kind, limits)
    with _tar(source) as archive:
        total = count = 0
        while (info := archive.next()) is not None:
            count, total = count + 1, total + info.size
            # A stream never looks back, and a list of all headers would grow with the archive.
            archive.members.clear()  # type: ignore[attr-defined]
            if count > limits.members:
                raise Unreadable(
                    _("It holds more than %(limit)d files.") % {"limit": limits.members}
                )
            if total > limits.archive:
                raise too_large(limits.archive)
            if not info.isdir():
                yield from _tar_member(archive, info, limits)


def _tar_member(
    archive: tarfile.TarFile, info: tarfile.TarInfo, limits: Limits
) -> Iterator[Member]:
    refusal = _refusal(
        info.name,
        is_link=info.issym() or info.islnk(),
        is_regular=info.isreg() and not info.issparse(),
    )
    if not refusal and not is_document(info.name):
        return
    if not refusal and info.size > limits.document:
        # To get past it the whole of it would have to be unpacked.
        raise too_large(limits.document)
    content = None if refusal else archive.extractfile(info)
    yield info.name, refusal or (content.read() if content else b"")


class Header(tarfile.TarInfo):
    """A tar header that does not announce an endless name or a size below nothing."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Return the header of one block."""
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0 or (header.type not in _WITH_CONTENT and header.size > _NAME_LIMIT):
            raise tarfile.ReadError("a header of no sensible size")
        return header


class Gunzip:
    """zlib with the face of the decompressors of lzma."""

    def __init__(self) -> None:
        self._packed = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most so many bytes more."""
        return self._packed.decompress(self._packed.unconsumed_tail + data, max_length)

    @property
    def needs_input(self) -> bool:
        """Tell whether all input so far is used up."""
        return not self._packed.unconsumed_tail

    @property
    def eof(self) -> bool:
        """Tell whether the stream is over."""
        return self._packed.eof

    @property
    def unused_data(self) -> bytes:
        """Return what followed the end of the stream."""
        return self._packed.unused_data


class Unpacking(io.RawIOBase):
    """A decompressed stream that counts, and stops at a ratio, a size or a memory limit."""

    def __init__(self, stream: BinaryIO, kind: str, limits: Limits) -> None:
        super().__init__()
        self._stream, self._kind, self._limits = stream, kind, limits
        self._packed = self._fresh()
        self._left = b""
        self.taken = self.given = 0

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes of the unpacked stream; none mean its end."""
        out = b""
        while not out:
            if self._packed.eof and not self._next_stream():
                return 0
            data = self._input() if self._packed.needs_input else b""
            out = self._packed.decompress(data, len(buffer))
        self._count(len(out))
        buffer[: len(out)] = out
        return len(out)

    def _fresh(self) -> Gunzip | lzma.LZMADecompressor:
        if self._kind == "gzip":
            return Gunzip()
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=self._limits.memory)

    def _input(self) -> bytes:
        data, self._left = self._left or self._take(), b""
        if not data:
            raise EOFError
        return data

    def _take(self) -> bytes:
        data = self._stream.read(_CHUNK)
        self.taken += len(data)
        return data

    def _next_stream(self) -> bool:
        """Go on with the next of several streams in a row; zero bytes between them are padding."""
        left = self._packed.unused_data
        while not left.lstrip(b"\x00"):
            left = self._take()
            if not left:
                return False
        self._left, self._packed = left.lstrip(b"\x00"), self._fresh()
        return True

    def _count(self, size: int) -> None:
        self.given += size
        if self.given > max(self._limits.ratio_from, self.taken * self._limits.ratio):
            raise _bomb()
        if self.given > self._limits.archive:
            raise too_large(self._limits.archive)
