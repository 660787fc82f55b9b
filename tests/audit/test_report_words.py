"""What a report says: numbers beside the period before, in words."""

from datetime import timedelta

import pytest

from audit.queries import report_names, report_pages, report_sections
from audit.queries.report_parts import change, share
from audit.queries.report_sections import Section
from tests.audit import reporting
from tests.audit.reporting import NOON, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture(autouse=True)
def zone(settings):
    settings.TIME_ZONE = reporting.ZONE


def words(made):
    return {one["part"].key: one["part"] for one in report_pages.report(made)["parts"]}


def test_a_report_says_what_was_counted_beside_the_period_before():
    reporting.store(
        *(read(basis="team") for _number in range(6)),
        *(read(route="patients:patient") for _number in range(2)),
        *(read(NOON - timedelta(days=7), basis="team") for _number in range(4)),
    )
    for ground in ("care", "visit", "visit", ""):
        reporting.opened(ground)
    reporting.opened("care", at=NOON - timedelta(days=7))
    parts = words(reporting.report())
    summary = {row[0]: row[1:] for row in parts["summary"].rows}
    assert summary["Accesses to records of patients"] == ["8", "4", "+4 (+100\N{NO-BREAK SPACE}%)"]
    assert summary["Unexplained ones of these"] == ["1", "0", "+1"]
    assert summary["Share of unexplained ones"] == [
        "25.0\N{NO-BREAK SPACE}%",
        "0.0\N{NO-BREAK SPACE}%",
        "",
    ]
    assert parts["grounds"].rows[0] == ["Care team", "6", "4", "+2 (+50\N{NO-BREAK SPACE}%)"]
    assert parts["roles"].rows == [
        ["Nurse", "8", "4", "+4 (+100\N{NO-BREAK SPACE}%)", "0", "0", "2"]
    ]
    assert "No ground named is what is left" in " ".join(parts["grounds"].notes)
    assert parts["explanations"].rows[0] == ["Visit", "2", "0", "+2", "50.0\N{NO-BREAK SPACE}%"]
    assert ["Unexplained", "1", "0", "+1", "25.0\N{NO-BREAK SPACE}%"] in parts["explanations"].rows
    assert "Unexplained ones by role: Nurse (1)" in parts["explanations"].notes
    for part in parts.values():
        assert all(len(row) == len(part.heads) for row in part.rows), part.key


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (0, 0, "0"),
        (5, 0, "+5"),
        (5, 10, "−5 (−50\N{NO-BREAK SPACE}%)"),
        (1500, 1000, "+500 (+50\N{NO-BREAK SPACE}%)"),
    ],
)
def test_a_change_is_told_in_number_and_share(now, before, said):
    assert change(now, before) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(0, 0, "–"), (1, 4, "25.0\N{NO-BREAK SPACE}%"), (1, 10**6, "under 0.1 %"), (0, 9, "0.0\N{NO-BREAK SPACE}%")]
)  # fmt: skip
def test_a_share_of_nothing_is_a_dash(part, whole, said):
    assert share(part, whole) == said


def test_a_comparison_with_a_time_before_the_trail_says_so():
    reporting.store(read())
    made = reporting.report()
    (caution,) = report_names.cautions(made.content)
    assert "The trail begins on" in caution


def test_without_a_ledger_the_report_says_that_there_is_none(monkeypatch):
    monkeypatch.setattr(report_sections, "sections", {})
    part = words(reporting.report())["section-ledger"]
    assert part.rows == []
    assert "No ledger was at work" in part.notes[0]


def test_another_part_of_the_product_adds_a_section(monkeypatch):
    monkeypatch.setattr(report_sections, "sections", {})
    ledger = Section(
        "ledger", "State of the ledger",
        lambda period: {"size": 12345, "state": "sealed", "sealed_at": "2026-06-07T22:00:00+00:00", "gap": False, "last": None},
        {"size": "Entries", "state": "State"}, {"sealed": "Everything is sealed"},
    )  # fmt: skip
    report_sections.register(ledger)
    with pytest.raises(ValueError, match="two sections"):
        report_sections.register(ledger)
    rows = words(reporting.report())["section-ledger"].rows
    assert sorted(rows) == sorted([
        ["Entries", "12,345"], ["State", "Everything is sealed"], ["sealed_at", "8 Jun 2026, 00:00"],
        ["gap", "No"], ["last", "–"],
    ])  # fmt: skip


def test_ledger_monitoring_comparisons_and_backups_say_how_they_stand():
    parts = words(reporting.report())
    assert ["Sealed entries", "0"] in parts["section-ledger"].rows
    assert ["Differences found", "0"] in parts["section-comparisons"].rows
    assert ["Newest good backup", "–"] in parts["section-backups"].rows


def test_a_rule_of_monitoring_is_called_by_its_words():
    assert report_sections.named("R10") != "R10"
    assert report_sections.named("R99") == "R99"
