"""Day one of an owner: the set-up, the first administrator, the first nurse; then a lost phone and a leaver."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from django.utils import timezone, translation
from playwright.sync_api import expect

from crm.demo.clinic import Clinic
from security import trail
from security.models import OutboxMessage, User
from security.services import factor_resets, users
from tests import database
from tests.crm import small_demo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "seven quiet rivers 2026"
LOCALES = {"en": "en-GB", "zh-hans": "zh-CN"}
SAID = {
    "name": "Riverside Clinic", "name_zh": "河畔诊所", "time_zone": "Asia/Shanghai", "administrator_name": "Gao Zhiqiang 高志强",
    "administrator_email": "gao@example.org", "officer_name": "He Zhengping 何正平", "officer_email": "he@example.org",
}  # fmt: skip


@pytest.fixture
def clinic(server, django_db_blocker):
    """An installation in which nobody has an account yet; emptied afterwards."""
    with django_db_blocker.unblock():
        yield Clinic()
        database.empty()


def letter_to(email, topic):
    """Return the token in the newest message to an address."""
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        user = users.find_by_sign_in_name(kind=User.Kind.STAFF, typed=email)
        row = OutboxMessage.objects.filter(subject_id=user.pk, topic=topic).latest("created_at")
        return re.search(r"/link/\?t=([\w-]{43})", row.text)[1]


def sends(visitor):
    visitor.page.locator("main form button[type=submit]").first.click()


def chooses_password(visitor, token):
    """Open a link and choose a password."""
    visitor.goes(f"/link/?t={token}")
    expect(visitor.page).to_have_url(re.compile(r"/link/$"))
    for name in ("new", "again"):
        visitor.page.locator(f"input[name={name}]").fill(WORDS)
    sends(visitor)


def sets_factor_up(visitor):
    """Read the key of the second factor from the page, type its code, keep the codes, go on."""
    page = visitor.page
    expect(page.locator(".c-qr svg")).to_be_visible()
    page.locator(".c-secret summary").click()
    secret = "".join(page.locator(".c-secret__key span").all_inner_texts())
    page.locator("input[name=code]").press_sequentially(pyotp.TOTP(secret).now())
    expect(page.locator("[data-codes] li")).to_have_count(10)
    page.get_by_role("checkbox").check()
    sends(visitor)
    expect(page.locator(".c-nav")).to_be_visible()


@pytest.mark.parametrize("language", LOCALES)
def test_from_an_empty_server_to_a_nurse_who_signs_in(doors, language):
    options = {"locale": LOCALES[language]}
    code = re.search(r"^ {4}(\S{23})$", small_demo.run("setup_clinic", "--page"), flags=re.M)[1]
    owner = doors.open(**options)
    owner.goes("/setup/")
    expect(owner.page.locator("html")).to_have_attribute("lang", language)
    owner.look("set-up code")
    owner.shoots(f"setup-1-code-{language}")
    owner.page.locator("input[name=code]").fill(code.lower())
    sends(owner)
    owner.look("set-up")
    owner.shoots(f"setup-2-form-{language}")
    for name, value in SAID.items():
        owner.page.locator(f"input[name={name}]").fill(value)
    owner.expected.add(422)
    sends(owner)
    expect(owner.page.locator(".c-field__errors")).to_have_count(1)
    owner.look("set-up with an error")
    for law in ("gdpr", "pipl"):
        owner.page.locator(f"input[name=laws][value={law}]").check()
    sends(owner)
    links = owner.page.locator(".c-setup__links code")
    expect(links).to_have_count(2)
    addresses = links.all_inner_texts()
    owner.look("set-up done")
    owner.shoots(f"setup-3-done-{language}")
    owner.expected.add(404)
    assert owner.page.goto("/setup/").status == 404

    keeper = doors.open(**options)
    chooses_password(keeper, addresses[0].split("?t=")[1])
    sets_factor_up(keeper)
    keeper.sees("Gao Zhiqiang", within="body")
    keeper.goes("/admin/security/user/add/")
    for name, value in {"display_name": "Zhou Jing 周静", "email": "zhou@example.org"}.items():
        keeper.page.locator(f"[name={name}]").fill(value)
    keeper.page.locator("select[name=language]").select_option(language)
    keeper.shoots(f"people-1-invite-{language}")
    keeper.page.locator("input[type=submit]").click()
    keeper.sees("邀请邮件" if language != "en" else "its invitation is on its way", within="body")
    keeper.shoots(f"people-2-invited-{language}")
    keeper.goes("/admin/security/roleassignment/add/")
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        nurse = users.find_by_sign_in_name(kind=User.Kind.STAFF, typed="zhou@example.org")
    keeper.page.locator("[name=user]").select_option(str(nurse.pk))
    keeper.page.locator("[name=role]").select_option("nurse")
    keeper.page.locator("input[type=submit]").click()
    expect(keeper.page).to_have_url(re.compile("/roleassignment/$"))

    newcomer = doors.open(**options)
    token = letter_to("zhou@example.org", "account.invitation")
    newcomer.goes(f"/link/?t={token}")
    newcomer.look("invitation")
    newcomer.shoots(f"people-3-password-{language}")
    chooses_password(newcomer, token)
    sets_factor_up(newcomer)
    with translation.override(language):
        expected = translation.gettext("My patients")
    expect(newcomer.page.get_by_role("heading", level=1)).to_have_text(expected)
    newcomer.expected.add(400)
    newcomer.goes(f"/link/?t={token}")
    newcomer.look("link that is over")
    newcomer.shoots(f"people-4-over-{language}")


@pytest.mark.parametrize("language", LOCALES)
def test_forgotten_words_a_lost_phone_and_the_own_accesses(doors, language):
    said = small_demo.run(
        "setup_clinic", "--no-input", "--name=Riverside", "--law=gdpr", "--administrator-name=Gao",
        "--administrator-email=gao@example.org", "--officer-name=He", "--officer-email=he@example.org",
        f"--language={language}",
    )  # fmt: skip
    tokens = re.findall(r"\?t=([\w-]{43})", said)
    visitor = doors.open(locale=LOCALES[language])
    chooses_password(visitor, tokens[1])
    sets_factor_up(visitor)
    visitor.goes("/account/accesses/")
    visitor.look("no accesses yet")
    visitor.shoots(f"accesses-empty-{language}")

    away = doors.open(locale=LOCALES[language])
    away.goes("/sign-in/")
    away.page.locator("a[href='/sign-in/forgotten/']").click()
    away.look("forgotten")
    away.shoots(f"forgotten-1-{language}")
    away.page.locator("input[name=name]").fill("he@example.org")
    sends(away)
    expect(away.page).to_have_url(re.compile("/sent/$"))
    away.look("sent")
    away.shoots(f"forgotten-2-{language}")

    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        boss, officer = (
            users.find_by_sign_in_name(kind=User.Kind.STAFF, typed=f"{name}@example.org")
            for name in ("gao", "he")
        )
        factor_resets.start(user=officer, checked="in_person", note="Passport seen today", by=boss)
    away.goes("/sign-in/")
    away.expected.add(403)
    away.gives_password("he@example.org", WORDS)
    away.look("enrolment closed")
    away.shoots(f"factor-1-closed-{language}")
    away.goes(f"/link/?t={letter_to('he@example.org', 'account.factor_reset')}")
    away.look("lost factor")
    away.shoots(f"factor-2-password-{language}")
    away.page.locator("input[name=password]").fill(WORDS)
    sends(away)
    sets_factor_up(away)

    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        gone_on = timezone.localdate() - timedelta(days=1)
        users.end_on(user=officer, day=gone_on, by=boss)
    away.goes("/")
    expect(away.page).to_have_url(re.compile("/sign-in/"))
