"""What is sealed at once and does not wait for its turn."""

from __future__ import annotations

# Nouns of action names: break-glass, exports, roles, keys, erasure, wipe, and what leaves the ledger itself.
NOUNS = frozenset(
    {
        "anchor", "bundle", "clearance", "erasure", "export", "glass", "key", "keyring", "permission", "role",
        "wipe",
    }
)  # fmt: skip
CHANNEL = "custodia_urgent"


def is_urgent(action: str) -> bool:
    """Tell whether an event of this action is sealed at once."""
    return action.split(".")[1] in NOUNS
