"""The roles as a table that a person can read, made from the roles themselves."""

from __future__ import annotations

from collections.abc import Iterator

from security.access.categories import Action, Reach
from security.access.permissions import Permission
from security.access.roles import ROLES, Role
from security.classification import Category

LETTERS = {
    Action.READ: "R",
    Action.READ_MASKED: "M",
    Action.AGGREGATE: "A",
    Action.WRITE: "W",
    Action.REQUEST: "Q",
    Action.ASSIGN: "S",
    Action.APPROVE: "P",
    Action.MANAGE: "G",
}
REACHES = {Reach.ALL: "", Reach.TEAM: "ᵗ", Reach.CASE: "ᶜ", Reach.SELF: "ˢ"}
LEGEND = (
    "R reads, M reads masked, A sees totals, W writes, Q requests, S assigns, P approves, G manages;"
    " B opens after breaking the glass, for one patient and a limited time;"
    " ᵗ people in the own care, ᶜ inside a case, ˢ oneself, no mark: everybody; – not at all."
)


def markdown() -> str:
    """Return the table of categories and roles, with its legend."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "| | " + " | ".join(str(role.label) for role in ROLES.values()) + " |"
    yield "|---" * (len(ROLES) + 1) + "|"
    for category in Category:
        cells = (cell(role, category) for role in ROLES.values())
        yield f"| {category.label} | " + " | ".join(cells) + " |"
    yield ""
    yield LEGEND


def cell(role: Role, category: Category) -> str:
    """Return what a role may do with a category, as letters with their reach."""
    held = [one for one in Permission if one.category is category and one in role.grants]
    letters = [LETTERS[one.action] + REACHES[role.grants[one]] for one in held]
    return " ".join([*letters, *("B" for one in role.emergency if one is category)]) or "–"
