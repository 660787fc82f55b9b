"""Surveys: to who agreed after a visit, once; answered once by the link; sealed, and worries kept apart."""

import re

import pytest
from django.test import Client

from audit.models import Event
from consent.models import State
from engagement.models import Complaint, MessageLink, SecurityConcern, SurveyAnswer
from engagement.services import surveys
from engagement.services.surveys import Given
from security.delivery import sending
from security.models import OutboxMessage
from tests.engagement import telling
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture(autouse=True)
def by_email(settings):
    settings.DELIVERY_CHANNELS = {"email": "security.delivery.channels.EmailChannel"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def person(number=1, **fields):
    telecoms = [{"system": "email", "value": f"p{number}@example.org"}]
    return cast.patient(record_number=f"R-{number}", telecoms=telecoms, **fields)


def token():
    return re.search(r"\?t=([\w-]{22})", OutboxMessage.objects.latest("pk").text)[1]


def test_only_those_who_agreed_are_asked_and_each_once():
    mia, tom, ann = person(1), person(2), person(3)
    telling.survey()
    telling.agree(mia, ann)
    telling.agree(ann, state=State.WITHDRAWN)
    for one in (mia, mia, tom, ann):
        telling.visit(one)
    telling.visit(mia, hours=90)
    telling.visit(mia, state="noshow")
    assert surveys.invite_due() == 1
    assert surveys.invite_due() == 0
    assert [row.patient_id for row in SurveyAnswer.objects.all()] == [mia.pk]
    (message,) = OutboxMessage.objects.all()
    assert (message.purpose, message.subject_id) == ("surveys", mia.pk)
    assert message.once_key == f"survey:{SurveyAnswer.objects.get().appointment_id}"
    assert Event.objects.filter(action="engagement.survey.sent").count() == 1


def test_a_survey_waits_its_hours_speaks_the_patients_language_and_belongs_to_its_service():
    wang = person(1, language="zh-CN")
    telling.agree(wang)
    seen = telling.visit(wang, hours=3)
    telling.survey(title="Other", service=telling.visit(person(9)).service)
    telling.survey(wait_hours=5)
    assert surveys.invite_due() == 0
    own = telling.survey(title="Own", service=seen.service)
    assert surveys.invite_due() == 1
    row = SurveyAnswer.objects.get()
    assert (row.survey, row.language) == (own, "zh-hans")
    assert "请" in OutboxMessage.objects.latest("pk").text


def test_who_withdraws_while_it_waits_gets_nothing(mailoutbox):
    mia = person()
    telling.survey()
    telling.agree(mia)
    telling.visit(mia)
    surveys.invite_due()
    telling.agree(mia, state=State.WITHDRAWN)
    assert sending.send_next()
    assert OutboxMessage.objects.get().state == "skipped"
    assert mailoutbox == []


@pytest.fixture
def asked():
    mia = person()
    telling.survey()
    telling.agree(mia)
    telling.visit(mia)
    surveys.invite_due()
    return SurveyAnswer.objects.get()


def test_a_link_takes_one_answer_without_signing_in_and_looking_changes_nothing(asked):
    browser, secret = Client(), token()
    for _again in range(3):
        opened = browser.get("/engagement/answer/", {"t": secret}, secure=True)
        assert (opened.status_code, opened["Location"]) == (302, "/engagement/answer/")
    page = browser.get("/engagement/answer/", secure=True)
    assert page.status_code == 200
    assert secret not in page.content.decode()
    asked.refresh_from_db()
    assert asked.answered_at is None
    assert browser.post("/engagement/answer/", {}, secure=True).status_code == 422
    given = {"recommend": "9", "satisfaction": "4", "comment": "Kind nurse"}
    sent = browser.post("/engagement/answer/", given, secure=True)
    assert sent["Location"] == "/engagement/answer/thanks/"
    row = SurveyAnswer.objects.get()
    assert (row.recommend, row.satisfaction, row.comment) == (9, 4, "Kind nurse")
    assert b"Kind nurse" not in bytes(row.__dict__["sealed"])
    assert MessageLink.objects.get(kind="survey").used_at
    browser.get("/engagement/answer/", {"t": secret}, secure=True)
    assert browser.post("/engagement/answer/", given, secure=True).status_code == 400
    assert Event.objects.filter(action="engagement.survey.answered").count() == 1


def test_a_link_that_is_made_up_is_refused_like_one_that_is_over(asked):
    browser = Client()
    assert browser.get("/engagement/answer/", {"t": "A" * 22}, secure=True).status_code == 302
    made_up = browser.get("/engagement/answer/", secure=True)
    MessageLink.objects.update(expires_at=asked.invited_at)
    browser.get("/engagement/answer/", {"t": token()}, secure=True)
    over = browser.get("/engagement/answer/", secure=True)
    assert made_up.status_code == over.status_code == 400


def test_two_answers_by_one_link_are_one(asked):
    link = MessageLink.objects.get(kind="survey")
    surveys.answer(link=link, given=Given(recommend=3))
    with pytest.raises(surveys.NotTwice):
        surveys.answer(link=link, given=Given(recommend=10))
    assert SurveyAnswer.objects.get().recommend == 3


@pytest.mark.parametrize(("about", "cases", "worries"), [("complaint", 1, 0), ("security", 0, 1)])
def test_a_complaint_and_a_worry_leave_the_answer_with_their_words(asked, about, cases, worries):
    given = Given(recommend=2, comment="My file lay open", about=about)
    surveys.answer(link=MessageLink.objects.get(kind="survey"), given=given)
    assert SurveyAnswer.objects.get().comment == ""
    assert Complaint.objects.count() == cases
    assert SecurityConcern.objects.count() == worries
    made = Complaint.objects.first() or SecurityConcern.objects.first()
    assert (made.words, made.way, made.patient_id) == (
        "My file lay open",
        "survey",
        asked.patient_id,
    )


def test_coordinators_read_answers_and_keep_surveys_and_auditors_see_only_what_is_asked(asked):
    given = Given(recommend=9, comment="Kind nurse")
    surveys.answer(link=MessageLink.objects.get(kind="survey"), given=given)
    reader = cast.browser(cast.staff("engagement"))
    page = reader.get("/engagement/answers/")
    assert "Kind nurse" in page.content.decode()
    row = SurveyAnswer.objects.get()
    url = f"/engagement/answers/{row.pk}/read/"
    assert reader.post(url, {"version": row.version}).status_code == 302
    assert "Kind nurse" not in reader.get("/engagement/answers/").content.decode()
    auditor = cast.browser(cast.staff("auditor"))
    assert auditor.get("/engagement/answers/").status_code == 403
    assert auditor.get("/engagement/surveys/").status_code == 200
    said = {
        "title": "Two",
        "title_zh": "二",
        "intro": "A",
        "intro_zh": "甲",
        "wait_hours": 1,
        "open_days": 9,
    }
    assert reader.post("/engagement/surveys/new/", said).status_code == 302
    taken = reader.post("/engagement/surveys/new/", said | {"is_active": "on"})
    assert taken.status_code == 422


def test_a_list_of_answers_costs_the_same_for_one_and_many(asked):
    reader = cast.browser(cast.staff("engagement"))
    surveys.answer(link=MessageLink.objects.get(kind="survey"), given=Given(recommend=9))

    def cost():
        with cast.CaptureQueries() as made:
            assert reader.get("/engagement/answers/").status_code == 200
        return len(made)

    one, first = (cost(), cost())[1], SurveyAnswer.objects.get()
    for patient in cast.patients(9):
        row = SurveyAnswer(
            survey=first.survey, patient=patient, answered_at=first.answered_at,
            expires_at=first.expires_at, recommend=7,
        )  # fmt: skip
        row.save()
    assert cost() == one
