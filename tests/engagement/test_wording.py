"""What a text may say by which way: sealed fields stay in the house, each finding says why."""

from datetime import date

import pytest
from django.utils import translation

from engagement import library, wording
from engagement.lanes import LANES
from engagement.queries import exclusions
from engagement.wording import Asked

OWN = "https://clinic.example"


def found(text, channel="email", title="Title", **fields):
    asked = Asked(channel, fields.get("is_clinical", False), OWN)
    content = {"en": {"title": title, "text": text}, "zh-hans": {"title": "标题", "text": "正文"}}
    return [(one.stops, one.what or str(one.text)) for one in wording.findings(content, asked)]


@pytest.mark.parametrize(
    ("text", "channel", "stops"),
    [
        ("Dear {{ name }}", "email", True), ("Dear {{ name }}", "sms", True),
        ("Dear {{ name }}", "wechat", True), ("Dear {{ name }}", "portal", False),
        ("Dear {{ name }}", "letter", False), ("{{ birth_on }}", "portal", True),
        ("{{ patient.names }}", "portal", True), ("{{ nonsense }}", "email", True),
        ("{% if x %}", "email", True), ("{{ clinic }", "email", True), ("{{ clinic }}", "email", False),
        ("<b>Hello</b>", "email", True), ("110101199001011234", "email", True),
        ("Your test results are here", "sms", True), ("您的检查结果已出", "sms", True),
        ("Your test results are here", "portal", False), ("Diabetes can be prevented", "email", False),
        ("x" * 4001, "email", True),
    ],
)  # fmt: skip
def test_the_check_stops_what_strangers_could_read(text, channel, stops):
    assert any(one[0] for one in found(text, channel)) is stops


def test_hints_do_not_stop_and_say_what_they_mean():
    assert found("See https://elsewhere.example/a") == [(False, "https://elsewhere.example/a")]
    assert found(f"See {OWN}/a") == []
    assert found("字" * 71, "sms")[0] == (False, "71")
    assert any(one[0] for one in found("Hello", is_clinical=True))
    assert not any(one[0] for one in found("Hello", "portal", is_clinical=True))


def test_every_message_names_the_way_out_and_no_field_is_left_over():
    text = wording.with_way_out("Hello {{ clinic }}", "zh-hans")
    assert wording.merged(text, {"clinic": "C", "opt_out": "https://x"}).endswith("https://x")
    assert wording.with_way_out("End: {{opt_out}}", "en") == "End: {{opt_out}}"
    content = {"en": {"title": "T", "text": "E"}, "zh-hans": {"title": "", "text": ""}}
    assert wording.in_language(content, "zh-CN") == ("T", "E", "en")


def test_the_library_is_whole_in_both_languages_and_passes_its_own_check():
    assert (len(library.TIPS), len(library.POLICIES), len(library.PAGES)) == (24, 12, 36)
    for page in library.PAGES.values():
        assert page.lane in LANES
        assert wording.findings(page.content(), Asked("email", False, OWN)) == []
    assert len({library.tip_of(day) for day in months()}) == 24


def months():
    return [date(2026 + number // 12, number % 12 + 1, 5) for number in range(24)]


def test_every_answer_of_consent_has_a_word_of_its_own():
    assert {word for _said, word in exclusions._SAID} <= set(exclusions.SENTENCES)
    with translation.override("en"):
        assert exclusions.sentence("withdrawn") == "Withdrew the consent"
