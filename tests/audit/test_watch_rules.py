"""Each rule finds what it is about and leaves alone what is like it and harmless."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import Alert
from audit.monitors import volume
from patients.models import Encounter, Relation, StaffLink
from patients.services import emergencies, staff_links
from security.ids import new_id
from security.models import User, UserIndex
from security.monitoring import Access, rules
from security.sealing import index
from security.services import users
from tests.audit.watching import event, loud, opens, replayed, watched
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
NIGHT = NOON.replace(hour=2)


@pytest.fixture
def desk():
    return cast.staff("receptionist", name="Ana Quarrington")


def explained(*patients):
    Encounter.objects.bulk_create(Encounter(patient=one, occurred_at=NOON) for one in patients)
    return list(patients)


def own(user, patient):
    with transaction.atomic():
        return staff_links.declare(patient_id=patient.pk, colleague=user, kind="self", by=None)


def test_r1_notes_what_nothing_explains_once_a_day_and_alerts_for_protected_fields(desk):
    opens(desk, cast.patients(3), ends=NOON)
    event(
        desk,
        cast.patient(),
        at=NOON + timedelta(hours=1),
        fields=["patients.note.restricted_content"],
    )
    found = [one for one in replayed() if one.rule == "R1"]
    assert sorted((one.response, len(one.events)) for one in found) == [("alert", 1), ("note", 4)]


def test_r2_finds_a_rare_family_name_and_leaves_a_common_one_alone(desk):
    cast.patients(60, family="Smith")
    event(desk, cast.patient(family="Quarrington"), at=NOON)
    event(
        cast.staff("receptionist", name="Bo Smith"),
        cast.patient(family="Smith", given="Al"),
        at=NOON,
    )
    (alert,) = [one for one in replayed() if one.rule == "R2"]
    assert alert.actor_id == desk.pk


def test_r2_reads_chinese_family_names():
    staff = cast.staff("receptionist", name="Ouyang Na 欧阳娜")
    cast.patients(9)
    event(staff, cast.patient(names=[{"family": "欧阳", "given": ["明"]}]), at=NOON)
    assert "R2" in loud(replayed())


def test_r2_weighs_a_common_chinese_name_lightly_and_many_of_it_together():
    staff = cast.staff("receptionist", name="王伟")
    people = [
        cast.patient(names=[{"family": "王", "given": [given]}]) for given in "芳娜敏静丽强磊"
    ]
    event(staff, people[0], at=NOON)
    assert "R2" not in loud(replayed())


def test_r2_finds_a_shared_phone_number_by_its_keyed_hash(desk):
    row = cast.patient(family="Other", telecoms=[{"system": "phone", "value": "+8613800138000"}])
    user = User.objects.get(pk=desk.pk)
    user.phone = "138 0013 8000"
    user.advance()
    user.save()
    rows = index.entries_of(user, UserIndex)
    UserIndex.objects.bulk_create(rows)
    event(desk, row, at=NOON)
    assert "R2" in loud(replayed())


def test_r2_finds_the_family_of_the_own_record_and_a_shared_home(desk):
    address = [{"line": ["9 Elm Street", "Flat 3"], "city": "Exeter", "postalCode": "EX1"}]
    mine = cast.patient(family="Quarrington", addresses=address)
    own(desk, mine)
    kin, housemate = cast.patient(family="Abel"), cast.patient(family="Cole", addresses=address)
    Relation.objects.create(patient=mine, related=kin, kind="SIB")
    event(desk, kin, at=NOON)
    event(desk, housemate, at=NOON)
    (alert,) = [one for one in replayed() if one.rule == "R2"]
    assert set(alert.subjects) == {kin.pk, housemate.pk}


def test_r3_finds_the_own_record_and_a_refused_attempt_at_it(desk):
    mine = cast.patient()
    own(desk, mine)
    event(desk, mine, action="security.access.refused", outcome="refused", basis="")
    assert "R3" in loud(watched())


def test_r4_finds_a_colleague_as_patient_without_a_part_in_the_care(desk):
    theirs = cast.patient()
    own(cast.staff("nurse"), theirs)
    event(desk, theirs, at=timezone.now())
    assert {"R4", "R5"} <= loud(watched())


def test_r5_notes_every_access_to_a_confidential_chart_and_alerts_at_doubtful_ones(desk):
    vip, other = (cast.patient(given=name, confidentiality="vip") for name in "AB")
    explained(vip)
    event(desk, vip, at=NOON)
    event(desk, other, at=NOON)
    found = {one.subjects[0]: one.response for one in replayed() if one.rule == "R5"}
    assert found == {vip.pk: "note", other.pk: "alert"}


@pytest.mark.parametrize(("at", "response"), [(NOON, "note"), (NIGHT, "alert")])
def test_r6_notes_a_neighbour_and_alerts_at_night(desk, at, response):
    def place(flat):
        return [{"line": ["9 Elm Street", flat], "city": "Exeter"}]

    own(desk, cast.patient(addresses=place("Flat 1")))
    StaffLink.objects.update(starts_at=NOON - timedelta(days=9))
    event(desk, cast.patient(family="Abel", addresses=place("Flat 2")), at=at)
    (alert,) = [one for one in replayed() if one.rule == "R6"]
    assert alert.response == response


def test_r7_finds_three_charts_of_the_dead_and_long_discharged_in_a_week(desk):
    left = cast.patients(2)
    past = timezone.now() - timedelta(days=200)
    Encounter.objects.bulk_create(Encounter(patient=one, occurred_at=past) for one in left)
    opens(desk, left, ends=NOON - timedelta(hours=5))
    assert "R7" not in loud(replayed())
    event(desk, cast.patient(given="Dead", deceased=True), at=NOON)
    assert "R7" in loud(replayed())


def test_r8_notes_the_night_of_who_does_not_work_then_and_not_of_the_night_shift(desk):
    guard = cast.staff("receptionist")
    for days in range(2, 9):
        opens(guard, explained(*cast.patients(1)), ends=NIGHT - timedelta(days=days))
        opens(desk, explained(*cast.patients(1)), ends=NOON - timedelta(days=days))
    for one in (guard, desk):
        event(one, cast.patient(), at=NIGHT)
    assert {one.actor_id for one in replayed() if one.rule == "R8"} == {desk.pk}


def test_r9_finds_more_than_fifty_charts_in_an_hour_and_slows_at_twice_as_many(desk):
    other = cast.staff("receptionist")
    rows = explained(*cast.patients(101))
    opens(desk, rows[:51], every=0.01)
    opens(other, rows, every=0.01)
    found = {one.actor_id: one.response for one in watched() if one.rule == "R9"}
    assert found == {desk.pk: "alert", other.pk: "throttle"}
    other.refresh_from_db()
    assert other.slowed_until > timezone.now()


def test_r9_slows_who_opens_more_than_four_hundred_charts_a_day_however_few_in_an_hour():
    def found(count):
        who, every = new_id(), timedelta(seconds=100)
        day = [
            Access(new_id(), new_id(), who, new_id(), NOON + every * number, "receptionist", "role")
            for number in range(count)
        ]
        batch = SimpleNamespace(
            accesses=day, events=day[:1], history=lambda *_: {who: day}, usual=lambda *_, **__: 0.0
        )
        (finding,) = volume.volume(batch, rules["R9"])
        return str(finding.response), finding.count

    assert found(210) == ("alert", 210)
    assert found(405) == ("throttle", 405)


def test_fifty_explained_charts_in_an_hour_are_a_days_work(desk):
    opens(desk, explained(*cast.patients(50)), every=60, ends=NOON)
    assert loud(replayed()) <= {"R12"}


def test_r10_finds_ten_unexplained_charts_in_ninety_days_and_not_nine(desk):
    other = cast.staff("receptionist")
    opens(desk, cast.patients(10), every=8 * 86400, ends=NOON)
    opens(other, cast.patients(9), every=8 * 86400, ends=NOON)
    assert {one.actor_id for one in replayed() if one.rule == "R10"} == {desk.pk}


def test_r11_finds_twenty_searches_by_name_in_ten_minutes(desk):
    for second in range(20):
        at = NOON + timedelta(seconds=20 * second)
        event(desk, action="patients.search.made", basis="", fields=["name"], at=at)
    assert "R11" in loud(replayed())


def test_r11_finds_fifteen_charts_of_seconds_each(desk):
    opens(desk, explained(*cast.patients(15)), every=4, ends=NOON)
    assert "R11" in loud(replayed())


def test_r12_finds_ten_numbers_in_a_row_and_ends_the_sessions(desk):
    rows = explained(*cast.patients(10))
    opens(cast.staff("receptionist"), rows[::-1], every=0.01)
    assert "R12" not in loud(watched())
    opens(desk, rows, every=0.01)
    assert "R12" in loud(watched())
    desk.refresh_from_db()
    assert desk.sessions_from is not None


def test_r13_finds_three_refusals_in_ten_minutes_and_one_clinical_page_of_finance(desk):
    clerk = cast.staff("finance")
    for minutes in range(3):
        at = NOON + timedelta(minutes=minutes)
        event(desk, action="security.access.hidden", outcome="refused", basis="", at=at)
    refused = {
        "action": "security.access.refused",
        "outcome": "refused",
        "basis": "",
        "role": "finance",
    }
    event(clerk, cast.patient(), fields=["clinical.read"], at=NOON, **refused)
    assert {one.actor_id for one in replayed() if one.rule == "R13"} == {desk.pk, clerk.pk}


@pytest.mark.parametrize(
    ("rows", "purpose", "times", "is_found"),
    [
        (101, "HOPERAT", 1, True),
        (9, "HMARKT", 1, True),
        (9, "HOPERAT", 2, True),
        (100, "HOPERAT", 1, False),
    ],
)
def test_r14_finds_large_outside_and_repeated_exports(desk, rows, purpose, times, is_found):
    for hour in range(times):
        at = NOON + timedelta(hours=hour)
        event(
            desk,
            action="security.export.prepared",
            basis="",
            counts={"rows": rows},
            purpose=purpose,
            at=at,
        )
    assert ("R14" in loud(replayed())) is is_found


def test_r15_asks_for_a_factor_where_a_new_browser_opens_what_nothing_explains(desk):
    rows = explained(*cast.patients(2))
    event(desk, rows[0], device_ref="old", at=timezone.now() - timedelta(days=3))
    event(desk, cast.patient(), device_ref="new")
    found = [one for one in watched() if one.rule == "R15"]
    assert not found or found[0].response == "step_up"
    assert [one.rule for one in replayed() if one.rule == "R15"] == ["R15"]
    desk.refresh_from_db()
    assert desk.fresh_factor_from is not None


def test_r16_finds_three_emergencies_in_a_week(desk):
    for days in range(3):
        at = NOON - timedelta(days=days)
        event(desk, cast.patient(), action="patients.glass.opened", basis="", at=at)
    assert "R16" in loud(replayed())


def test_r16_finds_the_same_reason_given_again():
    doctor = cast.staff("physician")
    with cast.acting(doctor) as here:
        here.session_bond = "a" * 64
        for name in "AB":
            emergencies.break_glass(
                patient_id=cast.patient(given=name).pk, code="urgent", reason="Found on the floor",
                lasts=timedelta(minutes=30), by=doctor,
            )  # fmt: skip
    assert "R16" in loud(watched())


def test_r12_finds_unexplained_numbers_in_a_row_downwards(desk):
    opens(desk, cast.patients(10)[::-1], every=0.01)
    assert "R12" in loud(watched())


@pytest.mark.parametrize(
    "action",
    [
        "audit.rule.switched_off",
        "audit.rule.changed",
        "audit.companion.remembered",
        "audit.report_schedule.changed",
    ],
)
def test_r17_finds_who_changes_the_rules(desk, action):
    event(desk, action=action, basis="", at=NOON)
    assert "R17" in loud(replayed())


def test_r18_asks_for_a_factor_when_a_sleeping_account_opens_charts(desk):
    rows = explained(*cast.patients(2))
    event(desk, rows[0], at=timezone.now() - timedelta(days=46))
    event(
        desk,
        action="security.session.signed_in",
        basis="",
        at=timezone.now() - timedelta(minutes=9),
    )
    event(desk, rows[1])
    assert [one.response for one in watched() if one.rule == "R18"] == ["step_up"]


def test_r19_finds_who_opens_more_after_the_last_day_was_set(desk):
    rows = explained(*cast.patients(40))
    for week in range(2, 9):
        opens(desk, rows[:5], ends=NOON - timedelta(weeks=week))
    users.end_on(user=desk, day=timezone.localdate() + timedelta(days=9), by=None)
    opens(desk, rows[5:], every=0.01, ends=timezone.now() + timedelta(seconds=1))
    assert "R19" in loud(replayed())


def test_r20_finds_nine_colleagues_at_one_record_and_not_eight(desk):
    one, other = cast.patient(), cast.patient(given="Other")
    crowd = [cast.staff("receptionist", name=f"Nr {number}") for number in range(9)]
    for place, user in enumerate(crowd):
        event(user, one, at=NOON + timedelta(hours=place))
    for user in crowd[:8]:
        event(user, other, at=NOON)
    (alert,) = [row for row in replayed() if row.rule == "R20"]
    assert alert.subjects == [one.pk]
    assert len(alert.events) == 9
    assert alert.actor_id is None


def test_no_alert_holds_a_name_or_an_address(desk):
    row = cast.patient(family="Quarrington", given="Zebediah")
    event(desk, row, at=NOON)
    assert "R2" in loud(replayed())
    text = str(
        list(Alert.objects.values_list("rule", "subjects", "events", "dedupe_key", "response"))
    )
    assert str(row.pk) in text
    assert "Quarrington" not in text
    assert "Zebediah" not in text


def test_what_rules_open_to_compare_is_no_read(desk, system):
    event(desk, cast.patient(family="Quarrington"), at=NOON)
    system.reads.clear()
    replayed()
    assert not any(system.reads.values())
