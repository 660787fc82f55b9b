"""The pages of monitoring: alerts and rules, for officers and readers of incidents, and for nobody else."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Alert, Companion, RuleSetting
from audit.services import alerts as deeds
from tests.audit import watching
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
LIST, RULES = "/audit/alerts/", "/audit/rules/"


@pytest.fixture
def officer():
    return cast.staff("compliance_officer", name="Officer Quill")


@pytest.fixture
def desk():
    return cast.staff("receptionist", name="Ana Desk")


def made(user, rule="R10", **fields):
    with transaction.atomic():
        return Alert.objects.create(
            rule=rule, actor_id=getattr(user, "pk", None), dedupe_key=str(Alert.objects.count()),
            **{"response": "alert", "occurred_at": timezone.now()} | fields,
        )  # fmt: skip


def of(row, deed=""):
    return reverse(f"audit:alert{deed}", args=[row.pk])


def posts(user, address, **form):
    return cast.browser(user).post(address, form, secure=True)


def test_officers_and_auditors_read_and_nobody_else(desk, officer):
    row = made(desk)
    for user, status in (
        (officer, 200),
        (cast.staff("auditor"), 200),
        (desk, 403),
        (cast.staff("administrator"), 403),
    ):
        browser = cast.browser(user)
        assert {browser.get(url, secure=True).status_code for url in (LIST, RULES, of(row))} == {
            status
        }


def test_an_auditor_sees_no_form_and_changes_nothing(desk):
    auditor, row = cast.staff("auditor"), made(desk)
    page = cast.browser(auditor).get(of(row), secure=True).content.decode()
    assert "/close/" not in page
    assert "Ana Desk" in page
    for deed in ("_assign", "_close", "_remember"):
        assert posts(auditor, of(row, deed)).status_code == 403
    assert (
        posts(auditor, reverse("audit:rule_change", args=["R10"]), threshold="5").status_code == 403
    )


def test_an_officer_does_not_see_an_alert_on_the_own_account(officer):
    row, browser = made(officer), cast.browser(officer)
    assert browser.get(of(row), secure=True).status_code == 404
    assert "Slow drip</strong>" not in browser.get(LIST, secure=True).content.decode()
    assert (
        posts(officer, of(row, "_close"), verdict="explained", explanation="x").status_code == 404
    )


def test_the_list_is_filtered_by_state_rule_response_and_who_looks(desk, officer):
    mine = made(desk, "R2", assigned_to=officer)
    made(desk, "R9", response="note")
    closed = made(desk, "R4")
    deeds.close(alert_id=closed.pk, verdict="warned", explanation="Told", by=officer)
    browser = cast.browser(officer)

    def shown(**query):
        page = browser.get(LIST, query, secure=True).content.decode()
        return [key for key in ("R2", "R4", "R9") if f'translate="no">{key}</span>' in page]

    assert shown() == ["R2"]
    assert shown(state="closed") == ["R4"]
    assert shown(state="all", response="all") == ["R2", "R4", "R9"]
    assert shown(response="note") == ["R9"]
    assert shown(state="all", response="all", rule="R4") == ["R4"]
    assert shown(state="open", mine="on") == [mine.rule]
    # What is not understood is as usual.
    assert shown(state="nonsense", rule="R99", after="x") == ["R2"]


def test_an_empty_list_says_so(officer):
    page = cast.words(cast.browser(officer).get(LIST, secure=True))
    assert "No alert here" in page


def test_the_list_has_pages(desk, officer):
    for _ in range(27):
        made(desk)
    browser = cast.browser(officer)
    first = browser.get(LIST, {"rule": "R10"}, secure=True)
    assert first.content.decode().count("c-watch__key") == 25
    after = Alert.objects.order_by("-pk")[24].pk
    assert f"after={after}" in first.content.decode()
    second = browser.get(LIST, {"rule": "R10", "after": str(after)}, secure=True)
    assert second.content.decode().count("c-watch__key") == 2


def test_an_alert_explains_itself_by_pseudonyms_alone(desk, officer):
    patient = cast.patient(family="Quarrington")
    watching.opens(desk, [patient, *cast.patients(11)], every=0.01)
    watching.watched()
    row = Alert.objects.get(rule="R10")
    page = cast.browser(officer).get(of(row), secure=True).content.decode()
    assert "A chart was opened." in page
    assert "Ana Desk" in page
    assert "unexplained" in page
    assert str(patient.pk)[-12:] in page
    assert "Quarrington" not in page


@pytest.mark.parametrize("of_list", [True, False])
def test_pages_cost_the_same_for_one_row_and_for_ten(desk, officer, of_list):
    browser, counts = cast.browser(officer), []
    browser.get(LIST, secure=True)
    for number in (1, 10):
        people = [cast.staff("receptionist", name=f"Nr {n}") for n in range(number)]
        events = [watching.event(user, cast.patient()) for user in people]
        rows = [made(user, events=events, subjects=[]) for user in people]
        with cast.CaptureQueries() as queries:
            assert browser.get(LIST if of_list else of(rows[0]), secure=True).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_officer_assigns_closes_and_reads_the_explanation(desk, officer):
    row = made(desk)
    other = cast.staff("compliance_officer", name="Second Officer")
    assert posts(officer, of(row, "_assign"), colleague=str(other.pk)).status_code == 302
    assert posts(officer, of(row, "_close"), verdict="explained", explanation="").status_code == 422
    assert posts(officer, of(row, "_assign"), colleague=str(desk.pk)).status_code == 422
    answer = posts(
        officer, of(row, "_close"), verdict="explained", explanation="A study of <b>hers</b>"
    )
    assert answer.status_code == 302
    page = cast.browser(officer).get(of(row), secure=True).content.decode()
    assert "A study of &lt;b&gt;hers&lt;/b&gt;" in page
    assert "Second Officer" in page
    assert posts(officer, of(row, "_close"), verdict="warned", explanation="x").status_code == 422


def test_an_alert_that_does_not_exist_is_not_found(officer, desk):
    row = made(desk)
    address = of(row).replace(str(row.pk), "01890a5d-ac96-774b-bcce-b302099a8057")
    assert cast.browser(officer).get(address, secure=True).status_code == 404


def test_a_pair_is_remembered_from_an_alert_and_ended_on_the_page_of_rules(desk, officer):
    patient = cast.patient()
    row = made(desk, subjects=[patient.pk])
    day = timezone.localdate() + timedelta(days=60)
    form = {"other": f"patient:{patient.pk}", "until": day.isoformat(), "reason": "Their study"}
    assert posts(officer, of(row, "_remember"), **form | {"until": "2020-01-01"}).status_code == 422
    stranger = {"other": f"patient:{cast.patient().pk}"}
    assert posts(officer, of(row, "_remember"), **form | stranger).status_code == 422
    assert posts(officer, of(row, "_remember"), **form).status_code == 302
    pair = Companion.objects.get()
    assert (pair.actor_id, pair.other_id, pair.kind) == (desk.pk, patient.pk, "patient")
    page = cast.browser(officer).get(RULES, secure=True).content.decode()
    assert "Ana Desk" in page
    assert str(patient.pk)[-12:] in page
    assert posts(officer, reverse("audit:pair_end", args=[pair.pk])).status_code == 302
    assert not Companion.objects.in_force().exists()


def test_the_register_shows_how_much_of_a_rule_held(desk, officer):
    for verdict in ("explained", "warned", "incident", "warned"):
        row = made(desk, "R7")
        deeds.close(alert_id=row.pk, verdict=verdict, explanation="x", by=officer)
    made(desk, "R7")
    page = cast.words(cast.browser(officer).get(RULES, secure=True))
    assert "75 % (3/4)" in page
    assert all(f"R{number} ·" in page for number in range(1, 21))


def test_a_rule_is_set_with_a_fresh_factor_and_tells_itself(desk, officer):
    address = reverse("audit:rule_change", args=["R10"])
    stale = cast.stale(cast.browser(officer)).post(address, {"threshold": "5"}, secure=True)
    assert stale.status_code == 302
    assert "confirm" in stale["Location"]
    assert not RuleSetting.objects.exists()
    assert posts(officer, address, threshold="5.5").status_code == 302
    row = RuleSetting.objects.get()
    assert (row.key, row.threshold, row.is_on, row.changed_by) == ("R10", 5.5, False, officer)
    assert "R17" in {one.rule for one in watching.watched()}
    for wrong in ("", "0", "-3", "nan", "inf", "x", "1e99"):
        assert posts(officer, address, threshold=wrong, is_on="on").status_code == 422
    assert (
        posts(officer, reverse("audit:rule_change", args=["R99"]), threshold="5").status_code == 404
    )
