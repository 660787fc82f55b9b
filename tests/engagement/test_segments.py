"""Segments: described, never listed; what is sealed is compared; the record is opened for whom allowed it alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from engagement import criteria
from engagement.forms.segments import Describe, initial_of
from engagement.models import Appointment, Segment, Service
from engagement.queries import people_of
from engagement.queries.segment_words import described
from engagement.services import campaigns, previews, segments
from patients.models import CareRelationship, Condition, Encounter, Patient
from security import context
from tests import consenting, world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
TODAY = timezone.localdate()
ASKED = {"hipaa": "authorisation", "gdpr": "consent", "pipl": "separate"}


@pytest.fixture
def author(system):
    return world.person("engagement", name="Author")


@pytest.fixture
def officer(system):
    return world.person("compliance_officer", name="Officer")


def years_ago(years):
    return TODAY - timedelta(days=365 * years + 40)


@pytest.fixture
def three(system):
    """An old woman in Shanghai, a young man in Bonn, somebody of whom little is known."""
    rows = [
        Patient(
            names=[{"text": "A"}], birth_on=years_ago(70), sex="female", language="zh-CN",
            addresses=[{"city": "上海市", "postalCode": "200030"}],
        ),
        Patient(
            names=[{"text": "B"}], birth_on=years_ago(20), sex="male", language="en",
            addresses=[{"city": "Bonn", "postalCode": "53111"}, {"city": "上海市", "use": "old"}],
        ),
        Patient(names=[{"text": "C"}]),
    ]  # fmt: skip
    return Patient.objects.bulk_create(rows)


def found(tree, **fields):
    row = Segment(criteria=tree, **fields)
    return [one for batch in people_of.batches(row) for one in batch]


def leaf(facet, **said):
    return {"facet": facet, **said}


def picked(people, tree):
    ids = [one.pk for one in people]
    return "".join("ABC"[ids.index(one)] for one in found(tree))


def test_each_facet_finds_whom_it_describes(three):
    a, b, c = three
    doctor = world.person("physician", name="Doctor")
    Encounter.objects.create(patient=a, occurred_at=timezone.now() - timedelta(days=3))
    Patient._base_manager.filter(pk=c.pk).update(created_at=timezone.now() - timedelta(days=9))
    service = Service.objects.create(name="Visit")
    for who, state, day in ((b, "cancelled", -2), (c, "booked", 2)):
        at = timezone.now() + timedelta(days=day)
        Appointment(
            patient=who, service=service, clinician=doctor, starts_at=at, state=state,
            ends_at=at + timedelta(minutes=30),
        ).save()  # fmt: skip
    cast.care(doctor, b, source=CareRelationship.Source.RESPONSIBLE)
    cases = [
        ({"all": []}, "ABC"),
        ({"all": [leaf("age", **{"from": 65})]}, "A"),
        ({"all": [leaf("age", to=30)]}, "B"),
        ({"not": leaf("age", to=30)}, "AC"),
        ({"any": [leaf("sex", **{"in": ["male"]}), leaf("language", **{"in": ["zh"]})]}, "AB"),
        ({"all": [leaf("sex", **{"in": ["unknown"]})]}, "C"),
        ({"all": [leaf("city", starts=["上海"])]}, "A"),
        ({"all": [leaf("city", starts=["ＢＯ"])]}, "B"),
        ({"all": [leaf("postcode", starts=["531", "2000"])]}, "AB"),
        ({"all": [leaf("visited", within=30)]}, "A"),
        ({"all": [leaf("visited", not_within=30)]}, "BC"),
        ({"any": [leaf("visited", within=30), leaf("age", to=30)]}, "AB"),
        ({"all": [leaf("registered", before=1)]}, "C"),
        ({"all": [leaf("appointment", states=["cancelled"], past=9)]}, "B"),
        ({"all": [leaf("appointment", ahead=9)]}, "C"),
        ({"all": [leaf("clinician", **{"in": [str(doctor.pk)]}), leaf("age", **{"from": 1})]}, "B"),
    ]
    assert [picked(three, tree) for tree, _letters in cases] == [
        letters for _tree, letters in cases
    ]


@pytest.mark.parametrize(
    "tree",
    [
        None, [], {"facet": "names", "in": ["x"]}, {"facet": "age"}, {"facet": "age", "from": "1"},
        {"facet": "sex", "in": ["x"]}, {"facet": "sex", "in": []}, {"all": [], "any": []},
        {"all": [{"any": []}]}, {"facet": "unit", "in": ["1; DROP"]}, {"facet": "age", "pk__in": []},
        {"facet": "age", "from": True}, {"facet": "city", "starts": ["x" * 61]},
        {"not": {"not": {"not": {"not": {"facet": "age", "to": 3}}}}},
        {"all": [{"facet": "age", "to": 3}] * 41}, {"facet": {"a": 1}, "in": []},
    ],
)  # fmt: skip
def test_what_is_not_part_of_the_language_is_refused(tree):
    with pytest.raises(criteria.Unreadable):
        criteria.check(tree)


def test_a_record_that_does_not_open_is_in_no_segment(three):
    cast.break_seal(three[0])
    assert picked(three, {"not": leaf("age", to=30)}) == "C"


@pytest.fixture
def clinical(three, author):
    """A segment of people with asthma, of whom one allowed that the record is looked at."""
    education = consenting.purpose("education", grounds=ASKED, categories=["clinical"])
    for who in three[:2]:
        Condition.objects.create(patient=who, code_text="Asthma", verification="confirmed")
    consenting.allow(three[0], of=education, channel="")
    tree = {"all": [leaf("condition", starts=["asth"])]}
    return segments.add(name="Asthma", tree=tree, authorisation="education", by=author)


def test_a_clinical_segment_needs_an_authorisation_and_a_second_person(
    three, clinical, author, officer
):
    tree = clinical.criteria
    with pytest.raises(segments.Unfit):
        segments.add(name="No purpose", tree=tree, by=author)
    with pytest.raises(segments.NotOpen):
        previews.of_segment(segment=clinical, lane="tips", channel="email", by=author)
    sha256 = segments.digest(clinical)
    with pytest.raises(segments.OwnWork):
        segments.approve(segment_id=clinical.pk, sha256=sha256, by=author)
    row = segments.approve(segment_id=clinical.pk, sha256=sha256, by=officer)
    assert segments.holds(row)
    before = dict(context.current().reads)
    assert found(row.criteria, authorisation=row.authorisation) == [three[0].pk]
    assert context.current().reads == before
    copied = segments.copy(segment_id=row.pk, by=author)
    assert not segments.holds(copied)
    changed = segments.change(
        segment_id=row.pk, version=row.version, name="Asthma", tree={"all": [tree["all"][0]] * 2},
        authorisation="education", by=author,
    )  # fmt: skip
    assert not segments.holds(changed)
    assert changed not in campaigns.usable_segments()


def test_nobody_who_did_not_allow_it_is_looked_at_even_by_the_opposite(three, clinical):
    tree = {"all": [{"not": clinical.criteria["all"][0]}]}
    assert found(tree, authorisation=clinical.authorisation) == []


def test_the_builder_says_what_the_tree_says_and_back(author, system):
    consenting.purpose("education", grounds=ASKED, categories=["clinical"])
    sent = {
        "name": "Winter", "match": "any", "age_from": "65", "sex": ["female"], "city": "上海，Bonn",
        "visited_not_within": "180", "condition": "J45", "authorisation": "education",
    }  # fmt: skip
    form = Describe(sent)
    assert form.is_valid(), form.errors
    row = segments.add(name="Winter", tree=form.tree(), authorisation="education", by=author)
    assert row.criteria["any"][0] == leaf("age", **{"from": 65})
    assert described(row)[2] == "Town begins with: 上海, Bonn"
    again = Describe(initial_of(row) | {"name": "Winter"})
    assert again.is_valid()
    assert again.tree() == row.criteria
    assert "authorisation" in Describe(sent | {"authorisation": ""}).errors
