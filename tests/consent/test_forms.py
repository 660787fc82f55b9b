"""Forms of consent: complete before they are shown, unchangeable once they were."""

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from consent import elements, verifier
from consent.models import ConsentForm, ConsentFormVersion
from consent.queries import words as spelled
from consent.services import forms
from consent.shipped_forms import FORMS, words_of
from security.models import ClinicProfile
from tests.consent import asking
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
LAWS = list(ClinicProfile.Law.values)
EVERY_TRAIT = elements.traits(level=5, has_recipients=True, is_abroad=True)


def test_an_authorisation_asks_for_six_elements_and_three_statements():
    wanted = {one.key for one in elements.required(elements.AUTHORISATION, ["hipaa"], set())}
    assert wanted == {*elements.CORE, *elements.STATEMENTS}
    assert (len(elements.CORE), len(elements.STATEMENTS)) == (6, 3)
    assert not elements.required(elements.CONSENT, ["hipaa"], EVERY_TRAIT)


def test_separate_consent_names_recipients_necessity_and_what_is_abroad():
    wanted = {one.key: one for one in elements.required("consent", ["pipl"], EVERY_TRAIT)}
    articles = {key: one.article("consent", ["pipl"]) for key, one in wanted.items()}
    assert (articles["recipients"], articles["necessity"]) == ("PIPL 23", "PIPL 29, 30")
    assert articles["abroad"] == "PIPL 39"
    assert "abroad" not in {one.key for one in elements.required("consent", ["pipl"], set())}


@pytest.mark.parametrize("key", FORMS)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_shipped_words_say_what_every_law_wants_in_both_languages(key, language):
    title, said = words_of(key, language, clinic="The Clinic")
    assert title
    assert "{" not in "".join(said.values())
    for kind in ConsentForm.Kind.values:
        assert not elements.missing(said, kind, LAWS, EVERY_TRAIT)


@pytest.mark.parametrize(
    "key", [one.key for one in elements.required("authorisation", LAWS, EVERY_TRAIT)]
)
def test_words_that_miss_an_element_are_not_published(key):
    about = asking.purpose(is_cross_border=True, recipients=[{"name": "Lab"}])
    form = asking.form(about, kind="authorisation")
    said = forms.Words("en", "May we?", asking.texts("authorisation", **{key: "  "}))
    draft = forms.write(form_id=form.pk, words=said, by=None)
    with pytest.raises(forms.SaysTooLittle) as refused:
        forms.publish(version_id=draft.pk, is_material=False, by=None)
    assert [one.key for one in refused.value.missing] == [key]
    draft.refresh_from_db()
    assert draft.published_at is None


def test_published_words_carry_their_digest_and_never_change():
    row = asking.words()
    assert row.text_sha256 == verifier.digest(spelled.spelling(row))
    for change in ("title = 'Other'", "elements = '{}'", "text_sha256 = ''", "is_material = true"):
        refused = pytest.raises(DatabaseError, match="never changed")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE consent_consentformversion SET {change}")
    with pytest.raises(forms.NotADraft):
        forms.publish(version_id=row.pk, is_material=False, by=None)


def test_new_words_take_the_place_of_those_before_in_their_language_alone():
    form = asking.form()
    first, chinese = asking.words(form), asking.words(form, language="zh-hans")
    second = asking.words(form, purpose="Something more.")
    first.refresh_from_db()
    assert first.superseded_at is not None
    assert set(ConsentFormVersion.objects.in_force()) == {second, chinese}
    assert (second.number, second.text_sha256 != first.text_sha256) == (2, True)
    event = cast.events("consent.words.published")[-1]
    assert event.object_id == second.pk


def test_a_purpose_has_one_form_and_a_retired_one_makes_room():
    officer = cast.staff("compliance_officer")
    about = asking.purpose("research")
    first = asking.form(about)
    version = asking.words(first)
    with pytest.raises(forms.NotAForm, match="has a form"):
        asking.form(about)
    forms.retire(form_id=first.pk, by=officer)
    version.refresh_from_db()
    assert version.superseded_at is not None
    assert asking.form(about).key == "research-2"


@pytest.mark.parametrize(
    ("language", "title", "said"),
    [("fr", "May we?", {}), ("en", "  ", {}), ("en", "May we?", {"purpose": "x" * 4001})],
)
def test_words_that_nobody_could_be_shown_are_refused(language, title, said):
    with pytest.raises(forms.NotAForm):
        forms.write(form_id=asking.form().pk, words=forms.Words(language, title, said), by=None)


def test_shipped_forms_come_as_drafts_once_for_the_purposes_that_rest_on_consent():
    asking.purpose("marketing", is_per_channel=True, channels=["email", "sms"])
    asking.purpose("research")
    asking.purpose("billing")
    asking.purpose("teaching", grounds={"gdpr": "care"}, needs_separate_consent=False)
    made = forms.bring_shipped(by=None)
    assert [one.key for one in made] == ["marketing", "research"]
    assert not ConsentFormVersion.objects.filter(published_at__isnull=False).exists()
    languages = ConsentFormVersion.objects.filter(form=made[0]).values_list("language", flat=True)
    assert set(languages) == {code for code, _name in settings.LANGUAGES}
    assert forms.bring_shipped(by=None) == []
    draft = ConsentFormVersion.objects.filter(form=made[0]).first()
    assert forms.publish(version_id=draft.pk, is_material=True, by=None).is_material is False
