"""The pages of reviews and cases: who gets in, what they show and what they do."""

import io
from datetime import timedelta

import pypdf
import pytest
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from audit.models import Case, CaseSubject, Review
from audit.services import cases, reviews
from patients.models import Condition
from patients.services import staff_links
from tests.audit import reviewing
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
FINDING = {"verdict": "justified", "finding": "As the nurse wrote down"}


@pytest.fixture
def officer():
    return reviewing.officer()


@pytest.fixture
def nurse():
    return cast.staff("nurse", name="Nurse Hu")


@pytest.fixture
def mia():
    return cast.patient()


def url(name, *ids):
    return reverse(f"audit:{name}", args=[getattr(one, "pk", one) for one in ids])


def test_the_queue_shows_who_opened_whose_chart_masked_and_until_when(officer, nurse, mia):
    reviewing.review(nurse, mia)
    text = cast.words(cast.browser(officer).get(url("reviews")))
    for said in ("Nurse Hu", "M. M.", "due by", "nobody works on it yet"):
        assert said in text
    assert "Muster" not in text


def test_what_is_overdue_stands_first_and_is_red(officer, nurse, mia):
    late = reviewing.review(nurse, mia)
    reviewing.review(nurse, cast.patient("Other"))
    QuerySet(Review).filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=1))
    response = cast.browser(officer).get(url("reviews"))
    assert [row["is_overdue"] for row in response.context["rows"]] == [True, False]
    assert "1 review is overdue." in cast.words(response)
    assert response.content.decode().count('class="c-late"') == 1


def test_lists_ask_as_often_for_one_row_as_for_ten(officer, nurse):
    client = cast.browser(officer)

    def count(name):
        with cast.CaptureQueries() as captured:
            assert client.get(url(name)).status_code == 200
        return len(captured)

    def more(number):
        for one in range(number):
            patient = cast.patient(given=f"Nr{one}")
            reviewing.review(nurse, patient)
            reviewing.case(officer, patient)

    more(2)
    for name in ("reviews", "cases"):
        count(name)
    before = [count(name) for name in ("reviews", "cases")]
    more(10)
    assert [count(name) for name in ("reviews", "cases")] == before


def test_a_review_shows_the_reason_and_what_was_opened_in_that_emergency_alone(officer, nurse, mia):
    Condition.objects.create(patient=mia, code_text="Asthma", occurred_at=timezone.now())
    client = cast.browser(nurse)
    form = {"code": "life", "reason": reviewing.WHY, "minutes": "60"}
    client.post(reverse("patients:break_glass", args=[mia.pk]), form)
    client.get(reverse("patients:clinical", args=[mia.pk]))
    other = cast.browser(nurse)
    other.post(reverse("patients:break_glass", args=[mia.pk]), form)
    reviews.gather()
    row = Review.objects.order_by("occurred_at").first()
    response = cast.browser(officer).get(url("review", row))
    text = cast.words(response)
    for said in (
        reviewing.WHY,
        "Life or limb is in danger",
        "Diagnoses",
        "patients.condition.code_text",
    ):
        assert said in text
    assert "Asthma" not in text
    read = [one for one in cast.events("security.record.read") if one.route == "audit:review"][-1]
    assert mia.pk in read.subjects
    assert "patients.breakglass.reason" in read.fields
    opened = {one["id"] for one in response.context["review"]["opened"]}
    refs = {one.session_ref for one in cast.events("patients.chart.opened") if one.pk in opened}
    assert len(refs) == 1
    later = Review.objects.order_by("-occurred_at").first()
    assert not cast.browser(officer).get(url("review", later)).context["review"]["opened"]


def test_an_auditor_reads_the_queue_without_the_reason_and_decides_nothing(nurse, mia):
    row, client = reviewing.review(nurse, mia), cast.browser(cast.staff("auditor"))
    text = cast.words(client.get(url("review", row)))
    assert "Nurse Hu" in text
    assert reviewing.WHY not in text
    assert client.post(url("review_decide", row), FINDING).status_code == 403


@pytest.mark.parametrize("role", ["nurse", "physician", "receptionist", "finance", "administrator"])
def test_nobody_else_sees_reviews_or_cases(role, officer, nurse, mia):
    row, case = reviewing.review(nurse, mia), reviewing.case(officer, mia)
    client = cast.browser(cast.staff(role))
    for address in (url("reviews"), url("review", row), url("cases"), url("case", case)):
        assert client.get(address).status_code == 403
    for address in (url("case_new"), url("case_close", case), url("review_decide", row)):
        assert client.post(address).status_code == 403


