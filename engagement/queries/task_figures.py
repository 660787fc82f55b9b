"""Workload and completion in numbers, as charts and tables; no patient is opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import TruncWeek
from django.utils.formats import date_format
from django.utils.translation import gettext

from engagement.models import Task
from engagement.queries import areas, work
from engagement.queries.work import Today
from patients.queries import colleagues
from security.models import User

WEEKS = 8
State = Task.State
Shown = dict[str, Any]


def of(user: User) -> list[Shown]:
    """Return the charts over the tasks that somebody may work on."""
    now = work.today()
    return [workload(user, now), completion(user, now)]


def workload(user: User, now: Today) -> Shown:
    """Return who has how much to do: late, today, and later."""
    rows = (
        areas.visible(user)
        .open()
        .order_by()
        .values("assignee")
        .annotate(
            late=Count("pk", filter=Q(due_at__lt=now.begins)),
            today=Count("pk", filter=Q(due_at__gte=now.begins, due_at__lt=now.ends)),
            later=Count("pk", filter=Q(due_at__gte=now.ends)),
        )
    )
    found = list(rows)
    names = colleagues.names_of(row["assignee"] for row in found if row["assignee"])
    lines = [
        (names.get(row["assignee"], gettext("Nobody yet")), row["later"], row["today"], row["late"])
        for row in found
    ]
    heads = [gettext("After today"), gettext("Today"), gettext("Late")]
    ordered = sorted(lines, key=lambda line: (-sum(line[1:]), line[0]))
    return _chart("workload", gettext("Workload"), heads, ordered, lies=True)


def completion(user: User, now: Today) -> Shown:
    """Return what became of the tasks that were due in each of the last weeks."""
    monday = now.day - timedelta(days=now.day.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    since = datetime.combine(first, time(), tzinfo=now.zone)
    # Done on the day it was due is done in time, whatever the hour.
    in_time = Q(state=State.DONE, done_at__date__lte=F("due_at__date"))
    rows = (
        areas.visible(user)
        .filter(due_at__gte=since, due_at__lt=now.ends)
        .order_by()
        .annotate(week=TruncWeek("due_at", tzinfo=now.zone))
        .values("week")
        .annotate(
            in_time=Count("pk", filter=in_time),
            late=Count("pk", filter=Q(state=State.DONE) & ~in_time),
            undone=Count("pk", filter=Q(state=State.OPEN)),
            given_up=Count("pk", filter=Q(state=State.CANCELLED)),
        )
    )
    found = {row["week"].date(): row for row in rows}
    names = ("in_time", "late", "undone", "given_up")
    lines = []
    for number in range(WEEKS):
        week = first + timedelta(weeks=number)
        row = found.get(week, {})
        label = date_format(week, "SHORT_DATE_FORMAT")
        lines.append((label, *(row.get(name, 0) for name in names)))
    heads = [gettext("In time"), gettext("Done late"), gettext("Not done"), gettext("Given up")]
    title = gettext("Completion by week in which it was due")
    return _chart("completion", title, heads, lines, lies=False)


def _chart(
    key: str, title: str, heads: Sequence[str], lines: Sequence[tuple[Any, ...]], *, lies: bool
) -> Shown:
    """Return a chart as the script draws it, and its table."""
    return {
        "key": key,
        "title": title,
        "heads": heads,
        "lines": [
            {
                "name": line[0],
                "cells": [
                    {"head": head, "text": value}
                    for head, value in zip(heads, line[1:], strict=True)
                ],
            }
            for line in lines
        ],
        "drawing": {
            "labels": [line[0] for line in lines],
            "series": [
                {"label": head, "values": [line[place] for line in lines]}
                for place, head in enumerate(heads, start=1)
            ],
            "is_stacked": True,
            "lies": lies,
        },
    }
