"""Forms with files, as raw bytes: what comes in stays within one limit and keeps the name it was sent under."""

import pytest
from django.test import RequestFactory

BOUNDARY = b"BoUnDaRy"
TYPE = f"multipart/form-data; boundary={BOUNDARY.decode()}"


def part(name, content, *more):
    head = b'Content-Disposition: form-data; name="file"; filename="' + name + b'"\r\n'
    return b"--" + BOUNDARY + b"\r\n" + head + b"".join(more) + b"\r\n" + content + b"\r\n"


def sent(*parts):
    body = b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"
    return RequestFactory().post("/", body, content_type=TYPE)


def test_one_limit_counts_for_all_files_of_a_form(settings):
    settings.UPLOAD_MOST_BYTES = 100_000
    taken = sent(*[part(b"%d.txt" % number, b"x" * 30_000) for number in range(9)]).FILES
    assert sum(file.size for file in taken.getlist("file")) <= 100_000
    assert len(sent(*[part(b"a.txt", b"x" * 30_000)] * 3).FILES.getlist("file")) == 3


def test_a_body_that_can_not_be_within_the_limit_is_not_gathered(settings, monkeypatch):
    settings.UPLOAD_MOST_BYTES = 1000
    monkeypatch.setattr("security.uploads._BESIDE_FILES", 1000)
    monkeypatch.setattr("security.uploads._Memory.receive_data_chunk", None)
    assert not sent(part(b"a.txt", b"x" * 3000)).FILES


def test_a_flood_is_not_read_to_its_end(settings, monkeypatch):
    settings.UPLOAD_MOST_BYTES = 1000
    monkeypatch.setattr("security.uploads._BESIDE_FILES", 1000)
    request = sent(part(b"a.txt", b"x" * 1_000_000))
    assert not request.FILES
    assert len(request.read()) > 500_000


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (b"../../a.pdf", "..\\..\\a.pdf"),
        (b"/etc/a.pdf", "\\etc\\a.pdf"),
        (b"a\xe2\x80\xaefdp.exe.pdf", "a\u202efdp.exe.pdf"),
        (b"a.exe\x00.pdf", "a.exe\x00.pdf"),
        (b"..&#47;a.pdf", "..&#47;a.pdf"),
        ("王芳.pdf".encode(), "王芳.pdf"),
    ],
)
def test_a_name_arrives_as_it_was_sent(name, kept):
    assert sent(part(name, b"x")).FILES["file"].name == kept


@pytest.mark.parametrize("name", [b"", b".", b"..", b"/", b"a/..", b"\\"])
def test_a_name_that_is_none_is_no_file(name):
    assert not sent(part(name, b"x")).FILES


def test_pieces_of_one_byte_and_without_a_length_are_harmless():
    body = part(b"a.txt", b"abc") + b"--" + BOUNDARY + b"--\r\n"
    request = RequestFactory().post("/", body, content_type=TYPE)
    del request.META["CONTENT_LENGTH"]
    assert not request.FILES


def test_a_file_sent_as_base64_counts_what_it_becomes():
    encoded = part(b"a.txt", b"aGVsbG8=", b"Content-Transfer-Encoding: base64\r\n")
    assert sent(encoded).FILES["file"].read() == b"hello"