def test_a_verdict_is_given_on_the_page(officer, nurse, mia):
    row, client = reviewing.review(nurse, mia), cast.browser(officer)
    assert client.post(url("review_decide", row), {}).status_code == 422
    assert client.post(url("review_assign", row), {}).status_code == 422
    client.post(url("review_assign", row), {"officer": str(officer.pk)})
    assert Review.objects.get().assigned_to == officer
    response = client.post(url("review_decide", row), FINDING)
    assert (response.status_code, response.url) == (302, url("review", row))
    assert "As the nurse wrote down" in cast.words(client.get(url("review", row)))
    again = client.post(url("review_decide", row), FINDING)
    assert again.status_code == 422
    assert "This access was reviewed before." in cast.words(again)
    assert client.get(url("reviews")).context["rows"] == []
    assert len(client.get(url("reviews"), {"show": "decided"}).context["rows"]) == 1


def test_a_page_says_that_the_own_access_is_not_ones_to_review(mia):
    both = cast.staff("nurse", "compliance_officer")
    row, client = reviewing.review(both, mia), cast.browser(both)
    assert "You do not review this access" in cast.words(client.get(url("review", row)))
    assert client.post(url("review_decide", row), FINDING).status_code == 422
    assert not Review.objects.get().verdict


def test_reception_tells_who_has_no_account_and_says_so(officer, nurse, mia):
    row = reviewing.review(nurse, mia)
    reviews.decide(review_id=row.pk, by=officer, **FINDING)
    desk = cast.browser(cast.staff("receptionist"))
    assert "Mia Muster" in cast.words(desk.get(url("to_tell")))
    assert desk.post(url("review_told", row)).status_code == 403
    assert desk.post(url("review_told", row), {"way": "hand"}).status_code == 302
    assert "Nobody to tell" in cast.words(desk.get(url("to_tell")))
    assert desk.post(url("review_told", row), {"way": "hand"}).status_code == 403
    assert cast.browser(nurse).get(url("to_tell")).status_code == 403
    shown = cast.words(cast.browser(officer).get(url("review", row)))
    assert "By a letter that was handed over" in shown


