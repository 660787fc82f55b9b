"""The language in which segments describe people: a small tree of known facets, checked word by word.

{"all": [...]}, {"any": [...]}, {"not": ...}, and leaves such as {"facet": "age", "from": 18, "to": 64}.
Whatever is not known is refused: nothing of a tree ever becomes a name of a column.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

Tree = Mapping[str, Any]
DEEPEST, MOST_LEAVES, LONGEST = 4, 40, 60
OLDEST, MOST_DAYS = 130, 36_500
SEXES = frozenset({"male", "female", "other", "unknown"})
LANGUAGES = frozenset({"en", "zh"})
STATES = frozenset({"proposed", "booked", "arrived", "fulfilled", "cancelled", "noshow"})


class Unreadable(ValueError):
    """A tree says something that is not part of the language."""


def _number(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _ids(value: Any) -> bool:
    try:
        return _texts(value) and all(UUID(one) for one in value)
    except ValueError:
        return False


def _texts(value: Any) -> bool:
    is_list = isinstance(value, list) and 0 < len(value) <= MOST_LEAVES
    return is_list and all(isinstance(one, str) and 0 < len(one) <= LONGEST for one in value)


def _of(known: frozenset[str]) -> Callable[[Any], bool]:
    return lambda value: _texts(value) and set(value) <= known


def _years(value: Any) -> bool:
    return _number(value, OLDEST)


def _days(value: Any) -> bool:
    return _number(value, MOST_DAYS)


# Facet -> what may be said of it. `WANTED` must be there, of others at least one.
FACETS: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "age": {"from": _years, "to": _years},
    "sex": {"in": _of(SEXES)},
    "language": {"in": _of(LANGUAGES)},
    "city": {"starts": _texts},
    "postcode": {"starts": _texts},
    "visited": {"within": _days, "not_within": _days},
    "registered": {"within": _days, "before": _days},
    "appointment": {"services": _ids, "states": _of(STATES), "past": _days, "ahead": _days},
    "unit": {"in": _ids},
    "clinician": {"in": _ids},
    "condition": {"starts": _texts},
}
# These look into the clinical record.
CLINICAL = frozenset({"condition"})
# These stand in sealed envelopes and are read to compare; all others are readable columns.
SEALED = frozenset({"age", "sex", "language", "city", "postcode"}) | CLINICAL


def check(tree: Any) -> Tree:
    """Return a tree that is part of the language; raise Unreadable for any other."""
    if _check(tree, 1) > MOST_LEAVES:
        raise Unreadable("too many criteria")
    found: Tree = tree
    return found


def _check(tree: Any, depth: int) -> int:
    if not isinstance(tree, dict) or depth > DEEPEST:
        raise Unreadable("no criterion")
    if "facet" in tree:
        return _check_leaf(tree)
    (word, parts), *others = tree.items() or [("", None)]
    if others or word not in {"all", "any", "not"}:
        raise Unreadable("no criterion")
    if word == "not":
        return _check(parts, depth + 1)
    if not isinstance(parts, list) or not (parts or depth == 1):
        raise Unreadable("no list of criteria")
    return sum(_check(one, depth + 1) for one in parts)


def _check_leaf(leaf: Mapping[str, Any]) -> int:
    facet = leaf["facet"]
    known = FACETS.get(facet) if isinstance(facet, str) else None
    said = {name: value for name, value in leaf.items() if name != "facet"}
    if known is None or not said or not set(said) <= set(known):
        raise Unreadable("no such criterion")
    if not all(known[name](value) for name, value in said.items()):
        raise Unreadable("a criterion says something else")
    return 1


def leaves(tree: Tree) -> Iterator[Mapping[str, Any]]:
    """Yield every leaf of a tree."""
    if "facet" in tree:
        yield tree
    elif "not" in tree:
        yield from leaves(tree["not"])
    else:
        for one in tree.get("all", tree.get("any", ())):
            yield from leaves(one)


def is_clinical(tree: Tree) -> bool:
    """Tell whether a tree looks into the clinical record."""
    return any(leaf["facet"] in CLINICAL for leaf in leaves(tree))


def is_sealed(tree: Tree) -> bool:
    """Tell whether a tree compares what is sealed."""
    return any(leaf["facet"] in SEALED for leaf in leaves(tree))


def holds(tree: Tree, leaf: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Tell whether a tree is true where `leaf` answers for its leaves; an empty one is."""
    if "facet" in tree:
        return leaf(tree)
    if "not" in tree:
        return not holds(tree["not"], leaf)
    if tree.get("any"):
        return any(holds(one, leaf) for one in tree["any"])
    return all(holds(one, leaf) for one in tree.get("all", ()))


def digest(*parts: Any) -> str:
    """Return the digest of what somebody agrees to."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
