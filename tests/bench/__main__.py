"""Measure speed against plaintext twins; exit 1 when a goal is not met.

python -m tests.bench [--patients N] [--rounds N] [--events N] [--trail-only | --campaigns-only]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
django.setup()

from patients.queries import lists, search  # noqa: E402
from security import context, trail  # noqa: E402
from security.models import User  # noqa: E402
from tests.bench import campaigns, page, population, timing, twins  # noqa: E402
from tests.bench import trail as trail_lines  # noqa: E402

PURPOSES = {"physician": "TREAT", "receptionist": "PATADMIN"}
# (typed, LIKE prefix): a prefix that one in twenty bears, a whole name, and one Chinese family name.
NAMES = (("mar", "mar"), ("marlin", "marlin"), ("王", "王"))


def main() -> int:
    """Print every comparison; return 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--trail-only", action="store_true", help="measure the trail alone")
    parser.add_argument("--campaigns-only", action="store_true", help="measure campaigns alone")
    options = parser.parse_args()
    with trail.acting_for(system="bench", purpose="HOPERAT"):
        readers = population.people(options.patients)
    lines = []
    write(f"{platform.platform()}, Python {platform.python_version()}, {options.patients} patients")
    write(f"{'':58} {'ours':>11} {'plain twin':>11}")
    measured = chosen(options, readers)
    for line in measured:
        write(str(line))
        lines.append(line)
    if options.trail_only or options.campaigns_only:
        pass
    elif not twins.add_trigrams():
        write("pg_trgm: not measured, this server does not have it")
    else:
        for line in trigram_comparisons(readers, options.rounds):
            write(str(line))
    return 0 if all(line.is_met for line in lines) else 1


def chosen(options: argparse.Namespace, readers: dict[str, User]) -> Iterator[timing.Line]:
    """Yield the lines that were asked for, all by default."""
    if not (options.trail_only or options.campaigns_only):
        yield from comparisons(readers, options.rounds)
    if not options.campaigns_only:
        yield from trail_lines.lines(readers["physician"], options.events, options.rounds)
    if not options.trail_only:
        with trail.acting_for(system="bench", purpose="HOPERAT"):
            yield from campaigns.lines(readers["physician"], options.rounds)


def comparisons(readers: dict[str, User], rounds: int) -> Iterator[timing.Line]:
    """Yield one line for each promise."""
    physician = readers["physician"]
    yield timing.compare(
        "page: 25 patients rendered, keys and event",
        page.rendered(physician, lists.recent),
        page.rendered(physician, twins.recent),
        goal=1.15,
        rounds=rounds,
    )
    number = population.number_within_reach(physician)
    for role, reader in readers.items():
        yield timing.compare(
            f"exact number, {role}",
            acting(reader, role, lambda who: search.find(who, number)),
            acting(reader, role, lambda who: twins.by_number(who, number)),
            goal=1.4,
            rounds=rounds,
        )
        for typed, prefix in NAMES:
            yield timing.compare(
                f"name {typed!r}, latest 25, {role}",
                acting(reader, role, lambda who, typed=typed: search.find(who, typed)),
                acting(reader, role, lambda who, prefix=prefix: twins.by_prefix(who, prefix)),
                goal=1.3,
                rounds=rounds,
            )


def acting(reader: User, role: str, act: Callable[[User], Any]) -> Callable[[], object]:
    """Return an act in a fresh context of a reader, with its read event, as a request would do it."""

    def run() -> None:
        here = context.Context(actor=reader, purpose=PURPOSES[role])
        with context.enter(here):
            act(reader)
            trail.record_reads(here)

    return run


def trigram_comparisons(readers: dict[str, User], rounds: int) -> Iterator[timing.Line]:
    """Yield the lines against a trigram index over readable names, where the server has one."""
    for role, reader in readers.items():
        for typed, _ in NAMES:
            yield timing.compare(
                f"name {typed!r} against pg_trgm '%{typed}%', {role}",
                acting(reader, role, lambda who, typed=typed: search.find(who, typed)),
                acting(reader, role, lambda who, typed=typed: twins.by_substring(who, typed)),
                goal=1.3,
                rounds=rounds,
            )


def write(line: str) -> None:
    """Write one line of the result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
