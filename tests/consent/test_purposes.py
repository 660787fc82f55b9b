"""The register of purposes: what is shipped, refused, changed, kept."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import translation

from audit.models import Event
from consent import shipped
from consent.models import ProcessingPurpose, ProcessingPurposeVersion
from consent.queries import purposes as queries
from consent.queries.standing import may
from consent.services import endings, purposes, refusals
from consent.services.acts import NotTaken
from security.models import ClinicProfile, Unit
from security.services import clinics
from tests import world
from tests.consent import asking
from tests.consent.conftest import assessed, content, posted
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
KEYS = {
    "care", "emergency", "billing", "operations", "legal_duty", "public_health", "reminders", "surveys",
    "education", "information", "marketing", "research", "teaching", "sharing", "family", "portal", "abroad", "staff",
}  # fmt: skip


def profile(*laws):
    unit = world.team("Clinic")
    said = clinics.Profile("Clinic", "诊所", laws, ("en",), "UTC", 14)
    with transaction.atomic():
        return clinics.describe(clinic=said, unit=unit, by=None)


def events(action):
    return Event.objects.filter(action=action)


def test_a_clinic_that_is_described_has_the_shipped_purposes_and_a_second_shipping_changes_nothing():
    assert not ProcessingPurpose.objects.exists()
    profile("gdpr")
    rows = list(ProcessingPurpose.objects.all())
    assert {row.key for row in rows} == KEYS == {one.key for one in shipped.PURPOSES}
    assert {row.state for row in rows} == {"active"}
    assert ProcessingPurposeVersion.objects.count() == len(KEYS)
    assert purposes.ship() == 0
    assert events("consent.purpose.shipped").count() == 1


def test_every_shipped_purpose_is_fit_under_all_laws_and_speaks_chinese(register):
    laws = ["hipaa", "gdpr", "pipl"]
    assert {row.key: queries.fault(queries.content_of(row), laws) for row in register.values()} == dict.fromkeys(KEYS, "")  # fmt: skip
    with translation.override("zh-hans"):
        assert register["care"].label == "诊疗服务"
        assert all(row.label != row.name for row in register.values())


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"grounds": {"hipaa": "treatment", "gdpr": "care"}}, "ground under PIPL"),
        ({"grounds": {"hipaa": "treatment", "gdpr": "care", "pipl": "interest"}}, "PIPL knows no legitimate"),
        ({"grounds": {"hipaa": "treatment", "gdpr": "interest", "pipl": "contract"}}, "never carry health"),
        ({"grounds": {"hipaa": "care", "gdpr": "care", "pipl": "contract"}}, "HIPAA knows no ground"),
        ({"grounds": content()["grounds"] | {"ccpa": "x"}}, "no law “ccpa”"),
        ({"uses": ["HMARKT"]}, "Marketing rests"),
        ({"is_cross_border": True, "grounds": {"hipaa": "authorisation", "gdpr": "consent", "pipl": "consent"}},
         "separate consent"),
        ({"categories": ["secrets"]}, "does not know “secrets”"),
        ({"level": 6}, "from 1 to 5"),
        ({"people": []}, "data of whom"),
        ({"retention": "forever"}, "no such rule"),
    ],
)  # fmt: skip
def test_what_no_law_carries_is_refused_with_a_sentence(officer, said, sentence):
    with pytest.raises(purposes.Unfit) as refusal:
        purposes.add(key="home_care", content=content(**said), reason="A new service", by=officer)
    assert sentence in str(refusal.value) or sentence in str(refusal.value).lower()
    assert not ProcessingPurpose.objects.filter(key="home_care").exists()
    refusals.note(refusal.value, by=officer)
    assert events("consent.change.refused").get().fields == ["Unfit"]


def test_a_clinic_needs_grounds_of_its_own_laws_alone(officer):
    profile("gdpr")
    row = purposes.add(
        key="news", content=content(grounds={"gdpr": "interest"}, categories=["demographics"]), reason="A letter", by=officer,
    )  # fmt: skip
    assert row.state == "draft"


@pytest.mark.parametrize("key", ["care", "Care", "legal-duty"])
def test_two_purposes_have_two_keys(officer, register, key):
    with pytest.raises(purposes.KeyTaken):
        purposes.add(key=key, content=content(), reason="Once more", by=officer)


def test_what_was_changed_after_its_assessment_is_assessed_again(officer, second):
    row = purposes.add(key="home_care", content=content(), reason="A new service", by=officer)
    assessed(row, officer, second)
    more = content(categories=["clinical", "restricted"])
    purposes.change(purpose_id=row.pk, version=1, content=more, reason="Therapy too", by=officer)
    with pytest.raises(purposes.NotAssessed, match="after its last change"):
        purposes.activate(purpose_id=row.pk, by=officer)
    assessed(row, officer, second)
    assert purposes.activate(purpose_id=row.pk, by=officer).state == "active"


def test_a_new_purpose_begins_only_with_a_signed_assessment(officer, second):
    row = purposes.add(key="home_care", content=content(), reason="A new service", by=officer)
    with pytest.raises(purposes.NotAssessed):
        purposes.activate(purpose_id=row.pk, by=officer)
    assessed(row, officer, second)
    assert purposes.activate(purpose_id=row.pk, by=officer).state == "active"
    assert [one.number for one in row.versions.order_by("number")] == [1, 2]
    assert events("consent.purpose.activated").get().object_id == row.pk


def test_a_change_keeps_the_version_before_and_the_second_of_two_officers_meets_a_conflict(
    officer, register
):
    row = register["staff"]
    said = queries.content_of(row) | {"name": "People"}
    changed = purposes.change(
        purpose_id=row.pk, version=1, content=said, reason="A better word", by=officer
    )
    assert (changed.version, changed.name) == (2, "People")
    with pytest.raises(purposes.Conflict):
        purposes.change(purpose_id=row.pk, version=1, content=said, reason="Mine", by=officer)
    newest, first = queries.history(row)
    assert newest["changes"][0]["before"] == "Employment"
    assert (first["changes"], newest["who"]) == ([], "Officer")


def test_more_data_than_before_need_an_assessment(officer, second, register):
    row = register["teaching"]
    said = queries.content_of(row) | {"categories": ["clinical", "demographics"]}
    change = {
        "purpose_id": row.pk,
        "version": 1,
        "content": said,
        "reason": "Names too",
        "by": officer,
    }
    with pytest.raises(purposes.NotAssessed):
        purposes.change(**change)
    assessed(row, officer, second)
    assert purposes.change(**change).categories == ["clinical", "demographics"]


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("research", {"grounds": {"hipaa": "operations", "gdpr": "research", "pipl": "law"},
                      "needs_separate_consent": False}),
        ("billing", {"uses": ["HPAYMT", "HOPERAT"]}),
        ("marketing", {"is_per_channel": False, "channels": []}),
    ],
)  # fmt: skip
def test_nobody_alone_lets_a_purpose_ask_less_or_serve_more(officer, register, key, more):
    row = register[key]
    said = queries.content_of(row) | more
    with pytest.raises(purposes.NotAssessed):
        purposes.change(purpose_id=row.pk, version=1, content=said, reason="Quicker", by=officer)


def test_who_agreed_when_less_was_done_is_asked_anew(officer, second, register):
    row = register["research"]
    words = asking.words(asking.form(row))
    mia = cast.patient()
    asking.grant(mia, words, by=cast.staff("receptionist"))
    content = queries.content_of(row)
    change = {"purpose_id": row.pk, "reason": "More", "by": officer}
    purposes.change(version=1, content=content | {"name": "Studies"}, **change)
    assert may(mia, "research").allowed
    assessed(row, officer, second)
    more = content | {"categories": [*content["categories"], "billing"]}
    purposes.change(version=2, content=more, **change)
    assert not may(mia, "research").allowed
    # Nor is anybody asked in the words that speak of less.
    with pytest.raises(NotTaken):
        asking.grant(cast.patient(given="Ida"), words, by=cast.staff("receptionist"))
    assert endings.end_all() == (1, 0)


def test_care_is_never_retired_and_another_purpose_once(officer, register):
    with pytest.raises(purposes.NotNow):
        purposes.retire(purpose_id=register["care"].pk, reason="No more", by=officer)
    assert purposes.retire(purpose_id=register["surveys"].pk, reason="No more", by=officer).state == "retired"  # fmt: skip
    with pytest.raises(purposes.NotNow):
        purposes.retire(purpose_id=register["surveys"].pk, reason="No more", by=officer)


def test_a_version_is_never_changed(register):
    version = ProcessingPurposeVersion.objects.first()
    version.reason = "Another"
    with pytest.raises(DatabaseError), transaction.atomic():
        version.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        version.delete()


def test_row_and_event_go_together(officer, register, monkeypatch):
    monkeypatch.setattr(purposes.trail, "record", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        purposes.retire(purpose_id=register["surveys"].pk, reason="No more", by=officer)
    assert ProcessingPurpose.objects.get(key="surveys").state == "active"


# --- pages ----------------------------------------------------------------------------------


@pytest.fixture
def browser(officer, register):
    return world.signed_in(officer, world.factor_of(officer))


def test_the_list_asks_the_same_number_of_queries_whatever_it_holds(
    browser, register, django_assert_max_num_queries, django_assert_num_queries
):
    ProcessingPurpose.objects.exclude(key="care").update(state="retired")
    rows = queries.register
    with translation.override("en"), django_assert_num_queries(2):
        assert len(rows()) == len(KEYS)
    page = browser.get("/consent/purposes/", secure=True).content.decode()
    assert "Care" in page
    assert "Contract with the person" in page


def test_an_officer_enters_changes_and_retires_and_a_long_or_strange_form_is_refused(browser):
    url = "/consent/purposes/add/"
    assert browser.post(url, {**posted(), "key": "home care!"}, secure=True).status_code == 422
    long = {**posted(name="x" * 10_000), "key": "home_care"}
    assert browser.post(url, long, secure=True).status_code == 422
    wrong = browser.post(url, {**posted(), "key": "home_care", "ground_pipl": ""}, secure=True)
    assert wrong.status_code == 422
    assert "Name the ground under PIPL" in wrong.content.decode()
    assert events("consent.change.refused").count() == 1
    done = browser.post(url, {**posted(), "key": "home_care"}, secure=True)
    row = ProcessingPurpose.objects.get(key="home_care")
    assert done.url == f"/consent/purposes/{row.pk}/"
    change = f"{done.url}change/"
    first = {**posted(name="House calls"), "version": 1}
    assert browser.post(change, first, secure=True).status_code == 302
    second = browser.post(change, {**posted(name="Visits"), "version": 1}, secure=True)
    page = second.content.decode()
    assert second.status_code == 409
    assert "Somebody changed this meanwhile" in page
    assert all(word in page for word in ("Home care", "House calls", "Visits"))
    assert 'value="2"' in page
    assert browser.post(f"{done.url}activate/", secure=True).status_code == 302
    assert ProcessingPurpose.objects.get(key="home_care").state == "draft"
    assert browser.post(f"{done.url}retire/", {"reason": "x"}, secure=True).status_code == 422
    assert "House calls" in browser.get(done.url, secure=True).content.decode()


def test_who_only_reads_is_shown_no_deed(register):
    auditor = world.person("auditor")
    browser = world.signed_in(auditor, world.factor_of(auditor))
    url = f"/consent/purposes/{register['care'].pk}/"
    page = browser.get(url, secure=True)
    assert page.status_code == 200
    assert "retire/" not in page.content.decode()
    assert browser.post(f"{url}retire/", {"reason": "Not needed"}, secure=True).status_code == 403
    assert browser.get("/consent/purposes/add/", secure=True).status_code == 403


def test_the_profile_is_of_a_unit():
    assert ClinicProfile._meta.get_field("unit").related_model is Unit
