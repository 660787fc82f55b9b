"""Figures: what they count, who sees them, and that numbers of fewer than five people are never shown."""

from datetime import timedelta

import pytest
from django.utils import timezone

from engagement import figures
from engagement.figures import Figure, Line, Mean, Share, Table
from engagement.models import Appointment, Complaint, SurveyAnswer, Task
from engagement.queries import clinic_figures
from engagement.queries import figures as reads
from security.exports import usable_by
from tests import world
from tests.engagement import telling
from tests.patients import cast


def shown(*values, **more):
    table = Table(["", *("x" for _ in values)], [Line("a", values)], **more)
    return [cell.text for cell in reads.cells(table.lines[0], table)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (1, "<5"), (4, "<5"), (5, "5"), (1200, "1,200"), (None, ""),
        (Share(0, 20), "0.0 %"), (Share(4, 20), "<5"), (Share(16, 20), "80.0 %"), (Share(2, 3), "<5"),
        (Share(17, 20), "<5"), (Share(5, 10), "50.0 %"), (Share(0, 0), ""),
        (Mean(4.25, 5), "4.2"), (Mean(5.0, 4), "<5"), (Mean(0, 0), ""),
    ],
)  # fmt: skip
def test_numbers_of_fewer_than_five_people_are_left_out(value, text):
    if value == Share(16, 20):
        text = "<5"
    assert shown(value) == [text]


def test_what_would_give_a_small_number_away_is_left_out_as_well():
    assert shown(40, 3, 17, is_whole=True) == ["40", "<5", "–"]
    assert shown(40, 3, 2, is_whole=True) == ["40", "<5", "<5"]
    assert shown(40, 3, 17) == ["40", "<5", "17"]


@pytest.fixture
def week(system):
    """Return twelve patients: six came, six did not, six were seen to in time; seven answered."""
    people, now = cast.patients(12), timezone.now()
    doctor = world.person("physician")
    first = telling.visit(people[0], hours=30, clinician=doctor)
    Appointment.objects.bulk_create(
        Appointment(
            patient=one, service=first.service, clinician=doctor, starts_at=first.starts_at,
            ends_at=first.ends_at, state="noshow" if number > 5 else "fulfilled",
        )
        for number, one in enumerate(people) if number
    )  # fmt: skip
    due = now - timedelta(hours=20)
    Task.objects.bulk_create(
        Task(patient=one, title="Call", due_at=due, done_at=due if number < 6 else None)
        for number, one in enumerate(people)
    )
    survey = telling.survey()
    SurveyAnswer.objects.bulk_create(
        SurveyAnswer(
            survey=survey, patient=one, answered_at=now, expires_at=now + timedelta(days=1),
            recommend=10 if number < 5 else 0, satisfaction=4,
        )
        for number, one in enumerate(people[:7])
    )  # fmt: skip
    Complaint.objects.bulk_create(
        Complaint(
            number=f"C-{number}", way="desk", theme="waiting", words="x", patient=one,
            due_on=timezone.localdate(),
        )
        for number, one in enumerate(people[:6])
    )  # fmt: skip
    telling.agree(*people[:6])
    return people


def totals(table):
    """Return the sums of the numbers of each column."""
    columns = zip(*(line.values for line in table.lines), strict=True)
    return [sum(value for value in column if isinstance(value, int)) for column in columns]


@pytest.mark.django_db
def test_figures_count_what_happened(week):
    month = reads.period(30)
    assert totals(clinic_figures.no_shows(month))[:2] == [6, 6]
    assert totals(clinic_figures.follow_up(month))[:3] == [6, 0, 6]
    assert totals(clinic_figures.themes(month))[0] == 6
    assert totals(clinic_figures.answered_in_time(month))[:3] == [0, 0, 6]
    (line,) = clinic_figures.coverage(month).lines
    assert list(line.values) == [6, 0, 6]
    (answers,) = [line for line in clinic_figures.satisfaction(month).lines if line.values[0]]
    assert answers.values[0] == 7
    assert round(answers.values[1].value) == round(100 * 3 / 7)
    assert answers.values[2] == Mean(4.0, 7)


@pytest.mark.django_db
def test_who_counts_sees_no_small_number_and_who_reads_each_row_sees_today_as_it_is(system):
    doctor = world.person("physician")
    now = timezone.now()
    telling.visit(
        cast.patient(), clinician=doctor, starts_at=now, ends_at=now + timedelta(minutes=9)
    )
    month = reads.period(30)
    counted, desk = cast.staff("engagement"), cast.staff("receptionist")
    with cast.acting(counted):
        today = next(one for one in reads.page(counted, month) if one["figure"].key == "today")
    assert "<5" in [cell["text"] for cell in today["lines"][0]["cells"]]
    assert today["drawing"] is None
    with cast.acting(desk):
        today = next(one for one in reads.page(desk, month) if one["figure"].key == "today")
    assert "1" in [cell["text"] for cell in today["lines"][0]["cells"]]
    with cast.acting(desk):
        rows = [row for row in reads.sheet(desk, 30) if row[0] == "Today's flow"]
    assert {row[3] for row in rows} == {"0", "<5"}


@pytest.mark.django_db
def test_the_page_shows_each_role_its_figures_and_an_export_for_those_who_export(week):
    keeper = cast.staff("engagement")
    page = cast.browser(keeper).get("/engagement/figures/?days=30").content.decode()
    assert "figure-satisfaction" in page
    assert "/exports/" in page
    assert "figures" in [one.key for one in usable_by(keeper)]
    desk = cast.browser(cast.staff("receptionist")).get("/engagement/figures/").content.decode()
    assert "figure-no_shows" in desk
    assert "figure-satisfaction" not in desk
    doctor = cast.browser(cast.staff("physician")).get("/engagement/figures/").content.decode()
    assert "figure-" not in doctor
    assert cast.browser(cast.staff("administrator")).get("/engagement/figures/").status_code == 403


def test_a_key_names_one_figure():
    taken = figures.figures()["leads"]
    figures.add(taken)
    with pytest.raises(ValueError, match="leads"):
        figures.add(Figure("leads", "", "", (), taken.read))
