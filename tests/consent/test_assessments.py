"""Impact assessments: questions, risks, a second person, three years, versions, paper."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import Event
from consent.models import ImpactAssessment
from consent.queries import assessments as queries
from consent.services import assessments
from tests import world
from tests.consent.conftest import answers, asked, assessed, risk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def draft(register, officer):
    row = assessments.begin(purpose_id=register["research"].pk, by=officer)
    return assessments.write(
        assessment_id=row.pk, version=1, content=answers(), risks=[risk(), risk()], by=officer
    )


def write(row, by, risks=(), version=None, **other):
    return assessments.write(
        assessment_id=row.pk, version=version or row.version, content=answers() | other,
        risks=risks or [risk()], by=by,
    )  # fmt: skip


def test_a_second_person_signs_and_none_of_the_authors(draft, officer, second):
    with pytest.raises(assessments.OwnWork):
        assessments.sign(assessment_id=draft.pk, version=2, by=officer)
    row = write(draft, second)
    with pytest.raises(assessments.OwnWork):
        assessments.sign(assessment_id=row.pk, version=3, by=second)
    third = world.person("compliance_officer", name="Third")
    signed = assessments.sign(assessment_id=row.pk, version=3, by=third)
    assert signed.signed_by == third
    assert signed.keep_until == assessments.years_after(timezone.localdate(), 3)
    assert Event.objects.filter(action="consent.assessment.signed").count() == 1
    with pytest.raises(assessments.Signed):
        write(signed, officer)


def test_nobody_signs_what_they_did_not_read(draft, second, officer):
    write(draft, officer)
    with pytest.raises(assessments.Conflict):
        assessments.sign(assessment_id=draft.pk, version=2, by=second)
    with pytest.raises(assessments.Conflict):
        write(draft, officer, version=2)


@pytest.mark.parametrize(
    ("other", "risks", "sentence"),
    [
        ({"answers": {"description": "Only this."}}, [risk()], "Not answered yet"),
        ({"conclusion": ""}, [risk()], "no conclusion"),
        ({}, [risk(likelihood_after=4, severity_after=4)], "A high risk is left (16 of 25)"),
        ({"review_on": None}, [risk()], "a day after today"),
    ],
)
def test_what_is_missing_keeps_it_from_the_sign_off(draft, officer, second, other, risks, sentence):
    row = write(draft, officer, risks, **other)
    with pytest.raises(
        assessments.Incomplete, match=sentence.replace("(", r"\(").replace(")", r"\)")
    ):
        assessments.sign(assessment_id=row.pk, version=row.version, by=second)


def test_an_assessment_without_a_risk_has_not_looked_for_one(register, officer, second):
    row = assessments.begin(purpose_id=register["research"].pk, by=officer)
    row = assessments.write(
        assessment_id=row.pk, version=1, content=answers(), risks=[], by=officer
    )
    with pytest.raises(assessments.Incomplete, match="No risk is named"):
        assessments.sign(assessment_id=row.pk, version=2, by=second)


def test_a_high_risk_is_borne_once_the_authority_was_asked(draft, officer, second):
    row = write(
        draft, officer, [risk(likelihood_after=5, severity_after=5)], conclusion="consulted"
    )
    assert assessments.sign(assessment_id=row.pk, version=row.version, by=second).signed_at


@pytest.mark.parametrize("days", [-1, 0, 3 * 365 + 1])
def test_a_review_is_after_today_and_within_three_years(draft, officer, days):
    with pytest.raises(assessments.WrongDay):
        write(draft, officer, review_on=timezone.localdate() + timedelta(days=days))


def test_a_signed_assessment_and_its_risks_never_change_and_stay_three_years(
    register, officer, second
):
    row = assessed(register["research"], officer, second)
    one = row.risks.get()
    changes = (
        lambda: ImpactAssessment.objects.filter(pk=row.pk).update(conclusion="stop"),
        lambda: ImpactAssessment.objects.filter(pk=row.pk).update(keep_until=date(2020, 1, 1)),
        row.delete,
        lambda: row.risks.filter(pk=one.pk).update(severity=1),
        one.delete,
        lambda: row.risks.create(place=2, **risk()),
    )
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert row.risks.count() == 1


def test_a_new_version_begins_with_what_the_one_before_said_and_supersedes_it(
    register, officer, second
):
    first = assessed(register["research"], officer, second)
    row = assessments.begin(purpose_id=register["research"].pk, by=officer)
    with pytest.raises(assessments.UnderWay):
        assessments.begin(purpose_id=register["research"].pk, by=second)
    assert (row.number, row.answers, row.risks.count()) == (2, first.answers, 1)
    row = write(row, officer)
    assessments.sign(assessment_id=row.pk, version=row.version, by=second)
    first.refresh_from_db()
    assert first.superseded_at


def test_the_29th_of_february_comes_again_on_the_1st_of_march():
    assert assessments.years_after(date(2028, 2, 29), 3) == date(2031, 3, 1)
    assert assessments.years_after(date(2026, 11, 24), 3) == date(2029, 11, 24)


def test_the_desk_tells_of_a_review_a_month_before(register, officer, second):
    row = assessments.begin(purpose_id=register["research"].pk, by=officer)
    row = write(row, officer, review_on=timezone.localdate() + timedelta(days=20))
    assert queries.due_count() == 0
    assessments.sign(assessment_id=row.pk, version=row.version, by=second)
    assert queries.due_count() == 1
    browser = world.signed_in(officer, world.factor_of(officer))
    assert "1 to look at" in browser.get("/consent/", secure=True).content.decode()


def test_the_list_is_flat(register, officer, second):
    assessed(register["research"], officer, second)
    one = asked(queries.listed)
    for key in ("teaching", "sharing", "abroad"):
        assessments.begin(purpose_id=register[key].pk, by=officer)
    assert asked(queries.listed) == one
    assert len(queries.listed()) == 4


def test_written_by_its_form_signed_by_another_and_printed_in_both_languages(
    register, officer, second
):
    one, other = (world.signed_in(who, world.factor_of(who)) for who in (officer, second))
    begin = f"/consent/purposes/{register['research'].pk}/assess/"
    write_url = one.post(begin, secure=True).url
    url = write_url.removesuffix("write/")
    said = answers()
    form = {
        "version": 1, "triggers": said["triggers"], "conclusion": "go", "review_on": said["review_on"].isoformat(),
        **{f"answer_{key}": text for key, text in said["answers"].items()},
        "risk-TOTAL_FORMS": 2, "risk-INITIAL_FORMS": 0,
        **{f"risk-0-{name}": value for name, value in risk().items()},
        **{f"risk-1-{name}": value for name, value in risk(risk="").items()},
    }  # fmt: skip
    long = form | {"answer_impact": "x" * 10_000}
    assert one.post(write_url, long, secure=True).status_code == 422
    past = one.post(write_url, form | {"review_on": "2020-01-01"}, secure=True)
    assert past.status_code == 422
    assert "past" in past.content.decode()
    assert one.post(write_url, form | {"risk-0-severity": 9}, secure=True).status_code == 422
    assert one.post(write_url, form, secure=True).url == url
    again = other.post(write_url, form | {"answer_impact": "Theirs"}, secure=True)
    assert again.status_code == 409
    assert "Theirs" in again.content.decode()
    row = ImpactAssessment.objects.get()
    assert row.risks.count() == 1
    one.post(f"{url}sign/", {"version": 2}, secure=True)
    row.refresh_from_db()
    assert row.signed_at is None
    assert Event.objects.filter(action="consent.change.refused").count() == 2
    other.post(f"{url}sign/", {"version": 2}, secure=True)
    row.refresh_from_db()
    assert row.signed_by == second
    for language in ("en", "zh"):
        paper = one.get(f"{url}pdf/{language}/", secure=True)
        assert paper.content[:5] == b"%PDF-"
    assert one.get(f"{url}pdf/fr/", secure=True).status_code == 404
    assert Event.objects.filter(action="consent.assessment.downloaded").count() == 2
    page = one.get(url, secure=True).content.decode()
    assert "Somebody reads it" in page
    assert "3 × 4 = 12" in page
