"""The rules of the house that no linter knows."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import models

ROOT = Path(settings.BASE_DIR)
OURS = ("security", "audit", "patients", "consent", "engagement", "crm")
SOURCES = sorted(
    path
    for app in OURS
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts and "__pycache__" not in path.parts
)
ATTICS = {"utils", "helpers", "managers", "misc", "base", "common"}


def name(path):
    return str(path.relative_to(ROOT))


def tree(path):
    return ast.parse(path.read_text())


def functions(path):
    return [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_there_is_something_to_guard():
    assert len(SOURCES) > 60


def test_no_file_is_longer_than_400_lines():
    others = [
        *ROOT.glob("*.py"),
        *(ROOT / "devtools").glob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
    ]
    long = {name(p): n for p in [*SOURCES, *others] if (n := len(p.read_text().splitlines())) > 400}
    assert not long


def test_no_view_is_longer_than_25_lines():
    long = {}
    for path in SOURCES:
        if "views" in path.parts:
            for function in functions(path):
                length = function.end_lineno - function.lineno + 1
                if length > 25:
                    long[f"{name(path)}:{function.name}"] = length
    assert not long


def test_no_import_hides_in_a_function():
    hidden = [
        f"{name(path)}:{inner.lineno}"
        for path in SOURCES
        for function in functions(path)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


def test_no_attic_is_built():
    assert not [name(p) for p in SOURCES if p.stem in ATTICS or ATTICS & set(p.parent.parts[-2:])]


def test_nobody_overrides_save_or_orders_by_default():
    faults = []
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                bodies = [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
                if "save" in bodies:
                    faults.append(f"{name(path)}:{node.name}.save")
                if node.name == "Meta" and "ordering" in ast.unparse(node):
                    faults.append(f"{name(path)}: Meta.ordering")
    assert not faults


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        (r"\bModelForm\b", None),
        (r"\bSignal\(", None),
        (r"@receiver|\b(pre|post|user|m2m|request|got|setting)_\w+\.connect\(", r"/wiring\.py$"),
        (r"\b(has_perm|assign_perm|remove_perm|get_objects_for_user|ObjectPermissionChecker)\b",
         r"^patients/(services/|backends\.py)|^security/models/user\.py"),
        (r"except\s*:", None),
        (r"\bprint\(", r"/management/commands/"),
    ],
)  # fmt: skip
def test_what_is_banned_stays_in_its_place(pattern, where):
    faults = [
        name(path)
        for path in SOURCES
        if re.search(pattern, re.sub(r'""".*?"""|#[^\n]*', "", path.read_text(), flags=re.S))
        and not (where and re.search(where, name(path)))
    ]
    assert not faults


def test_deeds_and_reads_know_no_http():
    faults = [
        name(path)
        for path in SOURCES
        if {"services", "queries", "models"} & set(path.parts)
        and re.search(r"^from django\.(http|shortcuts)|^from rest", path.read_text(), flags=re.M)
    ]
    assert not faults


def test_every_app_of_ours_is_linted():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    installed = [config.name for config in apps.get_app_configs() if config.name in OURS]
    assert sorted(contract["root_packages"]) == sorted(installed) == sorted(settings.OUR_APPS)


def test_foreign_keys_point_down():
    floor = {app: level for level, app in enumerate(("security", "audit", "patients", "crm"))}
    upward = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in floor
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and floor.get(field.related_model._meta.app_label, -1) > floor[model._meta.app_label]
    ]
    assert not upward


@pytest.mark.django_db
def test_migrations_say_what_the_models_say():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_file_names_a_package_host():
    hosts = re.compile(
        r"registry\.npm" + r"js|files\.python" + r"hosted|py" + r"pi\.org|deb\.deb" + "ian"
    )
    tracked = [
        p
        for p in ROOT.glob("*")
        if p.is_file() and p.suffix in {".txt", ".json", ".toml", ".in", ".yml"}
    ]
    assert not [name(p) for p in [*tracked, *SOURCES] if hosts.search(p.read_text())]
