"""How files come in: into memory and no further, so that nothing unsealed ever touches the disk."""

from __future__ import annotations

import io
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class SealedUploads(FileUploadHandler):
    """Keeps an upload in memory; beyond the limit the connection is closed and the form says so."""

    def new_file(self, *args: Any, **options: Any) -> None:
        """Begin one file of the form."""
        super().new_file(*args, **options)
        self.buffer = io.BytesIO()
        self.is_too_large = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take one piece; stop at the limit."""
        if start + len(raw_data) > settings.UPLOAD_MOST_BYTES:
            self.is_too_large = True
            raise StopUpload(connection_reset=False)
        self.buffer.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Hand the whole file over."""
        self.buffer.seek(0)
        return InMemoryUploadedFile(
            self.buffer, self.field_name, self.file_name or "", self.content_type or "", file_size,
            self.charset, self.content_type_extra,
        )  # fmt: skip
