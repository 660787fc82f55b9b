"""How files come in: into memory, and large ones where they are expected onto the disk, never readable.

Forms with files are parsed before any view knows who sends them: the limit is small for everybody, and
the one address that takes large files grants them to people who are signed in.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http.multipartparser import MultiPartParser

# What the one address for large files takes at most.
MOST_BYTES = 2 * 1024**3


class SealedUploads(FileUploadHandler):
    """Parses a form with files; beyond the limit the upload is stopped and the form says so."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> Any:
        """Parse the whole form here: names of files stay as they were sent."""
        handler: FileUploadHandler
        if self._takes_large_files():
            handler = SealedUploadHandler(self.request)
        else:
            handler = _Memory(self.request)
            handler.is_hopeless = content_length > settings.UPLOAD_MOST_BYTES + _BESIDE_FILES
            handler.is_flood = content_length > settings.UPLOAD_MOST_BYTES * _FLOOD
        return _AsSent(META, input_data, [handler], encoding).parse()

    def _takes_large_files(self) -> bool:
        request: Any = self.request
        user = getattr(request, "user", None)
        is_known = user is not None and user.is_authenticated
        return is_known and request.path == settings.LARGE_UPLOADS_AT


# Fields and boundaries of a form, beside its files.
_BESIDE_FILES = 4 * 1024 * 1024
# So many times the limit is not even read to its end, for the sake of a sentence.
_FLOOD = 8


class _AsSent(MultiPartParser):
    """A parser that does not mend a hostile name: who takes the file refuses it, in words."""

    def sanitize_file_name(self, file_name: str) -> str | None:
        """Return the name as it was sent, but for slashes, at which the framework would cut it."""
        if super().sanitize_file_name(file_name) is None:
            return None
        return file_name.replace("/", "\\")


class _Memory(FileUploadHandler):
    """Keeps the files of one form in memory; the limit counts for all of them together."""

    is_hopeless = is_flood = False
    total = 0

    def new_file(self, *args: Any, **options: Any) -> None:
        """Begin one file of the form; a body that can not be within the limit is not gathered at all."""
        super().new_file(*args, **options)
        if self.is_hopeless:
            raise StopUpload(connection_reset=self.is_flood)
        self.buffer = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take one piece; stop at the limit."""
        self.total += len(raw_data)
        if self.total > settings.UPLOAD_MOST_BYTES:
            self.buffer = io.BytesIO()
            raise StopUpload(connection_reset=False)
        self.buffer.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Hand the whole file over."""
        self.buffer.seek(0)
        return InMemoryUploadedFile(
            self.buffer, self.field_name, self.file_name or "", self.content_type or "", file_size,
            self.charset, self.content_type_extra,
        )  # fmt: skip


class SealedUpload(UploadedFile):  # type: ignore[type-arg]  # no generic while it runs
    """An upload in a file without a name; neither name nor key outlive the request."""

    def __init__(self, name: str, content_type: str | None) -> None:
        self._place = tempfile.TemporaryFile("w+b")  # noqa: SIM115
        super().__init__(self._place, name, content_type, 0)
        self._cipher, self._sizes = AESGCM(os.urandom(32)), list[int]()

    def add(self, part: bytes) -> None:
        """Take the next bytes."""
        number = len(self._sizes)
        sealed = self._cipher.encrypt(number.to_bytes(12, "big"), part, None)
        self._sizes.append(len(sealed))
        self._place.write(sealed)
        self.size = (self.size or 0) + len(part)

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Yield the bytes in the parts in which they came."""
        self._place.seek(0)
        for number, size in enumerate(self._sizes):
            yield self._cipher.decrypt(number.to_bytes(12, "big"), self._place.read(size), None)

    def multiple_chunks(self, chunk_size: int | None = None) -> bool:
        """Tell that it is to be read in parts."""
        return True

    def read(self, *args: Any) -> bytes:
        """Return all of it; who can, reads the chunks."""
        return b"".join(self.chunks())

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines."""
        yield from self.read().splitlines(keepends=True)


class SealedUploadHandler(FileUploadHandler):
    """Receives uploads that are too large for memory; beyond the limit they are read and dropped."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self.file = SealedUpload(str(self.file_name), self.content_type)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take the next bytes; beyond the limit the file is none."""
        if start + len(raw_data) > MOST_BYTES:
            self.request.is_upload_too_large = True  # type: ignore[union-attr]
            raise SkipFile
        self.file.add(raw_data)

    def file_complete(self, file_size: int) -> SealedUpload:
        """Return the whole file."""
        return self.file

    def upload_interrupted(self) -> None:
        """Let the rest of a broken upload go."""
        if hasattr(self, "file"):
            self.file.close()
