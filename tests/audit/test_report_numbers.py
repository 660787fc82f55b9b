"""The numbers of a report against a small world that was counted by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.periods import containing
from audit.queries import report_numbers
from security.ids import new_id
from tests.audit import reporting
from tests.audit.reporting import MONDAY, NOON, WEEK, ZONE, event, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def counted():
    return report_numbers.of(WEEK)


def test_accesses_are_counted_by_role_purpose_and_ground():
    reporting.store(
        read(basis="team", route="patients:patient"),
        read(basis="team", route="patients:patient"),
        read(basis="responsible", roles=["nurse", "physician"], purpose="HOPERAT"),
        read(basis="role", roles=["receptionist"], purpose="PATADMIN"),
        read(basis="break_glass", purpose="ETREAT", roles=["physician"]),
        read(route="crm:home"),
        read(route="patients:patient"),
        read(route="gone:for_good"),
        read(roles=["finance"], purpose="HPAYMT"),
        read(actor_kind="patient", roles=["patient"], basis="self", purpose="PATRQT"),
        read(actor_kind="system", roles=[], actor_id=None, system="tests", purpose="HOPERAT"),
        # None of these opened a record of a patient.
        event(reporting.READ, fields=["security.user.display_name"]),
        read(outcome="refused", basis="team"),
        event("patients.chart.opened", fields=["patients.patient.names"], basis="team"),
    )
    found = counted()
    assert found["by_role"] == {
        "finance": {"background": 1},
        "nurse": {"listed": 1, "team": 2, "unnamed": 2},
        "nurse+physician": {"responsible": 1},
        "patient": {"self": 1},
        "physician": {"break_glass": 1},
        "receptionist": {"role": 1},
        "system": {"system": 1},
    }
    assert found["by_kind"] == {"patient": 1, "staff": 9, "system": 1}
    assert found["by_purpose"] == {
        "ETREAT": 1, "HOPERAT": 2, "HPAYMT": 1, "PATADMIN": 1, "PATRQT": 1, "TREAT": 5,
    }  # fmt: skip
    assert found["unnamed_by_page"] == {"gone:for_good": 1, "patients:patient": 1}


def test_the_period_holds_its_first_instant_and_not_its_last():
    last = WEEK.ends_at - timedelta(microseconds=1)
    reporting.store(
        *(read(at, basis="team") for at in (WEEK.starts_at, last)),
        *(read(at, basis="team") for at in (WEEK.starts_at - timedelta(microseconds=1), WEEK.ends_at)),
    )  # fmt: skip
    found = counted()
    assert found["by_kind"] == {"staff": 2}
    assert [day for day, *counts in found["days"] if sum(counts)] == ["2026-06-01", "2026-06-07"]
    assert len(found["days"]) == 7


def test_days_are_those_of_the_clinic_and_add_up_by_outcome():
    late_in_berlin = datetime(2026, 6, 2, 22, 30, tzinfo=UTC)
    reporting.store(
        event("patients.chart.opened", late_in_berlin),
        event("security.access.refused", late_in_berlin, outcome="refused"),
        event("security.message.failed", late_in_berlin, outcome="failed"),
    )
    assert [one for one in counted()["days"] if sum(one[1:])] == [["2026-06-03", 1, 1, 1]]


@pytest.mark.parametrize(
    ("day", "hours", "kind"), [("2026-03-29", 23, "weekly"), ("2026-10-25", 25, "weekly")]
)
def test_the_days_on_which_the_clock_changes_have_all_their_hours(day, hours, kind):
    day = datetime.fromisoformat(day).date()
    week = containing(kind, day, ZONE)
    start = week.ends_at - timedelta(hours=hours)
    reporting.store(
        *(event("patients.chart.opened", start + timedelta(hours=hour)) for hour in range(hours)),
        event("patients.chart.opened", start - timedelta(seconds=1)),
        event("patients.chart.opened", week.ends_at),
    )
    days = {found: done for found, done, *_ in report_numbers.of(week)["days"]}
    assert days[day.isoformat()] == hours
    assert days[(day - timedelta(days=1)).isoformat()] == 1
    assert sum(days.values()) == hours + 1


def test_refusals_are_counted_by_the_rule_that_refused():
    refused = {"outcome": "refused"}
    reporting.store(
        event("security.access.refused", fields=["clinical.read", "rule:clearance"], **refused),
        event("security.access.refused", fields=["clinical.read", "rule:clearance"], **refused),
        event("security.access.refused", fields=["trail.read", "rule:role"], **refused),
        event("security.access.refused", **refused),
    )
    assert counted()["refusals"] == {"": 1, "clearance": 2, "role": 1}
    assert counted()["actions"]["security.access.refused"] == {"refused": 4}


def test_exports_tell_rows_and_whether_a_second_person_agreed():
    first, own, nobody, asker = new_id(), new_id(), new_id(), new_id()
    label = "security.export"
    made = {"object_label": label, "actor_id": asker}
    reporting.store(
        event("security.export.prepared", object_id=first, counts={"rows": 40}, **made),
        event("security.export.prepared", object_id=own, counts={"rows": 2}, **made),
        event("security.export.prepared", object_id=nobody, **made),
        # The week before: an approval counts whenever it came, the own one never.
        event("security.export.approved", NOON - timedelta(days=6), object_label=label, object_id=first),
        event("security.export.approved", object_label=label, object_id=own, actor_id=asker),
    )  # fmt: skip
    assert counted()["exports"] == {"made": 3, "rows": 42, "second": 1}


def test_alerts_are_counted_by_rule_and_verdict():
    for verdict in ("", "explained", "explained", "incident"):
        reporting.alert("R1", verdict)
    reporting.alert("R7")
    reporting.alert("R7", "warned", NOON - timedelta(days=7))
    found = counted()
    assert found["alerts"] == {"R1": {"explained": 2, "incident": 1, "open": 1}, "R7": {"open": 1}}
    assert found["alerts_closed"] == 3


def test_reviews_are_in_time_or_late_or_open_or_overdue():
    now = datetime.now(UTC)
    soon, gone = now + timedelta(days=1), now - timedelta(days=1)
    reporting.review("justified", due=NOON, decided=NOON - timedelta(hours=1))
    reporting.review("justified", due=NOON, decided=NOON)
    reporting.review("unjustified", due=NOON, decided=NOON + timedelta(seconds=1))
    reporting.review(due=soon)
    reporting.review(due=gone)
    reporting.store(event("patients.glass.opened", basis="break_glass"))
    found = counted()
    assert found["reviews"] == {
        "all": 5, "in_time": 2, "late": 1, "open": 1, "overdue": 1, "told": 0,
        "verdict_incident": 0, "verdict_justified": 2, "verdict_unjustified": 1,
    }  # fmt: skip
    assert found["actions"]["patients.glass.opened"] == {"success": 1}


def test_what_explains_accesses_is_what_monitoring_found():
    for ground, role in (("care", "nurse"), ("", "nurse"), ("", "physician"), ("", "nurse")):
        reporting.opened(ground, role)
    reporting.opened("", at=NOON - timedelta(days=7))
    found = counted()
    assert found["explained"] == {"": 3, "care": 1}
    assert found["unexplained_by_role"] == {"nurse": 2, "physician": 1}


def test_an_empty_period_counts_nothing():
    found = counted()
    assert found["by_role"] == found["alerts"] == found["refusals"] == {}
    assert found["days"][0] == [MONDAY.isoformat(), 0, 0, 0]
    assert found["exports"] == {"made": 0, "rows": 0, "second": 0}


def test_as_many_queries_for_many_events_as_for_one():
    def queries(count):
        reporting.store(*(read(basis="team", roles=[f"role{number}"]) for number in range(count)))
        with CaptureQueriesContext(
            connection,
        ) as caught:
            counted()
        return len(caught)

    assert queries(1) == queries(30) == 6
