"""Templates are plain: no inline code, nothing missing, nothing left over, all documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.urls import get_resolver

from devtools import assets
from patients.queries.chart import TABS

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"
PAGES = sorted(TEMPLATES.rglob("*.html"))
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
VENDOR = {f"vendor/{Path(name).name}" for name in assets.FILES} | {"vendor/icons.svg"}
# Django asks for the first by name itself; the tabs of a patient choose the others by their key.
ASKED_FOR = {"403_csrf.html", "admin/base_site.html", "admin/color_theme_toggle.html"} | {
    f"patients/_{key}.html" for key, _label, _permission in TABS
}

INLINE = {
    "an inline script": r"<script(?![^>]*\bsrc=)",
    "an inline style sheet": r"<style\b",
    "a style attribute": r"\sstyle\s*=",
    "an event attribute": r"\son[a-z]+\s*=",
    "code for htmx": r"\shx-on|\shx-vals\s*=\s*['\"]js:|\shx-headers\s*=\s*['\"]js:",
    "an address that is code": r"javascript:",
    "a file from elsewhere": r"(?:src|href)\s*=\s*['\"](?:https?:)?//",
}


def name_of(page: Path) -> str:
    return page.relative_to(TEMPLATES).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def python_files() -> list[Path]:
    return [path for app in settings.OUR_APPS for path in (ROOT / app).rglob("*.py")]


each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@each_page
def test_nothing_is_inline_that_the_policy_would_block(page: Path) -> None:
    found = [what for what, shape in INLINE.items() if re.search(shape, text_of(page))]
    assert not found, f"{name_of(page)} holds {', '.join(found)}"


@each_page
def test_a_template_says_on_top_what_it_is_given(page: Path) -> None:
    assert re.match(r"\{# context: .+ #\}\n", text_of(page)), name_of(page)


@each_page
def test_a_template_compiles_and_what_it_includes_exists(page: Path) -> None:
    get_template(name_of(page))
    for name in re.findall(r"{%\s*(?:include|extends)\s+['\"]([^'\"]+)['\"]", text_of(page)):
        get_template(name)


@each_page
def test_every_static_file_exists_or_comes_with_the_set_up(page: Path) -> None:
    for name in re.findall(r"{%\s*static\s+['\"]([^'\"]+)['\"]", text_of(page)):
        assert name in VENDOR or finders.find(name), f"{name_of(page)} wants {name}"


@each_page
def test_every_icon_is_in_the_sprite(page: Path) -> None:
    named = re.findall(
        r"(?:icon|components/icon\.html\" with name)=\"([a-z0-9-]+)\"", text_of(page)
    )
    missing = set(named) - set(assets.ICONS)
    assert not missing, f"{name_of(page)}: add {sorted(missing)} to devtools/assets.py"


@each_page
def test_every_address_that_is_named_exists(page: Path) -> None:
    for name in re.findall(r"{%\s*url\s+['\"]([^'\"]+)['\"]", text_of(page)):
        spaces, _, last = name.rpartition(":")
        resolver = get_resolver()
        if spaces:
            assert spaces in resolver.namespace_dict, f"{name_of(page)}: no namespace {spaces}"
            resolver = resolver.namespace_dict[spaces][1]
        assert last in resolver.reverse_dict, f"{name_of(page)}: no address {name}"


def test_no_template_is_left_over() -> None:
    mentioned = set(ASKED_FOR)
    for page in PAGES:
        mentioned |= set(re.findall(r"['\"]([\w/.-]+\.html)['\"]", text_of(page)))
    for path in python_files():
        mentioned |= set(re.findall(r"['\"]([\w/.-]+\.html)['\"]", path.read_text()))
    left_over = {name_of(page) for page in PAGES} - mentioned
    assert not left_over, f"Nobody shows {sorted(left_over)}"


def test_python_names_no_template_that_is_missing() -> None:
    for path in python_files():
        for name in re.findall(r"['\"]([\w/.-]+\.html)['\"]", path.read_text()):
            get_template(name)


def test_htmx_swaps_forms_with_errors_and_keeps_no_page_in_the_browser() -> None:
    head = text_of(TEMPLATES / "components" / "head.html")
    for setting in (
        '{"code":"422","swap":true}',
        '"allowEval":false',
        '"includeIndicatorStyles":false',
        '"historyCacheSize":0',
    ):
        assert setting in head, setting


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_style_sheets_ask_nobody_else(sheet: Path) -> None:
    text = sheet.read_text()
    assert not re.search(r"@import|url\(['\"]?(?:https?:)?//", text), sheet.name
    assert text.count("\n") <= 400, f"{sheet.name} is longer than 400 lines"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_evaluate_nothing(script: Path) -> None:
    text = script.read_text()
    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write|https?://", text), (
        script.name
    )
