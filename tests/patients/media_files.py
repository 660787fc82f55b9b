"""Small files that tests upload: good ones, and hostile ones that are made here."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import cache

import pypdfium2
from PIL import Image


@cache
def pdf(pages: int = 1) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(200, 200)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def picture(kind: str = "JPEG", size=(40, 20), **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind, **options)
    return out.getvalue()


def photo_with_place() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "CANARY description"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", exif=exif, comment=b"CANARY comment")


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_of(width: int, height: int, *more: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    parts = (chunk(b"IHDR", head), *more, chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def packed_pdf(action: bytes, name: bytes = b"OpenAction") -> bytes:
    """Return a PDF whose objects all lie compressed in one stream, as most programs write them today."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R/%s 4 0 R>>" % name,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
        action,
    )
    head, body = b"", b""
    for number, one in enumerate(objects, start=1):
        head += b"%d %d " % (number, len(body))
        body += one + b" "
    stream = zlib.compress(head + body)
    made = b"%PDF-1.5\n"
    places = [len(made)]
    made += b"5 0 obj\n<</Type/ObjStm/N 4/First %d/Length %d/Filter/FlateDecode>>\n" % (
        len(head),
        len(stream),
    )
    made += b"stream\n" + stream + b"\nendstream\nendobj\n"
    places.append(len(made))
    rows = b"\0\0\0\0\0\xff" + b"".join(struct.pack(">BIB", 2, 5, number) for number in range(4))
    rows += b"".join(struct.pack(">BIB", 1, place, 0) for place in places)
    made += b"6 0 obj\n<</Type/XRef/Size 7/W[1 4 1]/Root 1 0 R/Length %d>>\n" % len(rows)
    return made + b"stream\n" + rows + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % places[1]


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10**7))
    return out.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
# What comes under a name, and why it may not.
HOSTILE = {
    "a zip bomb": ("bomb.zip", zip_bomb),
    "a zip bomb called PDF": ("bomb.pdf", zip_bomb),
    "a zip bomb called text": ("bomb.txt", zip_bomb),
    "a flood of pixels": ("flood.png", lambda: png_of(50_000, 50_000)),
    "a flood of text in a picture": (
        "text.png", lambda: png_of(8, 8, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(200_000_000))))
    ),
    "an SVG with a script": ("x.svg", lambda: SVG),
    "an SVG called PNG": ("x.png", lambda: SVG),
    "a page called JPEG": ("x.jpg", lambda: HTML),
    "a page called PDF": ("x.pdf", lambda: HTML),
    "a PDF that is a page": ("x.pdf", lambda: pdf().replace(b"%PDF-", HTML + b"%PDF-", 1)),
    "a PDF with a page behind": ("x.pdf", lambda: pdf() + HTML + b"%%EOF"),
    "a PDF with a page inside": ("x.pdf", lambda: pdf().replace(b"\n", b"\n%" + HTML + b"\n", 1)),
    "a PDF with a script": ("x.pdf", lambda: pdf() + b"1 0 obj<</S/JavaScript/JS(app.alert(1))>>endobj %%EOF"),
    "a PDF with a hidden script": ("x.pdf", lambda: pdf() + b"1 0 obj<</S/J#61vaScript/J#53(x)>>endobj %%EOF"),
    "a PDF with a packed script": ("x.pdf", lambda: packed_pdf(b"<</S/JavaScript/JS(app.alert\\(1\\))>>")),
    "a PDF with a packed and hidden script": ("x.pdf", lambda: packed_pdf(b"<</S/Java#53cript/J#53(x)>>")),
    "a PDF with a script behind a text": (
        "x.pdf", lambda: packed_pdf(b"<</A(>>stream\r\n)/S/JavaScript/B(\r\nendstream\r\nendobj)>>")
    ),
    "a PDF with a packed file": ("x.pdf", lambda: packed_pdf(b"<</EmbeddedFiles<<>>>>", b"Names")),
    "a PDF that opens a file elsewhere": ("x.pdf", lambda: packed_pdf(b"<</S/GoToR/F(\\\\evil\\x)>>")),
    "a PDF that starts programs": ("x.pdf", lambda: pdf() + b"<</S/Launch/F(cmd.exe)>> %%EOF"),
    "a PDF with files in it": ("x.pdf", lambda: pdf() + b"<</EmbeddedFiles 3 0 R>> %%EOF"),
    "a cut PDF": ("x.pdf", lambda: pdf()[:60]),
    "a PDF that is nonsense": ("x.pdf", lambda: b"%PDF-1.7\n" + bytes(range(1, 30)) * 20 + b"%%EOF"),
    "a cut JPEG": ("x.jpg", lambda: picture()[:200]),
    "a cut PNG": ("x.png", lambda: picture("PNG")[:40]),
    "a JPEG called PNG": ("x.png", picture),
    "a GIF": ("x.gif", lambda: b"GIF89a" + bytes(40)),
    "a program called text": ("x.txt", lambda: b"MZ\x90\x00\x03" + bytes(range(256))),
    "binary called text": ("x.txt", lambda: bytes(range(256))),
    "nothing": ("x.pdf", lambda: b""),
    "a password-protected PDF": ("x.pdf", lambda: b"%PDF-1.7\n1 0 obj<</Encrypt 2 0 R>>endobj\n%%EOF"),
}  # fmt: skip
NAMES = [
    "", " ", ".", "..", ".pdf", "..pdf", "a", "pdf", "a.", "a..pdf", "a.pdf.", "a.pdf ", " a.pdf", ".a.pdf",
    "~a.pdf", "-a.pdf", "../a.pdf", "..\\a.pdf", "/etc/passwd.pdf", "C:\\a.pdf", "\\\\server\\a.pdf", "a/b.pdf",
    "a.php", "a.pHaR", "a.php.pdf", "a.PHP5.jpg", "a.phtml.png", "a.html.txt", "a.svg.png", "a.js.txt",
    "a.exe.pdf", "a.pdf.exe", "a.bat.txt", "a.jsp.pdf", "a.asp;.jpg", "a.php%00.pdf", "a%2f..%2fb.pdf", "a.php\x00.pdf",
    "a\n.pdf", "a\r\nX: y.pdf", "a\t.pdf", "a\u202efdp.exe", "a\u202egpj.pdf", "a\u200b.pdf", "a\ufeff.pdf",
    "a\u2028.pdf", "con.pdf", "PRN.txt", "aux.jpg", "nul.png", "com1.pdf", "lpt9.txt", "a:b.pdf", "a.pdf::$DATA",
    "a?.pdf", "a*.pdf", 'a".pdf', "<a>.pdf", "a|b.pdf", "$(x).pdf", "`x`.pdf", "a;b.pdf", "a&b.pdf", ".htaccess",
    "a．php.pdf", "x" * 300 + ".pdf", "\ud800.pdf", "a.pdf\x7f", "\ue000.pdf", "a.doc", "a.zip", "a.pdf.zip",
]  # fmt: skip
assert len(NAMES) >= 60
