"""The rules of the decision, by name: a mismatch with what the apps register stops the start."""

from __future__ import annotations

# Every rule the decision must know; start-up stops when an app registers other ones (fail closed).
ACCESS_RULES: dict[str, list[str]] = {
    "reach": ["role", "break_glass", "care_relationship", "portal_account", "thread"],
    "restriction": [
        "case_approval",
        "clearance",
        "confidential_chart",
        "consent",
        "erasure",
        "merged_record",
        "own_record",
        "restriction",
    ],
}
