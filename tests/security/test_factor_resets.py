"""Lost second factors: identity checked by another, then the link and the password together; never one alone."""

import pytest
from django.test import Client
from django.urls import reverse

from audit import details
from audit.models import Event
from security.models import OneTimeLink, RecoveryCode, Throttle, TotpFactor
from security.services import factor_resets, factors, invitations, letters, users
from tests.security.people import (
    PASSWORD,
    acting,
    code_of,
    give_name,
    opens,
    signed_in,
    staff,
    token_of,
    with_factor,
)

pytestmark = pytest.mark.django_db
LINK = "/link/"
NOTE = "Staff card and passport seen at the desk"


@pytest.fixture
def boss():
    return staff("administrator", email="boss@example.org")


@pytest.fixture
def nurse():
    user = staff("nurse")
    with_factor(user)
    return user


def reset(boss, user, checked="in_person", note=NOTE):
    with acting(boss):
        factor_resets.start(user=user, checked=checked, note=note, by=boss)
    return token_of(user, "account.factor_reset")


def enrols(client, user):
    client.get(reverse("security:enrol"))
    pending = TotpFactor.objects.get(user=user, confirmed=False)
    return client.post(reverse("security:enrol"), {"code": code_of(pending)})


def test_the_link_and_the_password_together_set_a_new_factor_up(client, boss, nurse):
    token = reset(boss, nurse)
    assert not TotpFactor.objects.filter(user=nurse).exists()
    assert not RecoveryCode.objects.filter(user=nurse).exists()
    assert "new second factor" in opens(client, token).content.decode()
    assert client.post(LINK, {"password": PASSWORD}).url == reverse("security:enrol")
    assert len(enrols(client, nurse).context["codes"]) == 10
    assert client.get("/account/").status_code == 200
    with acting():
        assert not factors.needs_link(nurse)


def test_the_password_alone_sets_nothing_up(client, boss, nurse):
    reset(boss, nurse)
    assert give_name(client).status_code == 302
    for method in (client.get, client.post):
        answer = method(reverse("security:enrol"))
        assert answer.status_code == 403
        assert "Open the link that was sent to you" in answer.content.decode()
    assert not TotpFactor.objects.filter(user=nurse).exists()
    with acting(nurse):
        pending = factors.start(user=nurse)
        with pytest.raises(factors.NeedsLink):
            factors.confirm_first(user=nurse, factor=pending, code=code_of(pending))


def test_the_link_alone_sets_nothing_up(client, boss, nurse):
    token = reset(boss, nurse)
    opens(client, token)
    answer = client.post(LINK, {"password": "some other words"})
    assert answer.status_code == 422
    assert client.get(reverse("security:enrol")).url.startswith(reverse("security:sign_in"))
    row = OneTimeLink.objects.get(kind="factor_reset")
    assert row.used_at is None
    assert client.post(LINK, {"password": PASSWORD}).status_code == 302
    assert opens(Client(), token).status_code == 400


def test_guessing_the_password_with_the_link_is_slowed(client, boss, nurse):
    opens(client, reset(boss, nurse))
    answers = [client.post(LINK, {"password": f"guess {turn}"}) for turn in range(7)]
    assert b"Too many attempts" in answers[-1].content
    assert b"Too many attempts" in client.post(LINK, {"password": PASSWORD}).content
    Throttle.objects.all().delete()
    assert client.post(LINK, {"password": PASSWORD}).status_code == 302


def test_sessions_die_at_once(boss, nurse):
    at_work, half = Client(), Client()
    signed_in(at_work, nurse)
    give_name(half)
    reset(boss, nurse)
    assert at_work.get("/account/").url.startswith(reverse("security:sign_in"))
    assert half.get(reverse("security:enrol")).status_code == 403


def test_how_the_person_was_checked_is_kept_and_the_note_is_sealed(boss, nurse):
    reset(boss, nurse, checked="video")
    row = OneTimeLink.objects.get(kind="factor_reset")
    assert (row.checked, row.issued_by) == ("video", boss)
    event = Event.objects.get(action="security.link.issued", object_id=row.pk)
    assert event.actor_id == boss.pk
    assert NOTE.encode() not in bytes(event.detail)
    with acting(boss):
        assert (
            details.opened(bytes(event.detail), event_id=event.pk, actor_id=boss.pk).reason == NOTE
        )


@pytest.mark.parametrize(
    ("checked", "note"),
    [("", NOTE), ("hearsay", NOTE), ("video", ""), ("video", "short"), ("video", " " * 40)],
)
def test_without_saying_how_nothing_is_reset(boss, nurse, checked, note):
    with acting(boss), pytest.raises(factor_resets.NotChecked):
        factor_resets.start(user=nurse, checked=checked, note=note, by=boss)
    assert TotpFactor.objects.filter(user=nurse).exists()


def test_nobody_starts_it_for_the_own_account(boss):
    with_factor(boss)
    with acting(boss), pytest.raises(factors.OwnFactor):
        factor_resets.start(user=boss, checked="video", note=NOTE, by=boss)
    assert factors.is_set_up(boss)


def test_an_account_without_an_address_keeps_its_factor(boss):
    user = staff("nurse", email="", phone="+8613800138002")
    with_factor(user)
    with acting(boss), pytest.raises(letters.NoAddress):
        factor_resets.start(user=user, checked="video", note=NOTE, by=boss)
    assert factors.is_set_up(user)


def test_an_account_that_was_never_set_up_is_invited_instead(boss):
    user = staff("nurse", email="new@example.org")
    with acting(boss), pytest.raises(factor_resets.NothingToReset):
        factor_resets.start(user=user, checked="video", note=NOTE, by=boss)


def test_it_is_started_again_when_the_link_ran_out(client, boss, nurse):
    first = reset(boss, nurse)
    second = reset(boss, nurse)
    assert opens(Client(), first).status_code == 400
    opens(client, second)
    assert client.post(LINK, {"password": PASSWORD}).status_code == 302


def test_a_newer_invitation_after_a_check_leads_on_as_well(client, boss, nurse):
    reset(boss, nurse)
    with acting(boss):
        invitations.send_again(user=nurse, by=boss)
    opens(client, token_of(nurse, "account.invitation"))
    new = {"new": "seven quiet rivers 2026", "again": "seven quiet rivers 2026"}
    assert client.post(LINK, new).url == reverse("security:enrol")
    assert enrols(client, nurse).status_code == 200


def test_a_factor_that_was_set_up_meanwhile_is_not_doubled(boss, nurse):
    token = reset(boss, nurse)
    first = Client()
    opens(first, token)
    first.post(LINK, {"password": PASSWORD})
    enrols(first, nurse)
    assert first.get(reverse("security:enrol")).status_code == 302
    assert TotpFactor.objects.filter(user=nurse, confirmed=True).count() == 1


def test_a_disabled_person_gets_nowhere_with_the_link(client, boss, nurse):
    token = reset(boss, nurse)
    opens(client, token)
    with acting(boss):
        users.deactivate(user=nurse, by=boss)
    assert client.post(LINK, {"password": PASSWORD}).status_code == 400
