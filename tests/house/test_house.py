"""Lists kept by hand agree with each other: apps, contracts, settings, icons."""

from __future__ import annotations

import re
import tomllib

from django.conf import settings

from devtools import assets
from devtools.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
READ = re.compile(r'\benv(?:\.\w+)?\(\s*"([A-Z_]+)"')
ICON = re.compile(r'(?:icon\.html" with name=|\bicon\s*[:=]\s*|"icon":\s*)"([a-z0-9-]+)"')


def test_contracts_types_and_coverage_look_at_every_app() -> None:
    ours = set(settings.OUR_APPS)
    assert set(PROJECT["importlinter"]["root_packages"]) == ours
    assert set(PROJECT["importlinter"]["contracts"][0]["layers"]) == ours
    assert ours <= set(PROJECT["mypy"]["files"])
    assert set(PROJECT["coverage"]["run"]["source"]) == ours


def test_every_setting_from_the_environment_is_documented() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    names = set(READ.findall((ROOT / "crm" / "settings.py").read_text()))
    assert names
    assert [name for name in sorted(names) if f"`{name}`" not in manual] == []


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    pages = [
        *ROOT.glob("templates/**/*.html"),
        *ROOT.glob("crm/**/*.py"),
        *ROOT.glob("*/views/*.py"),
    ]
    asked = {name for page in pages for name in ICON.findall(page.read_text())}
    assert asked
    assert asked - set(assets.ICONS) == set()


def test_a_symbol_keeps_the_drawing_and_drops_the_background() -> None:
    drawn = assets.symbol(
        "dot",
        '<svg\n class="x"\n>\n  <path stroke="none" d="M0 0h24v24H0z" fill="none" />\n'
        '  <path d="M1 1" />\n</svg>',
    )
    assert drawn.startswith('<symbol id="i-dot" viewBox="0 0 24 24"')
    assert '<path d="M1 1" /></symbol>' in drawn
    assert "M0 0h24" not in drawn
