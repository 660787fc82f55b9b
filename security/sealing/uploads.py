"""Uploads on their way in: what is too large for memory waits on the disk under a key of this process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

MOST_BYTES = 2 * 1024**3


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
