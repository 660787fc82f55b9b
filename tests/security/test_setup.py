"""The set-up of a clinic: once, by two people's links, with the code of the command, and never again."""

import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import Event, State
from security.access.decision import roles_of
from security.models import ClinicProfile, OneTimeLink, Throttle, Unit, User
from security.sealing import keyring
from security.services import clinics, one_time_links, users
from tests.security.people import acting, chooses, opens, staff, with_factor

pytestmark = pytest.mark.django_db
SETUP = "/setup/"
SAID = {
    "name": "Riverside Clinic", "name_zh": "河畔诊所", "laws": ["gdpr", "pipl"], "languages": ["zh-hans", "en"],
    "time_zone": "Asia/Shanghai", "guardian_age": "14", "administrator_name": "Gao Zhiqiang",
    "administrator_email": "gao@example.org", "officer_name": "He Zhengping", "officer_email": "he@example.org",
}  # fmt: skip
FLAGS = {
    **{name: value for name, value in SAID.items() if name != "guardian_age"}, "guardian_age": 14, "no_input": True,
}  # fmt: skip


def run(**flags):
    out = io.StringIO()
    call_command("setup_clinic", stdout=out, stderr=io.StringIO(), **flags)
    return out.getvalue()


def code():
    return re.search(r"^ {4}([0-9A-Z-]{23})$", run(page=True), flags=re.M)[1]


def tokens(text):
    return re.findall(r"/link/\?t=([\w-]{43})", text)


# The command


def test_the_command_makes_the_clinic_and_two_people_with_two_links():
    said = run(**FLAGS)
    row = ClinicProfile.objects.get()
    assert (row.name, row.name_zh, row.laws) == ("Riverside Clinic", "河畔诊所", ["gdpr", "pipl"])
    assert (row.languages, row.time_zone, row.guardian_age) == (
        ["zh-hans", "en"],
        "Asia/Shanghai",
        14,
    )
    assert Unit.objects.get().kind == "clinic"
    held = {roles_of(user) for user in User.objects.all()}
    assert held == {("administrator",), ("compliance_officer",)}
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert len(tokens(said)) == 2
    assert "CUSTODIA_TIME_ZONE=Asia/Shanghai" in said
    for token in tokens(said):
        client = Client()
        assert opens(client, token).status_code == 200
        assert chooses(client, "seven quiet rivers 2026").url == reverse("security:enrol")
    event = Event.objects.get(action="security.clinic.described")
    assert event.system == "setup_clinic"
    assert State.objects.filter(event_id=event.pk).count() == 1


