"""Every action in the code is named alike and has a sentence, and every sentence an action."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from audit.actions import SENTENCES, sentence
from security.trail import ACTION

ROOT = Path(settings.BASE_DIR)
PAST = re.compile(
    r"(ed(_in|_off|_on|_out|_up)?|sent|began|begun|read|broken|hidden|told|made|anew|used|_set|kept|swept|withdrawn|taken|paid|written|mistaken|looked_for|taken_over|lost)$"
)


@dataclass
class Function:
    """A function that hands its parameter on as an action."""

    name: str
    position: int
    parameter: str


@dataclass
class Scan:
    """What the recording calls of the code base say, and what could not be followed."""

    actions: dict[str, str] = field(default_factory=dict)
    unresolved: list[str] = field(default_factory=list)


@cache
def modules() -> list[tuple[str, ast.Module]]:
    return [
        (str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8")))
        for app in settings.OUR_APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


@cache
def functions() -> list[ast.FunctionDef]:
    return [
        node
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]


@cache
def calls() -> dict[str, list[tuple[ast.Call, ast.FunctionDef]]]:
    """Return the calls of each name, with the function that makes them."""
    found: dict[str, list[tuple[ast.Call, ast.FunctionDef]]] = defaultdict(list)
    for function in functions():
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                found[name_of(node)].append((node, function))
    return found


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def is_record(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Attribute):
        owner = function.value
        return function.attr == "record" and isinstance(owner, ast.Name) and owner.id == "trail"
    return isinstance(function, ast.Name) and function.id == "record"


def texts_in(node: ast.AST) -> set[str]:
    return {
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


@cache
def assigned() -> dict[str, set[str]]:
    """Return the texts that stand in the assignments to each name, anywhere at module level."""
    found: dict[str, set[str]] = defaultdict(set)
    for _, tree in modules():
        for node in tree.body:
            targets = (
                node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            )
            for target in targets:
                if isinstance(target, ast.Name) and getattr(node, "value", None) is not None:
                    found[target.id] |= {text for text in texts_in(node) if ACTION.match(text)}
    return found


def parameter(function: ast.FunctionDef, name: str) -> Function | None:
    arguments = function.args
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    if name in positional:
        return Function(function.name, positional.index(name), name)
    if name in {argument.arg for argument in arguments.kwonlyargs}:
        return Function(function.name, 10**6, name)
    return None


def passed(to: Function) -> set[str]:
    """Return the actions that callers hand to a function, and its defaults."""
    found: set[str] = set()
    for function in functions():
        if function.name == to.name:
            found |= {text for text in texts_in(function.args) if ACTION.match(text)}
    for call, within in calls()[to.name]:
        found |= handed_by(call, within, to)
    return found


def handed_by(call: ast.Call, within: ast.FunctionDef, to: Function) -> set[str]:
    """Return the actions that one call hands on; a caller's own parameter is followed further up."""
    handed = [*call.args[to.position : to.position + 1]]
    handed += [word.value for word in call.keywords if word.arg == to.parameter]
    found: set[str] = set()
    for one in handed:
        own = parameter(within, one.id) if isinstance(one, ast.Name) else None
        if own is not None and own.name != to.name:
            found |= passed(own)
        else:
            found |= {text for text in texts_in(one) if ACTION.match(text)}
    return found


def actions_of(first: ast.expr, within: ast.FunctionDef) -> set[str]:
    """Return what the first argument of a recording call can be."""
    match first:
        case ast.Name(id=name):
            handed = parameter(within, name)
            return passed(handed) if handed else assigned()[name]
        case ast.Attribute(attr=name) | ast.Subscript(value=ast.Name(id=name)):
            return assigned()[name]
        case _:
            return texts_in(first)


def recording_calls(tree: ast.Module) -> Iterator[tuple[ast.Call, ast.FunctionDef]]:
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    for function in functions:
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and is_record(call):
                yield call, function


@cache
def scan() -> Scan:
    found = Scan()
    for path, tree in modules():
        if path == "security/trail.py":
            continue
        for call, function in recording_calls(tree):
            where = f"{path}:{call.lineno}"
            actions = actions_of(call.args[0], function) if call.args else set()
            found.actions.update(dict.fromkeys(actions, where))
            if not actions:
                found.unresolved.append(where)
    trail = (ROOT / "security" / "trail.py").read_text()
    for action in re.findall(r'record\(\s*"([a-z_.]+)"', trail):
        found.actions[action] = "security/trail.py"
    return found


def test_every_recording_call_names_its_action() -> None:
    assert scan().unresolved == []
    assert len(scan().actions) > 30


def test_every_action_is_an_app_a_thing_and_what_happened_to_it() -> None:
    wrong = {
        action: where
        for action, where in scan().actions.items()
        if not ACTION.match(action)
        or action.split(".")[0] not in settings.OUR_APPS
        or not PAST.search(action)
    }
    assert wrong == {}


def test_every_action_has_a_sentence() -> None:
    assert {a: where for a, where in scan().actions.items() if a not in SENTENCES} == {}


def test_every_sentence_has_an_action() -> None:
    assert set(SENTENCES) - set(scan().actions) == set()


def test_the_register_is_in_order() -> None:
    assert list(SENTENCES) == sorted(SENTENCES)


@pytest.mark.parametrize("action", sorted(SENTENCES))
def test_each_sentence_is_one(action: str) -> None:
    with translation.override("en"):
        assert re.fullmatch(r"[A-Z][^.]*\.", sentence(action))


def test_an_action_of_a_later_version_shows_as_its_name() -> None:
    assert sentence("governance.policy.signed") == "governance.policy.signed"
