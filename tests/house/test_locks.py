"""Locks pin everything by hash and name no registry; what is locked is what is used."""

from __future__ import annotations

import ast
import json
import re
from importlib import metadata
from pathlib import Path

import pytest

from devtools.places import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z0-9,._-]+\])?==([^\s;\\]+)", re.MULTILINE)
# Used by name in settings or by another library, not imported by our code.
NOT_IMPORTED = {
    "argon2-cffi",
    "gunicorn",
    "psycopg",
    "redis",
    "whitenoise",
    "django-permissions-policy",
}
OURS = ("security", "audit", "patients", "consent", "crm")


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text()))


def wanted(source: str) -> set[str]:
    lines = (ROOT / source).read_text().splitlines()
    return {
        re.split(r"[\[<>=!~;\s]", line, maxsplit=1)[0]
        for line in lines
        if line and not line.startswith(("#", "-"))
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text().strip())
    bare = [block.split("\n")[0] for block in blocks if "--hash=sha256:" not in block]
    assert bare == []
    assert len(blocks) == len(PIN.findall((ROOT / lock).read_text()))


def test_what_runs_is_what_was_tested() -> None:
    development = pins("requirements-dev.txt")
    assert pins("requirements.txt").items() <= development.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_locked(lock: str) -> None:
    source = lock.replace(".txt", ".in")
    assert wanted(source) <= pins(lock).keys()


def test_the_front_end_lock_has_hashes_and_no_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


def test_the_front_end_lock_is_the_one_of_package_json() -> None:
    asked = json.loads((ROOT / "package.json").read_text())["dependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in asked} == asked


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found


def test_every_runtime_requirement_is_used() -> None:
    modules = set().union(*(imported(ROOT / name) for name in OURS))
    settings = (ROOT / "crm" / "settings.py").read_text()
    providers = metadata.packages_distributions()
    used = {canonical(name) for module in modules for name in providers.get(module, ())}
    named = {
        canonical(name)
        for module, names in providers.items()
        if re.search(rf'"{module}[".]', settings)
        for name in names
    }
    assert wanted("requirements.in") - used - named - NOT_IMPORTED == set()
