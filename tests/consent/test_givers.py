"""Who decides: the person, a guardian until the ward is of age, a representative, relatives of the deceased."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from consent.models import Consent, State
from consent.queries import givers
from consent.queries.standing import may
from consent.services import endings
from consent.services.acts import NotTaken
from patients.models import Relation
from patients.queries import guardians
from security.models import ClinicProfile, Unit
from tests.consent import asking
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
NOON = datetime(2027, 6, 1, 12, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def desk():
    return cast.staff("receptionist")


def rule_of(deed, *args, **more):
    with pytest.raises(NotTaken) as refusal:
        deed(*args, **more)
    return refusal.value.rule


def born(years, *, days=0):
    """Return the birth date of somebody who turns so old so many days after the day of these tests."""
    day = NOON.date() + timedelta(days)
    return day.replace(year=day.year - years)


@pytest.mark.parametrize("age", [14, 18])
def test_a_guardian_agrees_until_the_day_on_which_the_ward_is_of_age(desk, age):
    unit = Unit.objects.create(name="Clinic", kind=Unit.Kind.CLINIC)
    ClinicProfile.objects.create(
        unit=unit, name="Clinic", laws=["pipl"], languages=["en"], time_zone="UTC", guardian_age=age
    )
    ward = cast.patient(birth_on=born(age, days=1))
    mother = asking.relative(ward, is_guardian=True)
    words = asking.words()
    said = {"capacity": "guardian", "relation_id": mother.pk}
    with time_machine.travel(NOON, tick=False):
        assert rule_of(asking.grant, ward, words, by=desk) == "ward"
        row = asking.grant(ward, words, by=desk, **said).consent
        assert row.until == givers.comes_of_age_at(ward)
        assert row.events.get().giver == "Anna Muster"
        assert Consent.objects.in_force().exists()
    with time_machine.travel(NOON + timedelta(1), tick=False):
        # Nobody had to do anything for it.
        assert not Consent.objects.in_force().exists()
        assert rule_of(asking.grant, ward, words, by=desk, **said) == "of_age"
        assert rule_of(asking.withdraw, row, by=desk, **said) == "of_age"
        assert endings.end_all() == (1, 0)
        row.refresh_from_db()
        assert (row.state, row.ask_from) == (State.EXPIRED, None)
        assert asking.grant(ward, words, by=desk).consent.state == State.GRANTED


def test_a_corrected_birth_date_ends_what_a_guardian_agreed_to(desk):
    ward = cast.patient(birth_on=timezone.localdate() - timedelta(365 * 5))
    mother = asking.relative(ward, is_guardian=True)
    row = asking.grant(
        ward, asking.words(), by=desk, capacity="guardian", relation_id=mother.pk
    ).consent
    assert endings.end_all() == (0, 0)
    ward.birth_on = timezone.localdate() - timedelta(365 * 30)
    ward.advance()
    ward.save()
    assert endings.end_all() == (1, 0)
    assert row.events.latest("given_at").reason == endings.OF_AGE


def test_a_ward_may_refuse_and_withdraw_alone(desk):
    ward = cast.patient(birth_on=timezone.localdate() - timedelta(365 * 9))
    mother = asking.relative(ward, is_guardian=True)
    words = asking.words()
    row = asking.grant(ward, words, by=desk, capacity="guardian", relation_id=mother.pk).consent
    assert asking.withdraw(row, by=desk).consent.state == State.WITHDRAWN
    assert asking.decline(ward, asking.words(), by=desk).is_effective


@pytest.mark.parametrize(
    "more",
    [
        {"is_guardian": True, "ends_on": date(2020, 1, 1)},
        {"is_guardian": True, "starts_on": date(2090, 1, 1)},
        {"is_guardian": False},
    ],
)
def test_only_a_relation_in_force_that_says_so_makes_a_guardian(desk, more):
    ward = cast.patient(birth_on=timezone.localdate() - timedelta(365 * 5))
    row = asking.relative(ward, **more)
    said = {"capacity": "guardian", "relation_id": row.pk}
    assert rule_of(asking.grant, ward, asking.words(), by=desk, **said) == "giver"


def test_a_guardian_of_somebody_else_is_none(desk):
    ward, other = (cast.patient(birth_on=timezone.localdate() - timedelta(800)) for _ in "ab")
    theirs = asking.relative(other, is_guardian=True)
    said = {"capacity": "guardian", "relation_id": theirs.pk}
    assert rule_of(asking.grant, ward, asking.words(), by=desk, **said) == "giver"


def test_a_representative_decides_with_proof(desk):
    mia = cast.patient()
    row = asking.relative(mia, is_legal_representative=True)
    words, said = asking.words(), {"capacity": "representative"}
    assert rule_of(asking.grant, mia, words, by=desk, relation_id=row.pk, **said) == "proof"
    proof = "Power of attorney, seen by the desk"
    event = asking.grant(mia, words, by=desk, relation_id=row.pk, proof=proof, **said).event
    assert (event.giver, event.proof) == ("Anna Muster", proof)
    other = asking.grant(mia, asking.words(), by=desk, giver="Bo Lind", proof=proof, **said).event
    assert other.giver == "Bo Lind"


def test_close_relatives_decide_for_the_deceased_who_did_not_refuse(desk):
    mia, words, refused = cast.patient(), asking.words(), asking.words()
    asking.decline(mia, refused, by=desk)
    mia.deceased = True
    mia.advance()
    mia.save()
    wife, friend = (
        asking.relative(mia, Relation.Kind.SPOUSE),
        asking.relative(mia, Relation.Kind.FRIEND),
    )
    said = {"capacity": "relative", "proof": "Marriage certificate"}
    assert rule_of(asking.grant, mia, words, by=desk) == "deceased"
    assert rule_of(asking.grant, mia, words, by=desk, relation_id=friend.pk, **said) == "giver"
    assert (
        rule_of(asking.grant, mia, words, by=desk, capacity="relative", relation_id=wife.pk)
        == "proof"
    )
    assert asking.grant(mia, words, by=desk, relation_id=wife.pk, **said).is_effective
    said |= {"own_initiative": True}
    about = {"capacity": "representative", "giver": "Bo Lind", "proof": "A paper"}
    about |= {"own_initiative": True}
    assert rule_of(asking.grant, mia, refused, by=desk, **about) == "deceased_refused"
    # Nor by refusing once more first.
    asking.decline(mia, refused, by=desk, relation_id=wife.pk, **said)
    assert (
        rule_of(asking.grant, mia, refused, by=desk, relation_id=wife.pk, **said)
        == "deceased_refused"
    )


def test_whoever_was_born_on_a_leap_day_is_of_age_when_march_begins():
    ward = cast.patient(birth_on=date(2016, 2, 29))
    assert timezone.localdate(givers.comes_of_age_at(ward)) == date(2030, 3, 1)


def test_who_decides_is_listed_with_the_usual_one_first(desk):
    ward = cast.patient(birth_on=timezone.localdate() - timedelta(365 * 5))
    asking.relative(ward, is_guardian=True)
    assert [one.capacity for one in givers.of(ward)] == ["guardian", "self", "representative"]
    assert [one.capacity for one in givers.of(cast.patient())] == ["self", "representative"]


def test_what_a_ward_said_does_not_count_because_it_is_entered_after_the_birthday(desk):
    ward = cast.patient(birth_on=born(14, days=1))
    said = {"method": "verbal", "witness": cast.staff("nurse"), "reason": "entered late"}
    with time_machine.travel(NOON, tick=False):
        words = asking.words()
    with time_machine.travel(NOON + timedelta(2), tick=False):
        late = NOON + timedelta(hours=1)
        assert rule_of(asking.grant, ward, words, by=desk, given_at=late, **said) == "ward"


def test_whoever_became_a_representative_later_did_not_decide_before(desk):
    mia = cast.patient(birth_on=born(40))
    with time_machine.travel(NOON, tick=False):
        words = asking.words()
    friend = asking.relative(
        mia, is_legal_representative=True, starts_on=NOON.date() + timedelta(1)
    )
    said = {
        "method": "verbal", "witness": cast.staff("nurse"), "reason": "entered late", "proof": "A paper",
        "capacity": "representative", "relation_id": friend.pk,
    }  # fmt: skip
    with time_machine.travel(NOON + timedelta(2), tick=False):
        late = NOON + timedelta(hours=1)
        assert rule_of(asking.grant, mia, words, by=desk, given_at=late, **said) == "giver"
        assert asking.grant(mia, words, by=desk, **said).is_effective


def test_a_child_of_whom_the_year_alone_is_known_is_a_ward_until_that_year_is_over():
    child = cast.patient(birth_on=date(2013, 1, 1), birth_precision="year")
    assert givers.is_ward(child, date(2027, 12, 30))
    assert not givers.is_ward(child, date(2027, 12, 31))


def test_what_somebody_allowed_ends_with_the_death(desk):
    mia = cast.patient(birth_on=born(40))
    row = asking.grant(mia, asking.words(), by=desk).consent
    mia.deceased = True
    mia.advance()
    mia.save()
    assert endings.end_all() == (1, 0)
    row.refresh_from_db()
    assert (row.state, row.events.latest("given_at").reason) == (State.EXPIRED, endings.DIED)


def test_the_age_is_the_clinics_for_every_question_about_a_child(desk):
    ward = cast.patient(birth_on=timezone.localdate() - timedelta(365 * 16))
    row = asking.grant(ward, asking.words(), by=desk).consent
    assert may(ward, row.purpose.key).allowed
    unit = Unit.objects.create(name="Clinic", kind=Unit.Kind.CLINIC)
    ClinicProfile.objects.create(
        unit=unit, name="Clinic", laws=["pipl"], languages=["en"], time_zone="UTC", guardian_age=18
    )
    assert guardians.is_missing(ward)
    assert "too young" in str(may(ward, row.purpose.key).reason)
    assert endings.end_all() == (1, 0)
