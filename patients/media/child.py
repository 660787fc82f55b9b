"""The confined child: pictures are opened here and nowhere else; it reads stdin, writes stdout.

Started as `python -I child.py DEED [PAGE]`; it limits its own memory, time and files before it reads a byte.
clean  an image without its metadata, turned upright    pages  how many pages a PDF has, and its objects
page   one page of a PDF as PNG                         small  an image as a PNG that fits a screen
Whatever a hostile file does, the child ends with a code that is not 0, and nothing it wrote is used.
"""

from __future__ import annotations

import io
import re
import resource
import sys
from collections.abc import Callable

import pypdfium2
import pypdfium2.raw
from PIL import Image, ImageOps

MOST_PIXELS = 60_000_000
LONGEST = 1600
MOST_PAGES = 2000
MEMORY = 1024 * 1024 * 1024
SECONDS = 4
# As the library writes them; a text in an object holds no line end, so that none can look like one.
STREAM = re.compile(rb">>stream\r\n.*?\r\nendstream\r\nendobj", re.DOTALL)


def confine() -> None:
    """Take away what opening a picture does not need: memory, time, writing files, starting others."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def opened(content: bytes) -> Image.Image:
    """Return the decoded picture; raise ValueError for more pixels than are opened."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    picture = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError("too many pixels")
    picture.load()
    return picture


def clean(content: bytes) -> bytes:
    """Return the picture alone: no EXIF, no place, no comment, nothing after its end."""
    picture = opened(content)
    kind, is_turned = picture.format, picture.getexif().get(0x0112, 1) != 1
    upright = ImageOps.exif_transpose(picture) if is_turned else picture
    bare = Image.new(upright.mode, upright.size)
    if upright.mode == "P":
        bare.putpalette(upright.getpalette() or [])
    bare.paste(upright)
    out = io.BytesIO()
    if kind == "PNG":
        bare.save(out, "PNG", optimize=False)
    else:
        # Of several pictures in one JPEG, as telephones make them, the first.
        bare.save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()


def small(content: bytes) -> bytes:
    """Return a picture that fits a screen, as PNG."""
    picture = ImageOps.exif_transpose(opened(content))
    picture.thumbnail((LONGEST, LONGEST))
    return _png(picture)


def pages(content: bytes) -> bytes:
    """Return how many pages a PDF has and, after a line end, its objects without their streams.

    Objects that were packed or encrypted come out plain. Raises ValueError for no pages or too many.
    """
    document = pypdfium2.PdfDocument(content)
    count = len(document)
    if not 0 < count <= MOST_PAGES:
        raise ValueError("pages")
    plain = io.BytesIO()
    document.save(plain, flags=pypdfium2.raw.FPDF_REMOVE_SECURITY)
    return b"%d\n" % count + STREAM.sub(b">>endobj", plain.getvalue())


def page(content: bytes) -> bytes:
    """Return the page of a PDF that the command line names, as PNG."""
    one = pypdfium2.PdfDocument(content)[int(sys.argv[2])]
    scale = min(2.0, LONGEST / max(one.get_width(), one.get_height(), 1))
    return _png(one.render(scale=scale).to_pil())


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "PNG")
    return out.getvalue()


DEEDS: dict[str, Callable[[bytes], bytes]] = {
    "clean": clean,
    "small": small,
    "pages": pages,
    "page": page,
}

if __name__ == "__main__":
    confine()
    sys.stdout.buffer.write(DEEDS[sys.argv[1]](sys.stdin.buffer.read()))
