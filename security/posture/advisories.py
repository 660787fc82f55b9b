"""Advisories on packages in the OSV format, out of a file that an operator brings; nothing is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

ECOSYSTEM = "PyPI"
MOST_BYTES = 256 * 1024 * 1024


class Unreadable(Exception):
    """The file is not there, or holds no advisories."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One installed package that an advisory affects."""

    id: str
    package: str
    version: str


def normal(name: str) -> str:
    """Return a package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, str]:
    """Return the version of every installed package, by its normal name."""
    return {
        normal(one.metadata["Name"]): one.version
        for one in metadata.distributions()
        if one.metadata["Name"]
    }


def age_of(path: Path) -> timedelta:
    """Return how long ago the file was brought."""
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        raise Unreadable from None
    return datetime.now(UTC) - written


def read(path: Path) -> list[dict[str, Any]]:
    """Return the advisories of a file: a list, one advisory, or an answer with `vulns`; raise Unreadable."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise Unreadable from None
    if isinstance(content, dict):
        content = content.get("vulns", [content])
    if not isinstance(content, list) or not all(
        isinstance(one, dict) and isinstance(one.get("id"), str) and isinstance(one.get("affected"), list)
        for one in content
    ):  # fmt: skip
        raise Unreadable
    return content


def affecting(known: Iterable[Mapping[str, Any]], present: Mapping[str, str]) -> list[Hit]:
    """Return which installed packages advisories affect; what was withdrawn affects nothing."""
    hits = {
        Hit(str(advisory["id"]), name, present[name])
        for advisory in known
        if not advisory.get("withdrawn")
        for name, affected in _packages(advisory)
        if name in present and _is_affected(affected, present[name])
    }
    return sorted(hits, key=lambda hit: (hit.package, hit.id))


def _packages(advisory: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for affected in advisory["affected"]:
        package = affected.get("package") or {}
        if package.get("ecosystem") == ECOSYSTEM:
            yield normal(str(package.get("name", ""))), affected


def _is_affected(affected: Mapping[str, Any], version: str) -> bool:
    if version in affected.get("versions", []):
        return True
    try:
        ours = Version(version)
        return any(
            _in_range(ours, one["events"])
            for one in affected.get("ranges", [])
            if one.get("type") == "ECOSYSTEM"
        )
    except (InvalidVersion, KeyError, TypeError):
        # What can not be compared is shown: a person must look.
        return True


def _in_range(ours: Version, events: Iterable[Mapping[str, str]]) -> bool:
    """Follow the events up to our version: each introduces the weakness or ends it."""
    is_in = False
    for event in sorted(events, key=_place):
        place, is_last = _place(event)
        if place > ours or (is_last and place == ours):
            break
        is_in = "introduced" in event
    return is_in


def _place(event: Mapping[str, str]) -> tuple[Version, bool]:
    """Return where an event stands; the last affected version is affected itself."""
    text = next(iter(event.values()))
    return Version("0.dev0" if text == "0" else text), "last_affected" in event
