"""Notices: whole before they are published, unchanged afterwards, told before anything is kept."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from consent import sections
from consent.models import Notice, NoticeDelivery
from consent.queries import notices as reads
from consent.queries import receipts
from consent.services import notices
from consent.services.notices import Publication
from patients import informing
from patients.informing import Told
from patients.models import Patient
from patients.services import registration
from security.models import ClinicProfile, Unit
from security.sealing import StaleRecord
from tests import world
from tests.consent import asking
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
TODAY = timezone.localdate


@pytest.fixture
def officer():
    unit = Unit.objects.create(name="Clinic", kind=Unit.Kind.CLINIC)
    ClinicProfile.objects.create(
        unit=unit,
        name="Clinic",
        laws=["pipl", "hipaa"],
        languages=["en", "zh-hans"],
        time_zone="UTC",
    )
    return world.person("compliance_officer", name="Officer")


def words(law, **changed):
    said = {section.key: f"{section.key} words" for section in sections.SECTIONS[law]}
    fixed = {section.key: section.fixed for section in sections.SECTIONS[law] if section.fixed}
    return said | fixed | changed


def written(officer, law="pipl", **changed):
    row = notices.begin(law=law, by=officer)
    for text in row.texts.all():
        said = words(law, **changed)
        notices.write(text_id=text.pk, version=text.version, said=said, by=officer)
    return row


def published(officer, law="pipl", on=None, is_material=True, **changed):
    row = written(officer, law, **changed)
    publication = Publication(on or TODAY(), "New", is_material)
    return notices.publish(notice_id=row.pk, publication=publication, by=officer)


def test_every_law_of_a_clinic_has_sections_with_articles():
    assert set(sections.SECTIONS) == set(ClinicProfile.Law)
    for found in sections.SECTIONS.values():
        assert len({section.key for section in found}) == len(found) >= 9
        assert all(section.article for section in found)


@pytest.mark.parametrize("law", ["pipl", "hipaa"])
def test_a_notice_that_leaves_out_one_section_in_one_language_is_not_published(officer, law):
    row = written(officer, law)
    text = row.texts.get(language="zh-hans")
    for section in sections.SECTIONS[law]:
        text.refresh_from_db()
        notices.write(
            text_id=text.pk,
            version=text.version,
            said=words(law, **{section.key: "  "}),
            by=officer,
        )
        with pytest.raises(notices.Incomplete) as refusal:
            notices.publish(notice_id=row.pk, publication=Publication(TODAY(), "x"), by=officer)
        assert str(section.label) in str(refusal.value.reason)
    assert Notice.objects.get(pk=row.pk).published_at is None


def test_the_header_of_hipaa_is_the_wording_of_the_law(officer):
    with pytest.raises(notices.Incomplete):
        published(officer, "hipaa", header="This notice describes, more or less, ...")


def test_what_was_published_is_never_changed_not_even_by_the_database(officer):
    row = published(officer)
    text = row.texts.get(language="en")
    with pytest.raises(notices.Published):
        notices.write(text_id=text.pk, version=text.version, said={}, by=officer)
    with pytest.raises(notices.Published):
        notices.publish(notice_id=row.pk, publication=Publication(TODAY(), "x"), by=officer)
    for statement in (
        "UPDATE consent_noticetext SET sections = '{}'",
        "DELETE FROM consent_noticetext",
        "UPDATE consent_notice SET effective_on = '2001-01-01'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert notices.digest(text.sections) == text.text_sha256
    assert Event.objects.filter(action="consent.notice.published").count() == 1


def test_the_next_version_begins_with_the_words_of_the_last_and_shows_what_changed(officer):
    first = published(officer)
    row = notices.begin(law="pipl", by=officer)
    with pytest.raises(notices.DraftIsThere):
        notices.begin(law="pipl", by=officer)
    text = row.texts.get(language="en")
    assert text.sections == first.texts.get(language="en").sections
    said = words("pipl", retention="10 years\nthen erased")
    text = notices.write(text_id=text.pk, version=text.version, said=said, by=officer)
    before = reads.before(row).texts.get(language="en")
    changed = {one.key: one.changes for one in reads.read(text, "pipl", before) if one.changes}
    assert set(changed) == {"retention"}
    assert ("new", "10 years") in changed["retention"]


def test_a_law_the_clinic_does_not_know_and_a_second_writer_are_refused(officer):
    with pytest.raises(notices.NotYourLaw):
        notices.begin(law="gdpr", by=officer)
    text = notices.begin(law="pipl", by=officer).texts.first()
    notices.write(text_id=text.pk, version=1, said=words("pipl"), by=officer)
    with pytest.raises(StaleRecord):
        notices.write(text_id=text.pk, version=1, said={}, by=officer)
    with pytest.raises(notices.TooLong):
        notices.write(text_id=text.pk, version=2, said={"handler": "x" * 20_001}, by=officer)


def test_a_notice_takes_effect_today_or_later_and_after_the_one_before(officer):
    row = written(officer)
    for day in (TODAY() - timedelta(days=1),):
        with pytest.raises(notices.WrongDay):
            notices.publish(notice_id=row.pk, publication=Publication(day, "x"), by=officer)
    later = TODAY() + timedelta(days=10)
    notices.publish(notice_id=row.pk, publication=Publication(later, "x"), by=officer)
    assert reads.in_force() == []
    assert [one.pk for one in Notice.objects.in_force(later)] == [row.pk]
    second = written(officer)
    with pytest.raises(notices.WrongDay):
        notices.publish(notice_id=second.pk, publication=Publication(TODAY(), "x"), by=officer)


# --- told -----------------------------------------------------------------------------------


def register(by, told=None):
    return registration.register(fields={"names": [{"text": "New"}]}, told=told, by=by)


def test_nobody_is_registered_who_was_not_told_but_in_an_emergency(officer):
    desk = world.person("receptionist", name="Desk")
    assert register(desk).pk
    row = published(officer)
    for told in (None, Told("rumour", "en")):
        with pytest.raises(informing.NotInformed):
            register(desk, told)
    count = Patient.objects.count()
    shown = register(desk, Told("shown", "zh-CN", True))
    kept = NoticeDelivery.objects.get(patient=shown)
    assert (kept.notice_id, kept.language, kept.acknowledged) == (row.pk, "zh-hans", True)
    assert kept.text_sha256 == row.texts.get(language="zh-hans").text_sha256
    late = register(desk, Told("deferred", "en", True))
    assert NoticeDelivery.objects.get(patient=late).acknowledged is False
    assert Patient.objects.count() == count + 2
    told = Event.objects.filter(action__startswith="consent.notice.", subjects__contains=[late.pk])
    assert [one.action for one in told] == ["consent.notice.deferred"]


def test_who_must_be_told_again_follows_from_what_is_material(officer):
    desk = world.person("receptionist", name="Desk")
    before = register(desk)
    published(officer)
    told, late = register(desk, Told("shown", "en")), register(desk, Told("deferred", "en"))

    def waiting():
        return set(reads.to_tell(desk).values_list("pk", flat=True))

    assert waiting() == {before.pk, late.pk}
    notices.tell(patient_id=late.pk, told=Told("post", "en"), by=desk)
    assert waiting() == {before.pk}
    published(officer, is_material=False, changes="A comma")
    assert waiting() == {before.pk}
    assert reads.untold(told.pk) == []
    published(officer, changes="Something else")
    assert waiting() == {before.pk, told.pk, late.pk}


def test_a_delivery_is_never_changed(officer):
    desk = world.person("receptionist", name="Desk")
    published(officer)
    register(desk, Told("shown", "en"))
    with pytest.raises(IntegrityError), transaction.atomic():
        NoticeDelivery.objects.update(acknowledged=True)


# --- pages ----------------------------------------------------------------------------------


def test_everybody_reads_the_notice_in_force_and_nothing_of_a_draft(officer, client):
    written(officer)
    assert client.get(reverse("consent:public_notice", args=["pipl"])).status_code == 404
    row = Notice.objects.get()
    notices.publish(notice_id=row.pk, publication=Publication(TODAY(), "x"), by=officer)
    page = client.get(reverse("consent:public_notice", args=["pipl"]))
    assert "retention words" in page.content.decode()
    assert client.get(reverse("consent:public_notice", args=["lex-romana"])).status_code == 404


def test_an_officer_writes_and_publishes_and_an_auditor_only_reads(officer):
    desk = world.signed_in(officer, world.factor_of(officer))
    auditor = world.person("auditor", name="Auditor")
    reader = world.signed_in(auditor, world.factor_of(auditor))
    desk.post(reverse("consent:notice_begin"), {"law": "pipl"})
    row = Notice.objects.get()
    for text in row.texts.all():
        page = reverse("consent:notice_words", args=[text.pk])
        assert desk.get(page).status_code == 200
        assert desk.post(page, words("pipl") | {"version": 1}).status_code == 302
        stale = desk.post(page, words("pipl", handler="Mine") | {"version": 1})
        assert stale.status_code == 409
        assert b"Mine" in stale.content
        assert reader.get(page).status_code == 403
    page = reverse("consent:notice", args=[row.pk])
    said = {"effective_on": TODAY().isoformat(), "change": "First", "is_material": "on"}
    assert reader.get(page).status_code == 200
    assert reader.post(page, said).status_code == 422
    stale = cast.stale(world.signed_in(officer, world.factor_of(officer)))
    assert stale.post(page, said).url.startswith(reverse("security:step_up"))
    assert Notice.objects.get().published_at is None
    # Somebody wrote other words since the page was opened.
    old = said | {"seen": "en:1 zh-hans:1"}
    assert "Somebody wrote other words" in desk.post(page, old).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', desk.get(page).content.decode()).group(1)
    assert desk.post(page, said | {"seen": seen}).status_code == 302
    assert Notice.objects.get().published_by == officer
    assert reader.get(reverse("consent:notices")).status_code == 200


def test_reception_sees_the_notices_while_registering_and_tells_who_waits(officer):
    desk_user = world.person("receptionist", name="Desk")
    desk = world.signed_in(desk_user, world.factor_of(desk_user))
    patient = register(desk_user)
    published(officer)
    said = {"family": "Muster", "sex": "female", "birth_precision": "none"}
    page = desk.post(reverse("patients:register"), said)
    assert page.status_code == 422
    assert reverse("consent:public_notice", args=["pipl"]) in page.content.decode()
    assert desk.post(reverse("patients:register"), said | {"told": "paper"}).status_code == 302
    assert NoticeDelivery.objects.get().way == "paper"
    listed = desk.get(reverse("consent:notices_to_tell")).content.decode()
    assert reverse("consent:patient_notices", args=[patient.pk]) in listed
    told = {"way": "shown", "language": "en"}
    desk.post(reverse("consent:patient_notices", args=[patient.pk]), told)
    assert reads.untold(patient.pk) == []


def test_the_list_of_who_waits_asks_the_same_number_of_queries_for_one_and_for_ten(
    officer, django_assert_num_queries, django_assert_max_num_queries
):
    desk_user = world.person("receptionist", name="Desk")
    desk, url = (
        world.signed_in(desk_user, world.factor_of(desk_user)),
        reverse("consent:notices_to_tell"),
    )
    register(desk_user)
    published(officer)
    desk.get(url)
    with django_assert_max_num_queries(60) as first:
        desk.get(url)
    for _ in range(9):
        Patient.objects.create(names=[{"text": "More"}])
    with django_assert_num_queries(len(first.captured_queries)):
        desk.get(url)


def test_a_consent_keeps_the_versions_that_the_person_knew_and_names_them_on_its_receipt(officer):
    published(officer, "pipl")
    first = published(officer, "hipaa")
    mia, desk = cast.patient(), cast.staff("receptionist")
    notices.tell(patient_id=mia.pk, told=Told("deferred", "en"), by=desk)
    version = asking.words()
    assert asking.grant(mia, version, by=desk).event.notices == []
    notices.tell(patient_id=mia.pk, told=Told("shown", "en"), by=desk)
    second = published(officer, "pipl")
    taken = asking.grant(mia, version, by=desk, expires_on=TODAY() + timedelta(9)).event
    told = dict(Notice.objects.filter(pk__in=taken.notices).values_list("law", "number"))
    assert told == {"hipaa": first.number, "pipl": second.number - 1}
    assert receipts.facts(taken)["notices"] == "hipaa 1; pipl 1"