def text_of(file):
    pages = pypdf.PdfReader(io.BytesIO(file)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


def test_the_letter_is_in_the_patients_language_or_another_and_says_nothing_of_the_record(
    officer, nurse
):
    home = [{"use": "home", "line": ["9 Elm Street"], "postalCode": "EX1", "city": "Exeter"}]
    li = cast.patient(family="Li", given="Na", addresses=home, language="zh-CN")
    row = reviewing.review(nurse, li)
    desk = cast.browser(cast.staff("receptionist"))
    assert desk.get(url("review_letter", row, "own")).url == url("to_tell"), "not reviewed yet"
    reviews.decide(review_id=row.pk, by=officer, **FINDING)
    for language, said in (("own", "紧急"), ("zh", "紧急"), ("en", "inanemergency")):
        answer = desk.get(url("review_letter", row, language))
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        text = text_of(answer.content)
        for one in (said, "9ElmStreet", "EX1Exeter"):
            assert one in text, one
        for secret in (reviewing.WHY, FINDING["finding"], "NurseHu"):
            assert "".join(secret.split()) not in text
    told = cast.events("audit.letter.printed")
    assert [one.fields for one in told] == [["language:zh"], ["language:zh"], ["language:en"]]
    assert {(one.object_id, tuple(one.subjects)) for one in told} == {(row.pk, (li.pk,))}
    assert desk.get(url("review_letter", row, "fr")).status_code == 404
    assert cast.browser(officer).get(url("review_letter", row, "en")).status_code == 403


def test_a_review_of_ones_own_or_familys_record_says_neither_why_nor_what_was_found(nurse, mia):
    row, child = reviewing.review(nurse, mia), reviewing.officer("Parent")
    staff_links.declare(patient_id=mia.pk, colleague=child, kind="child", by=None)
    reviews.decide(review_id=row.pk, by=reviewing.officer(), **FINDING)
    browser = cast.browser(child)
    for page in (url("review", row), reverse("patients:glass_review")):
        text = cast.words(browser.get(page))
        assert "Not shown to you" in text
        assert str(mia.pk)[-12:] in text
        for secret in (reviewing.WHY, FINDING["finding"], "M. M."):
            assert secret not in text


def opened(client, officer, **said):
    data = {"kind": "request", "officer": str(officer.pk), "question": "Who has read this record?"}
    return client.post(url("case_new"), data | {name: str(value) for name, value in said.items()})


def test_a_case_is_opened_read_and_closed(officer, mia):
    client = cast.browser(officer)
    chart = reverse("patients:clinical", args=[mia.pk])
    assert client.get(chart).status_code == 403
    assert opened(client, officer, patients="Muster").status_code == 422
    assert opened(client, officer, patients=officer.pk).status_code == 422
    response = opened(client, officer, patients=mia.pk)
    case = Case.objects.get()
    assert (response.status_code, response.url) == (302, url("case", case))
    text = cast.words(client.get(url("case", case)))
    assert "Mia Muster" in text
    assert client.get(chart).status_code == 200
    assert cast.events("patients.chart.opened")[-1].basis == "case"
    assert client.post(url("case_close", case), {"version": 1}).status_code == 422
    client.post(url("case_close", case), {"version": 1, "outcome": "Explained by a referral"})
    assert client.get(chart).status_code == 403
    assert "Explained by a referral" in cast.words(client.get(url("case", case)))


def test_a_case_from_a_review_names_what_it_came_from(officer, nurse, mia):
    row, client = reviewing.review(nurse, mia), cast.browser(officer)
    form = client.get(url("case_new"), {"kind": "review", "review": str(row.pk)}).context["form"]
    assert str(form["review"].value()) == str(row.pk)
    assert opened(client, officer, kind="review", review=row.pk).status_code == 302
    assert opened(client, officer, kind="review", review=row.pk).status_code == 422
    assert opened(client, officer, kind="review", review=mia.pk).status_code == 422
    assert Case.objects.get().number in cast.words(client.get(url("review", row)))


def test_a_case_about_the_own_doing_does_not_exist_for_who_did_it(officer, mia):
    both = cast.staff("nurse", "compliance_officer")
    row = reviewing.review(both, mia)
    case = reviewing.case(officer, kind="review", review_id=row.pk)
    client = cast.browser(both)
    assert client.get(url("case", case)).status_code == 404
    assert (
        client.post(url("case_close", case), {"version": 1, "outcome": "Nothing"}).status_code
        == 404
    )
    assert client.get(url("cases")).context["rows"] == []


def test_the_second_officer_agrees_on_the_page_with_a_fresh_factor(officer, mia):
    second = reviewing.officer("Officer Two")
    case = reviewing.case(officer, mia)
    one, two = cast.browser(officer), cast.browser(second)
    assert two.post(url("case_restricted_ask", case, mia)).status_code == 403
    assert two.post(url("case_restricted_approve", case, mia)).status_code == 403
    assert one.post(url("case_restricted_ask", case, mia)).status_code == 302
    assert one.post(url("case_restricted_approve", case, mia)).status_code == 403
    assert "Agree to specially protected records" not in cast.words(one.get(url("case", case)))
    assert "Agree to specially protected records" in cast.words(two.get(url("case", case)))
    assert (
        "/account/confirm/" in cast.stale(two).post(url("case_restricted_approve", case, mia)).url
    )
    assert not CaseSubject.objects.get().restricted_at
    cast.browser(second).post(url("case_restricted_approve", case, mia))
    assert CaseSubject.objects.get().restricted_by == second
    assert "Officer Two agreed" in cast.words(one.get(url("case", case)))


def test_patients_are_named_and_the_case_handed_over_on_the_page(officer, mia):
    second, other = reviewing.officer("Officer Two"), cast.patient("Other", "Olga")
    case, client = reviewing.case(officer, mia), cast.browser(officer)
    assert client.post(url("case_name", case), {"subject": "Olga"}).status_code == 422
    assert client.post(url("case_name", case), {"subject": str(other.pk)}).status_code == 302
    assert "Olga Other" in cast.words(client.get(url("case", case)))
    assert client.post(url("case_assign", case), {"officer": str(second.pk)}).status_code == 302
    text = cast.words(client.get(url("case", case)))
    assert "O. O." in text
    assert "Olga" not in text


def test_a_case_needs_a_fresh_factor(officer):
    client = cast.stale(cast.browser(officer))
    assert "/account/confirm/" in client.get(url("case_new")).url


def test_a_deed_that_is_refused_says_why(officer, mia):
    case = reviewing.case(officer, mia)
    with cast.acting(officer, "HCOMPL"):
        cases.close(case_id=case.pk, version=1, outcome="Explained", by=officer)
    again = cast.browser(officer).post(
        url("case_close", case), {"version": 2, "outcome": "Once more it is"}
    )
    assert again.status_code == 422
    assert "This case is closed." in cast.words(again)
