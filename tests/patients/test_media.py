"""Files from outside, as the confined child opens them."""

import io
import time

import pytest
from django.utils import timezone
from PIL import Image

from patients.media import contents, sandbox
from patients.services import documents
from tests.patients import media_files


def incoming(content):
    """Return a PDF as it comes."""
    said = {"title": "A letter", "kind": "letter", "occurred_at": timezone.now()}
    return documents.Incoming(filename="a.pdf", content=content, **said)


def test_a_packed_pdf_that_does_nothing_comes_in():
    documents.accept(incoming(media_files.packed_pdf(b"<</S/GoTo/D[3 0 R/Fit]>>")))


def test_chance_in_a_packed_picture_refuses_no_pdf():
    raw = media_files.pdf().replace(b"endobj", b"endobj\r\n% \xff/JS(\xff\r\n", 1)
    documents.accept(incoming(raw))


def test_the_child_is_confined(tmp_path):
    spy = tmp_path / "spy.py"
    child = sandbox.CHILD.read_text().replace(
        "    sys.stdout.buffer.write(DEEDS[sys.argv[1]](sys.stdin.buffer.read()))",
        f"    open({str(tmp_path / 'out')!r}, 'w').write('x' * 10)",
    )
    spy.write_text(child)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "CHILD", spy)
        with pytest.raises(sandbox.NotAPicture):
            sandbox.ask("pages", b"")
    assert not (tmp_path / "out").exists() or not (tmp_path / "out").read_text()


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {}), ("JPEG", "L", {}), ("JPEG", "CMYK", {}), ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "RGB", {"icc_profile": b"CANARY" * 1000}), ("MPO", "RGB", {"save_all": True}),
        ("PNG", "1", {}), ("PNG", "P", {}), ("PNG", "LA", {}), ("PNG", "RGBA", {}), ("PNG", "I;16", {}),
        ("PNG", "RGB", {"icc_profile": b"CANARY" * 1000}), ("PNG", "RGB", {"save_all": True}),
    ],
)  # fmt: skip
def test_whatever_kind_of_picture_it_is_its_type_stays_and_the_rest_goes(kind, mode, options):
    out = io.BytesIO()
    more = {"append_images": [Image.new(mode, (40, 20), 1)]} if "save_all" in options else {}
    Image.new(mode, (40, 20)).save(out, kind, **options, **more)
    clean = sandbox.ask("clean", out.getvalue() + b"CANARY behind the end" * 100)
    assert clean.startswith(b"\x89PNG" if kind == "PNG" else b"\xff\xd8\xff")
    assert b"CANARY" not in clean
    assert b"acTL" not in clean
    with Image.open(io.BytesIO(clean)) as picture:
        assert (picture.size, getattr(picture, "n_frames", 1)) == ((40, 20), 1)


def test_a_text_full_of_numbers_or_letters_is_told_quickly():
    began = time.process_time()
    contents.check(b"#4A" * (4 * 1024 * 1024), "text/plain")
    contents.check(b"%PDF-1.7" + b"/#4A#61" * (2 * 1024 * 1024) + b"%%EOF", "application/pdf")
    assert time.process_time() - began < 3
