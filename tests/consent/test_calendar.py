"""The calendar of working days: edited, read in, followed by open requests and by reviews."""

from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit import working_days
from audit.models import Event
from consent import holidays
from consent.models import CalendarDay
from consent.queries import calendar
from consent.services import calendars
from tests import world
from tests.consent import requesting as asking

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def test_the_announced_days_count_until_the_clinic_has_its_own():
    asking.clinic("pipl")
    officer = asking.officer()
    days = working_days.days()
    assert not days.is_working(date(2026, 10, 7))
    assert days.is_working(date(2026, 10, 10))
    calendars.add(day=date(2026, 10, 9), kind="holiday", name="Fair", name_zh="展会", by=officer)
    days = working_days.days()
    assert days.is_working(date(2026, 10, 7))
    assert not days.is_working(date(2026, 10, 9))
    assert not days.is_working(date(2025, 10, 7))


def test_days_of_china_count_for_a_clinic_under_its_law_alone():
    asking.clinic("gdpr")
    assert working_days.days().is_working(date(2026, 10, 7))
    assert not calendar.is_announced(2026)


def test_reviews_are_due_by_the_calendar_that_is_kept():
    profile = asking.clinic("pipl")
    calendars.take_over(year=2026, by=None)
    since = datetime(2026, 9, 30, 3, tzinfo=UTC)
    due = working_days.due(since, None, working_days.days())
    assert due == datetime(2026, 10, 8, 3, tzinfo=UTC)
    assert profile.time_zone == "Asia/Shanghai"


def test_a_year_is_taken_over_once_and_an_unannounced_one_is_not():
    rows = calendars.take_over(year=2026, by=None)
    assert len(rows) == len(list(holidays.of_year(2026)))
    with pytest.raises(calendars.DayTaken):
        calendars.take_over(year=2026, by=None)
    with pytest.raises(calendars.NoSuchYear):
        calendars.take_over(year=2031, by=None)


def test_open_requests_follow_the_calendar_with_one_event():
    asking.clinic("gdpr", "pipl")
    officer = asking.officer()
    with asking.frozen():
        rows = [asking.receive(asking.patient(), officer) for _one in range(2)]
        calendars.add(day=date(2026, 12, 1), kind="holiday", name="Day", name_zh="日", by=officer)
        calendars.add(
            day=date(2026, 12, 24), kind="holiday", name="Eve", name_zh="前夜", by=officer
        )
    for row in rows:
        row.refresh_from_db()
        assert (row.target_on, row.due_on) == (date(2026, 12, 16), date(2026, 12, 24))
    event = Event.objects.get(action="consent.request.deadline_moved")
    assert event.counts == {"requests": 2}


def test_a_list_is_read_in_as_a_whole_or_not_at_all():
    officer = asking.officer()
    head = "day,kind,name,name_zh\n"
    good = f"\ufeff{head}2027-01-01,holiday,New Year,元旦\n2027-01-03,worked,New Year,元旦\n"
    for text in (
        "", head, "day;kind\n", f"{head}2027-13-01,holiday,a,b\n", f"{head}2027-01-01,free,a,b\n",
        f"{head}2027-01-01,holiday,,b\n", f"{head}2027-01-01,holiday,{'a' * 81},b\n",
        f"{head}2027-01-01,holiday,a,b,c\n", f"{head}2027-01-01,holiday,a\n",
        f"{head}0001-01-01,holiday,a,b\n",
    ):  # fmt: skip
        with pytest.raises(calendars.BadList):
            calendars.read_in(text=text, by=officer)
    assert len(calendars.read_in(text=good, by=officer)) == 2
    with pytest.raises(calendars.DayTaken):
        calendars.read_in(
            text=f"{head}2027-02-01,holiday,a,b\n2027-01-01,holiday,a,b\n", by=officer
        )
    with pytest.raises(calendars.DayTaken):
        calendars.read_in(text=f"{head}2027-02-01,holiday,a,b\n2027-02-01,worked,a,b\n", by=officer)
    assert CalendarDay.objects.in_force().count() == 2


def test_two_officers_who_change_a_day_do_not_overwrite_each_other():
    officer = asking.officer()
    row = calendars.add(
        day=date(2027, 5, 1), kind="holiday", name="May", name_zh="五月", by=officer
    )
    said = {"day_id": row.pk, "version": 1, "name": "May Day", "name_zh": "劳动节", "by": officer}
    assert calendars.change(kind="worked", **said).version == 2
    with pytest.raises(calendars.DayChanged):
        calendars.change(kind="holiday", **said)
    with pytest.raises(calendars.DayChanged):
        calendars.remove(day_id=row.pk, version=1, by=officer)
    calendars.remove(day_id=row.pk, version=2, by=officer)
    assert calendars.add(day=date(2027, 5, 1), kind="holiday", name="a", name_zh="b", by=officer)


def test_the_calendar_page_is_edited_by_officers_and_read_by_auditors():
    house = world.clinic()
    asking.clinic()
    officer, url = house.client("officer"), "/consent/calendar/"
    page = officer.get(f"{url}?year=2026", secure=True).content.decode()
    assert "As announced by the State Council" in page
    assert "National Day" in page
    assert officer.post(f"{url}take-over/?year=2026", secure=True).status_code == 302
    row = CalendarDay.objects.in_force().get(day=date(2026, 10, 1))
    said = {"version": 1, "kind": "worked", "name": "Open", "name_zh": "上班"}
    assert officer.post(f"{url}{row.pk}/", said, secure=True).status_code == 302
    assert officer.post(f"{url}{row.pk}/", said, secure=True).status_code == 422
    assert officer.post(f"{url}{row.pk}/remove/", {"version": 2}, secure=True).status_code == 302
    assert officer.get(f"{url}{row.pk}/", secure=True).status_code == 404
    added = {"day": "2027-01-01", "kind": "holiday", "name": "New Year", "name_zh": "元旦"}
    assert officer.post(f"{url}add/", added, secure=True).status_code == 302
    assert officer.post(f"{url}add/", added, secure=True).status_code == 422
    file = SimpleUploadedFile(
        "2027.csv", "day,kind,name,name_zh\n2027-02-06,holiday,a,春节\n".encode()
    )
    assert officer.post(f"{url}read-in/", {"file": file}, secure=True).status_code == 302
    auditor = house.client("auditor")
    read = auditor.get(f"{url}?year=2027", secure=True)
    assert read.status_code == 200
    assert "Add a day" not in read.content.decode()
    assert auditor.post(f"{url}add/", added, secure=True).status_code == 403
    assert house.client("receptionist").get(url, secure=True).status_code == 403
