"""The front-end files that are served: a few named ones from npm, and one sprite of icons."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from devtools.places import ROOT, Stop

NODE_MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
# Not among the static files: nobody fetches them, and each has ten megabytes.
PRINTING = ROOT / "fonts"
# Each with its source map: the manifest storage stops when a named map is missing.
FILES = (
    "@tabler/core/dist/css/tabler.min.css",
    "@tabler/core/dist/css/tabler.min.css.map",
    "@tabler/core/dist/js/tabler.min.js",
    "@tabler/core/dist/js/tabler.min.js.map",
    "chart.js/dist/chart.umd.min.js",
    "chart.js/dist/chart.umd.min.js.map",
    # Source Sans 3, SIL Open Font Licence 1.1.
    "@fontsource-variable/source-sans-3/files/source-sans-3-latin-wght-normal.woff2",
    "@fontsource-variable/source-sans-3/files/source-sans-3-latin-ext-wght-normal.woff2",
)
# What is printed is set in these; typst reads TrueType only. Noto Sans SC, SIL Open Font Licence 1.1.
FONTS = (
    "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
    "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf",
)
ICONS = (
    "activity", "address-book", "adjustments", "alert-circle", "alert-triangle", "ambulance",
    "archive", "arrow-down", "arrow-left", "arrow-right", "arrow-up", "arrows-sort", "at",
    "baby-carriage", "ban", "bed", "bell", "bolt", "bookmark", "brain", "building",
    "building-hospital", "cake", "calendar", "calendar-event", "calendar-plus", "calendar-time",
    "cash", "chart-bar", "chart-line", "check", "checkbox", "chevron-down", "chevron-left",
    "chevron-right", "circle-check", "circle-plus", "circle-x", "clipboard-check",
    "clipboard-heart", "clipboard-list", "clipboard-text", "clock", "copy", "credit-card",
    "database", "dental", "device-desktop", "device-floppy", "device-mobile", "door", "dots",
    "dots-vertical", "download", "droplet", "edit", "emergency-bed", "external-link", "eye",
    "eye-off", "file-certificate", "file-export", "file-import", "file-plus", "file-text",
    "filter", "fingerprint", "first-aid-kit", "flag", "flask", "folder", "gender-bigender",
    "hand-stop", "hash", "heartbeat", "help", "help-circle", "hierarchy", "history",
    "history-toggle", "home", "hourglass", "id", "inbox", "info-circle", "key", "language",
    "link", "list", "list-check", "loader", "lock", "lock-access", "lock-exclamation",
    "lock-open", "login", "logout", "lungs", "mail", "map-pin", "maximize", "medical-cross",
    "menu-2", "message", "message-circle", "microscope", "minus", "moon", "notes", "notes-off",
    "nurse", "palette", "password", "phone", "pill", "pin", "plus", "point", "printer",
    "qrcode", "receipt", "refresh", "report-medical", "rotate", "scan", "search", "send",
    "settings", "shield", "shield-check", "shield-exclamation", "shield-lock", "shield-x",
    "sort-ascending", "sort-descending", "speakerphone", "square-check", "star", "stethoscope",
    "sun", "test-pipe", "trash", "photo", "upload", "user", "user-check", "user-circle", "user-edit",
    "user-heart", "user-off", "user-plus", "user-search", "user-shield", "users", "users-group",
    "users-plus", "vaccine", "virus", "wheelchair", "world", "x", "zoom-in", "zoom-out",
)  # fmt: skip
BACKGROUND = re.compile(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>')
CONTENT = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
SPRITE_HEAD = """<svg xmlns="http://www.w3.org/2000/svg">
<!-- Tabler Icons, (c) Pawel Kuna, MIT licence -->
"""


def symbol(name: str, svg: str) -> str:
    """Return one outline icon as a symbol of the sprite."""
    content = CONTENT.search(BACKGROUND.sub("", svg))
    if content is None:
        raise Stop(f"The icon {name} is not the SVG that was expected.")
    paths = "".join(line.strip() for line in content[1].splitlines())
    return (
        f'<symbol id="i-{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{paths}</symbol>\n'
    )


def sprite(icons: Path) -> str:
    """Return all chosen icons as one SVG of symbols."""
    symbols = [symbol(name, (icons / f"{name}.svg").read_text()) for name in sorted(ICONS)]
    return f"{SPRITE_HEAD}{''.join(symbols)}</svg>\n"


def gather(
    node_modules: Path = NODE_MODULES, vendor: Path = VENDOR, printing: Path = PRINTING
) -> None:
    """Copy the named files and write the sprite into empty folders of static files and of fonts."""
    for folder, names in ((vendor, FILES), (printing, FONTS)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in names:
            shutil.copyfile(node_modules / name, folder / Path(name).name)
    icons = sprite(node_modules / "@tabler/icons/icons/outline")
    (vendor / "icons.svg").write_text(icons)
