"""Monitoring takes up every event once, explains accesses, and asks every rule although another fails."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from audit import tasks
from audit.models import Access, Alert, Event, RuleSetting, WatchCursor, Watched
from audit.queries import ledger, records
from audit.services import companions, monitoring, watch_rules
from patients.models import CareRelationship, Encounter
from security import monitoring as registry
from tests.audit import watching
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
KEYS = {f"R{number}" for number in range(1, 24)}


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def officer():
    return cast.staff("compliance_officer")


def test_all_rules_are_registered_with_words_numbers_and_a_response():
    assert set(registry.rules) == KEYS
    for rule in registry.rules.values():
        assert str(rule.words)
        assert str(rule.why).endswith(".")
        assert rule.threshold > 0
        assert rule.weight > 0
        assert rule.window > timedelta(0)
        assert rule.response in registry.Response


def test_an_alert_stands_after_one_run_of_the_task_and_within_a_minute_of_the_event(desk):
    watching.opens(desk, cast.patients(12), every=0.01)
    tasks.watch()
    alert = Alert.objects.get(rule="R10")
    newest = Event.objects.get(pk=alert.events[-1])
    assert alert.raised_at - newest.recorded_at < timedelta(seconds=60)
    assert alert.actor_id == desk.pk
    assert len(alert.subjects) == 12


def test_the_schedule_of_the_task_leaves_room_within_the_minute(settings):
    one = settings.CELERY_BEAT_SCHEDULE["watch-trail"]
    assert one["task"] == tasks.watch.name
    assert one["schedule"] <= 30


def test_each_event_is_looked_at_once(desk):
    watching.event(desk, cast.patient())
    first, second = monitoring.run(), monitoring.run()
    assert first >= 1
    # What the first run recorded itself is all that is new.
    assert second <= Event.objects.filter(action__startswith="audit.").count()
    assert Access.objects.count() == 1


def test_the_cursor_moves_on_and_forgets_what_it_passed(desk):
    watching.event(desk, cast.patient())
    monitoring.run()
    before = WatchCursor.objects.get()
    WatchCursor.objects.update(next_since=timezone.now() + timedelta(minutes=20), next_xid=0)
    monitoring.run()
    assert WatchCursor.objects.get().since > before.since
    assert not Watched.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_not_passed_by(desk):
    patient = cast.patient()
    written, may_end = threading.Event(), threading.Event()

    def late():
        try:
            with transaction.atomic():
                watching.event(desk, patient)
                written.set()
                may_end.wait(10)
        finally:
            connections.close_all()

    thread = threading.Thread(target=late)
    thread.start()
    try:
        assert written.wait(10)
        # Three runs while it is open: the cursor may not pass the place where it will be.
        for _ in range(3):
            monitoring.run()
        assert not Access.objects.exists()
        cursor = WatchCursor.objects.get()
    finally:
        may_end.set()
        thread.join(10)
    monitoring.run()
    assert Access.objects.get().subject_id == patient.pk
    assert (
        cursor.since
        < Event.objects.get(subjects__contains=[patient.pk], actor_id=desk.pk).recorded_at
    )


def test_a_rule_that_fails_keeps_no_other_from_being_asked_and_is_recorded(desk, monkeypatch):
    def fails(batch, rule):
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column")

    broken = replace(registry.rules["R1"], find=fails)
    monkeypatch.setitem(registry.rules, "R1", broken)
    watching.opens(desk, cast.patients(12), every=0.01)
    assert "R10" in watching.loud(watching.watched())
    (event,) = cast.events("audit.rule.failed")
    assert event.fields == ["ProgrammingError", "R1"]
    assert event.outcome == "failed"


def test_a_replay_finds_the_same_and_raises_nothing_twice(desk):
    watching.opens(desk, cast.patients(12), every=3600)
    first = {(one.rule, one.dedupe_key) for one in watching.replayed()}
    second = {(one.rule, one.dedupe_key) for one in watching.replayed()}
    assert first == second
    assert "R10" in {rule for rule, _ in first}
    assert Alert.objects.filter(rule="R10").count() == 1


def test_the_command_replays_days_and_says_what_was_raised(desk, capsys):
    watching.opens(desk, cast.patients(12), every=60)
    today = timezone.localdate().isoformat()
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    call_command("replay_rules", "--from", yesterday, "--to", today)
    assert "alerts raised" in capsys.readouterr().out
    assert Alert.objects.filter(rule="R10").exists()


def test_a_replay_of_the_past_lets_nobody_answer_for_it(desk):
    watching.opens(desk, cast.patients(12), every=60, ends=timezone.now() - timedelta(days=9))
    watching.replayed()
    desk.refresh_from_db()
    assert desk.fresh_factor_from is None
    assert desk.slowed_until is None


# --- what explains --------------------------------------------------------------------------


def ground():
    monitoring.run()
    return Access.objects.get().ground


def test_nothing_explains_a_chart_of_a_stranger(desk):
    watching.event(desk, cast.patient())
    assert ground() == ""


def test_care_explains_and_an_earlier_visit_alone_does_not():
    doctor, mine, old = cast.staff("physician"), cast.patient(), cast.patient(given="Old")
    cast.care(doctor, mine)
    cast.care(doctor, old, source=CareRelationship.Source.IMPORT)
    for one in (mine, old):
        watching.event(doctor, one, role="physician", basis="team")
    monitoring.run()
    assert dict(Access.objects.values_list("subject_id", "ground")) == {mine.pk: "care", old.pk: ""}


def test_a_visit_within_thirty_days_explains_the_desk(desk):
    near, far = cast.patient(), cast.patient(given="Far")
    for one, days in ((near, 29), (far, 31)):
        Encounter.objects.create(patient=one, occurred_at=timezone.now() - timedelta(days=days))
        watching.event(desk, one)
    monitoring.run()
    found = dict(Access.objects.values_list("subject_id", "ground"))
    assert found == {near.pk: "visit", far.pk: ""}


def test_an_emergency_explains_itself():
    doctor = cast.staff("physician")
    watching.event(doctor, cast.patient(), role="physician", basis="break_glass", purpose="ETREAT")
    assert ground() == "emergency"


def test_what_an_officer_remembered_explains_until_it_ends(desk, officer):
    patient = cast.patient()
    until = timezone.now() + timedelta(days=10)
    companions.remember(
        actor_id=desk.pk,
        other_id=patient.pk,
        kind="patient",
        until=until,
        reason="Their study",
        by=officer,
    )
    watching.event(desk, patient)
    watching.event(desk, patient, at=timezone.now() - timedelta(minutes=30))
    monitoring.run()
    assert sorted(Access.objects.values_list("ground", flat=True)) == ["", "pair"]


def test_of_two_colleagues_who_work_together_the_work_of_one_explains_the_other(desk, officer):
    doctor, mine = cast.staff("physician"), cast.patient()
    cast.care(doctor, mine)
    until = timezone.now() + timedelta(days=10)
    companions.remember(
        actor_id=desk.pk,
        other_id=doctor.pk,
        kind="colleague",
        until=until,
        reason="One office",
        by=officer,
    )
    watching.event(desk, mine)
    watching.event(desk, cast.patient(given="Other"))
    monitoring.run()
    assert sorted(Access.objects.values_list("ground", flat=True)) == ["", "pair"]


def test_a_page_that_names_relatives_counts_as_the_record_it_is_about(desk):
    mine, relative = cast.patient(), cast.patient(given="Relative")
    Encounter.objects.create(patient=mine, occurred_at=timezone.now())
    watching.event(desk, relative, mine, action="security.record.read")
    monitoring.run()
    assert Access.objects.get().subject_id == mine.pk


def test_two_records_side_by_side_are_two_opened_records(desk):
    """Nobody looks at a stranger beside somebody whom his work explains."""
    mine, stranger = cast.patient(), cast.patient("Star", confidentiality="vip")
    Encounter.objects.create(patient=mine, occurred_at=timezone.now())
    url = f"/patients/{mine.pk}/merge/{stranger.pk}/"
    assert cast.browser(desk).get(url, secure=True).status_code == 200
    found = {one.subjects[0]: one.response for one in watching.watched() if one.rule == "R5"}
    assert found == {stranger.pk: "alert"}
    grounds = dict(Access.objects.values_list("subject_id", "ground"))
    assert grounds == {mine.pk: "visit", stranger.pk: ""}


def test_a_batch_costs_no_more_queries_for_many_accesses_than_for_few():
    counts = []
    patients = cast.patients(12)
    # The first batch leaves a cursor behind; from three charts on each rule has something to look at.
    for several in (patients[:3], patients[:3], patients[3:]):
        watching.opens(cast.staff("receptionist"), several, every=0.01)
        with cast.CaptureQueries() as queries:
            monitoring.run()
        counts.append(len(queries))
    # A batch may find a key opened already that the one before it had to ask for.
    assert counts[2] <= counts[1] < 120


# --- how rules are set ----------------------------------------------------------------------


def test_a_rule_that_is_off_is_not_asked_and_its_threshold_can_be_set(desk, officer):
    watch_rules.change(key="R10", is_on=False, threshold=None, by=officer)
    watching.opens(desk, cast.patients(12), every=0.01)
    assert "R10" not in watching.loud(watching.watched())
    watch_rules.change(key="R10", is_on=True, threshold=13, by=officer)
    assert "R10" not in watching.loud(watching.replayed())
    watch_rules.change(key="R10", is_on=True, threshold=12, by=officer)
    assert "R10" in watching.loud(watching.replayed())
    told = [
        cast.events(f"audit.rule.{what}") for what in ("switched_off", "switched_on", "changed")
    ]
    assert [len(one) for one in told] == [1, 1, 1]


@pytest.mark.parametrize("threshold", [0, -1, 10**9, float("nan"), float("inf")])
def test_a_threshold_is_a_number_above_nothing(officer, threshold):
    with pytest.raises(watch_rules.NoThreshold):
        watch_rules.change(key="R10", is_on=True, threshold=threshold, by=officer)
    assert not RuleSetting.objects.exists()


def test_a_rule_that_does_not_exist_cannot_be_set(officer):
    with pytest.raises(watch_rules.NoSuchRule):
        watch_rules.change(key="R99", is_on=False, threshold=None, by=officer)


# --- who wants it blind -----------------------------------------------------------------------


def test_the_rule_that_watches_the_rules_is_never_switched_off(desk, officer):
    for change in ({"is_on": False, "threshold": None}, {"is_on": True, "threshold": 9.0}):
        with pytest.raises(watch_rules.AlwaysOn):
            watch_rules.change(key="R17", by=officer, **change)
    # Not even by who writes the table.
    RuleSetting.objects.create(key="R17", is_on=False)
    watching.event(desk, action="audit.rule.switched_off", basis="")
    assert "R17" in watching.loud(watching.watched())


def test_a_rule_that_was_set_past_the_application_is_found(officer):
    watch_rules.change(key="R10", is_on=True, threshold=20.0, by=officer)
    assert list(records.mismatched(RuleSetting)) == []
    cast.store(RuleSetting, is_on=False)
    RuleSetting.objects.create(key="R9", is_on=False)
    found = {(str(one.why), one.object_id.bytes.rstrip(bytes(1))) for one in records.mismatched(RuleSetting)}  # fmt: skip
    assert found == {("altered", b"R10"), ("unrecorded", b"R9")}
    RuleSetting.objects.all().delete()
    assert [str(one.why) for one in records.mismatched(RuleSetting)] == ["missing"]


def test_a_cursor_that_was_set_forward_hides_nothing_and_is_told(desk):
    monitoring.run()
    WatchCursor.objects.update(since=timezone.now() + timedelta(days=4000))
    watching.opens(desk, cast.patients(12), every=0.01)
    assert {"R10", "R22"} <= watching.loud(watching.watched())
    assert WatchCursor.objects.get().since <= timezone.now()


def test_monitoring_that_stands_still_is_told_on_every_page_of_officers():
    tasks.tell_alive()
    assert ledger.TROUBLES["worker"] not in [one.text for one in ledger.alarms()]
    monitoring.run()
    WatchCursor.objects.update(ran_at=timezone.now() - timedelta(minutes=4))
    tasks.tell_alive()
    assert ledger.TROUBLES["worker"] in [one.text for one in ledger.alarms()]
    monitoring.run()
    tasks.tell_alive()
    assert ledger.TROUBLES["worker"] not in [one.text for one in ledger.alarms()]