def test_a_second_run_changes_nothing_and_prints_no_link():
    run(**FLAGS)
    links = list(OneTimeLink.objects.values_list("digest", flat=True))
    for flags in (FLAGS, {**FLAGS, "name": "Other"}, {"page": True}, {"no_input": True}):
        with pytest.raises(CommandError, match="set up already"):
            run(**flags)
    assert list(OneTimeLink.objects.values_list("digest", flat=True)) == links
    assert (User.objects.count(), ClinicProfile.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": None}, "Name of the clinic"), ({"laws": None}, "Laws that apply"),
        ({"time_zone": "Moon/Crater"}, "no time zone"), ({"time_zone": "../../etc/passwd"}, "no time zone"),
        ({"guardian_age": -1}, "guardian"), ({"guardian_age": 99}, "guardian"), ({"officer_email": "he"}, "officer"),
        ({"officer_email": None}, "officer"), ({"officer_email": "GAO@example.org"}, "two people"),
        ({"name": "x" * 121}, "Name of the clinic"), ({"administrator_name": " "}, "administrator"),
        ({"name": "a\x00b"}, "Name of the clinic"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_said_and_nothing_is_made(wrong, says):
    with pytest.raises(CommandError) as said:
        run(**{**FLAGS, **wrong})
    assert says in str(said.value)
    assert not User.objects.exists()
    assert not ClinicProfile.objects.exists()
    assert not Unit.objects.exists()


def test_the_command_asks_for_what_no_flag_says(monkeypatch):
    asked = []
    answers = iter(
        [
            "",
            "Riverside Clinic",
            "",
            "gdpr, moon",
            "gdpr hipaa",
            "",
            "",
            "",
            "Gao",
            "gao",
            "gao@example.org",
            "He",
            "he@example.org",
        ]
    )

    def reply(prompt):
        asked.append(prompt)
        return next(answers)

    monkeypatch.setattr("builtins.input", reply)
    said = run()
    assert len(tokens(said)) == 2
    row = ClinicProfile.objects.get()
    assert (row.name, row.laws, row.languages) == (
        "Riverside Clinic",
        ["gdpr", "hipaa"],
        ["en", "zh-hans"],
    )
    assert (row.time_zone, row.guardian_age) == (settings.TIME_ZONE, 14)
    assert len(asked) == 13


def test_a_stopped_dialogue_makes_nothing(monkeypatch):
    def stop(_prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", stop)
    with pytest.raises(CommandError, match="nothing was changed"):
        run()
    assert not User.objects.exists()


def test_a_missing_keyring_is_made_and_one_that_is_there_stays(tmp_path, monkeypatch):
    path = tmp_path / "keys" / "keyring.json"
    monkeypatch.setattr(settings, "KEYRING_PATH", path)
    assert str(path) in run(**FLAGS)
    made = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert keyring.read(path)
    with pytest.raises(CommandError):
        run(**FLAGS)
    assert path.read_bytes() == made
    path.write_text("{}")
    with pytest.raises(CommandError, match="keyring"):
        run(page=True)


def test_first_links_are_made_anew_until_somebody_has_signed_in(client):
    old = tokens(run(**FLAGS))
    new = tokens(run(new_links=True))
    assert len(new) == 2
    assert opens(Client(), old[0]).status_code == 400
    opens(client, new[0])
    chooses(client, "seven quiet rivers 2026")
    User.objects.filter(pk=OneTimeLink.objects.get(used_at__isnull=False).user_id).update(
        last_login="2026-01-01T00:00Z"
    )
    with pytest.raises(CommandError, match="has signed in"):
        run(new_links=True)


def test_new_links_need_a_clinic():
    with pytest.raises(CommandError):
        run(new_links=True)


# The page


def test_the_page_leads_from_the_code_to_two_links_once(client):
    assert "setup_clinic --page" in client.get(SETUP).content.decode()
    typed = code()
    assert client.post(SETUP, {"code": f" {typed.lower()} "}).url == SETUP
    form = client.get(SETUP)
    assert "Two people who begin" in form.content.decode()
    done = client.post(SETUP, SAID)
    assert done.status_code == 200
    assert len(tokens(done.content.decode())) == 2
    assert "CUSTODIA_TIME_ZONE=Asia/Shanghai" in done.content.decode()
    assert done.headers["Cache-Control"] == "no-store"
    assert opens(Client(), tokens(done.content.decode())[1]).status_code == 200
    for browser in (client, Client()):
        assert browser.get(SETUP).status_code == 404
        assert browser.post(SETUP, {"code": typed}).status_code == 404
        assert browser.post(SETUP, SAID).status_code == 404


def test_without_the_code_nothing_is_set_up(client):
    assert client.post(SETUP, SAID).status_code == 422
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "typed",
    ["", "x", "AAAAA-AAAAA-AAAAA-AAAAA", "0" * 20, "' OR 1=1 --", "ａ" * 20, "1" * 61, "\x00" * 20],
)
def test_a_code_that_was_not_printed_opens_nothing(client, typed):
    code()
    assert client.post(SETUP, {"code": typed}).status_code == 422
    assert "Two people who begin" not in client.get(SETUP).content.decode()


def test_a_newer_code_voids_the_older_and_guessing_waits(client):
    older, newer = code(), code()
    assert client.post(SETUP, {"code": older}).status_code == 422
    for _turn in range(one_time_links.OPENING.free):
        client.post(SETUP, {"code": "AAAAA-AAAAA-AAAAA-AAAAA"})
    answer = client.post(SETUP, {"code": newer})
    assert b"Too many attempts" in answer.content
    Throttle.objects.all().delete()
    assert client.post(SETUP, {"code": newer}).status_code == 302


def test_a_code_opens_no_account_and_a_link_of_an_account_no_set_up(client):
    typed = one_time_links.plain_code(code())
    assert opens(client, typed).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"laws": []}, {"laws": ["moon"]}, {"languages": []}, {"languages": ["xx"]}, {"time_zone": "Nowhere"},
        {"guardian_age": "-1"}, {"guardian_age": "22"}, {"guardian_age": "fourteen"}, {"officer_email": "gao@example.org"},
        {"administrator_email": "no address"}, {"officer_name": ""}, {"name": "x" * 200}, {"name_zh": "\x00"},
    ],
)  # fmt: skip
def test_a_wrong_field_keeps_the_form_and_makes_nothing(client, wrong):
    client.post(SETUP, {"code": code()})
    answer = client.post(SETUP, {**SAID, **wrong})
    assert answer.status_code == 422
    assert "Two people who begin" in answer.content.decode()
    assert not User.objects.exists()
    assert not Unit.objects.exists()
    assert client.post(SETUP, SAID).status_code == 200


def test_where_anybody_has_an_account_the_page_is_not_there(client):
    user = staff("nurse")
    for _turn in range(2):
        for method in (client.get, client.post):
            assert method(SETUP).status_code == 404
    with acting():
        with pytest.raises(clinics.SetUpAlready):
            clinics.open_page()
        users.deactivate(user=user, by=None)
    with_factor(user)
    assert client.get(SETUP).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_set_ups_at_once_one_succeeds():
    def one(place):
        try:
            with acting():
                clinics.set_up(
                    clinic=clinics.Profile(f"Clinic {place}", "", ["gdpr"], ["en"], "UTC", 14),
                    administrator=clinics.Person("Gao", f"gao{place}@example.org"),
                    officer=clinics.Person("He", f"he{place}@example.org"),
                )
        except clinics.SetUpAlready:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == [False] * 7 + [True]
    assert (ClinicProfile.objects.count(), User.objects.count(), Unit.objects.count()) == (1, 2, 1)
