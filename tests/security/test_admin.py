"""The administration: gated like every page, writes by deeds alone, shows no sealed value and no hash."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from audit.models import Event
from security.access.decision import roles_of
from security.models import (
    DataKey,
    Membership,
    OneTimeLink,
    OutboxMessage,
    RoleAssignment,
    TotpFactor,
    Unit,
    User,
)
from security.services import units
from tests.security.people import acting, make_stale, signed_in, staff, with_factor
from tests.security.routes import every_route

pytestmark = [pytest.mark.django_db]
LISTS = ("user", "roleassignment", "clearance", "unit", "membership", "datakey")
CANARY = {"email": "canary.bird@example.org", "name": "Canary Bird", "phone": "+8613800138000"}


def address(model, page="changelist", *args):
    return reverse(f"admin:security_{model}_{page}", args=args)


@pytest.fixture
def boss():
    return staff("administrator", email="boss@example.org", name="Gao Zhiqiang")


@pytest.fixture
def nurse():
    return staff("nurse", **CANARY)


@pytest.fixture
def desk(client, boss):
    signed_in(client, boss)
    return client


@pytest.fixture
def auditor():
    client = Client()
    signed_in(client, staff("auditor", email="auditor@example.org"))
    return client


def chosen(action, *rows):
    return {"action": action, "_selected_action": [str(row.pk) for row in rows], "index": "0"}


# Who


def test_administrators_see_every_list_and_auditors_read_them(desk, auditor, nurse):
    for model in LISTS:
        assert desk.get(address(model)).status_code == 200, model
        assert auditor.get(address(model)).status_code == 200, model
    for model in LISTS[:-1]:
        assert desk.get(address(model, "add")).status_code == 200, model
        assert auditor.get(address(model, "add")).status_code == 403, model


def test_an_auditor_changes_nothing(auditor, nurse):
    held = RoleAssignment.objects.get(user=nurse)
    for model, form in {
        "roleassignment": chosen("end_now", held),
        "user": chosen("disable", nurse),
    }.items():
        assert auditor.post(address(model), form).status_code == 403
    form = {"user": str(nurse.pk), "role": "physician"}
    assert auditor.post(address("roleassignment", "add"), form).status_code == 403
    assert roles_of(nurse) == ("nurse",)
    assert User.objects.get(pk=nurse.pk).is_active
    assert b"end_now" not in auditor.get(address("roleassignment")).content


@pytest.mark.parametrize("role", ["physician", "receptionist", "finance", "compliance_officer"])
def test_other_roles_get_in_nowhere(client, role):
    signed_in(client, staff(role))
    for name, path, pattern in every_route():
        if name.startswith("admin:") and pattern.callback.gate.kind == "requires":
            assert client.get(path).status_code == 403, name


def test_a_superuser_without_the_role_gets_in_nowhere(client):
    user = staff("nurse")
    with acting():
        row = User.objects.get(pk=user.pk)
        row.is_superuser = row.is_staff = True
        row.advance()
        row.save()
    signed_in(client, user)
    assert client.get(reverse("admin:index")).status_code == 403
    assert client.get(address("user")).status_code == 403


def test_djangos_own_ways_in_and_out_are_ours(desk, boss):
    anonymous = Client()
    sign_in = reverse("security:sign_in")
    assert anonymous.get(reverse("admin:login")).url == sign_in
    form = {"username": boss.handle, "password": "four wet boots 2026"}
    assert anonymous.post(reverse("admin:login"), form).url == sign_in
    assert not anonymous.session.keys()
    assert desk.get(reverse("admin:password_change")).url == reverse("security:password_change")
    assert desk.get(reverse("admin:logout")).status_code == 405
    assert desk.post(reverse("admin:logout")).url == reverse("security:signed_out")
    assert desk.get(reverse("admin:index")).url.startswith(sign_in)


# What is shown


def test_no_page_shows_a_sealed_value_a_hash_or_a_secret(desk, nurse):
    signed_in(Client(), nurse)
    with acting():
        secret = TotpFactor.objects.get(user=nurse).secret
    pages = [address(model) for model in LISTS]
    pages += [address("user", "change", nurse.pk), address("user", "history", nurse.pk)]
    held = RoleAssignment.objects.get(user=nurse)
    pages += [address("roleassignment", "change", held.pk), address("roleassignment", "add")]
    pages += [reverse("admin:index")]
    for page in pages:
        answer = desk.get(page)
        assert answer.status_code == 200, page
        content = answer.content.decode()
        for value in (*CANARY.values(), "Canary", "canary", "13800138000", "argon2", secret):
            assert value not in content, (page, value)
    assert "C••• B•••" in desk.get(address("user")).content.decode()


def test_who_looked_at_masked_names_is_recorded(desk, nurse, boss):
    desk.get(address("user"))
    event = Event.objects.filter(action="security.record.read").latest("recorded_at")
    assert event.actor_id == boss.pk
    assert nurse.pk in event.subjects


def test_a_list_costs_the_same_for_one_person_and_for_ten(desk, django_assert_max_num_queries):
    counts = []
    for number in range(2):
        for turn in range(1 + 9 * number):
            staff("nurse", email=f"{number}.{turn}@example.org")
        with django_assert_max_num_queries(60) as seen:
            assert desk.get(address("user")).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_keys_are_counts_and_no_key_has_a_page(desk, nurse):
    page = desk.get(address("datakey")).content.decode()
    key = DataKey.objects.get(subject_id=nurse.pk)
    assert str(key.pk) not in page
    assert key.wrapped.hex() not in page
    for tail in (f"{key.pk}/change/", f"{key.pk}/", "add/", f"{key.pk}/delete/"):
        assert desk.get(address("datakey") + tail).status_code in {302, 404}


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=argon2", "user__password__startswith=a", "sealed__isnull=1",
        "index_rows__exact__isnull=0", "totpfactor__last_step__gt=1", "user__sealed_card__isnull=0",
        "role_assignments__role=nurse", "recovery_codes__hashed__contains=a", "o=9", "_to_field=password",
    ],
)  # fmt: skip
def test_lists_answer_no_question_they_do_not_offer(desk, nurse, query):
    for model in ("user", "roleassignment", "membership", "unit", "clearance"):
        answer = desk.get(f"{address(model)}?{query}")
        assert answer.status_code in {200, 302, 400}
        if answer.status_code == 200:
            # Ignored, not answered: the list is the whole list.
            assert b"1 result" not in answer.content


@pytest.mark.parametrize("query", ["kind__exact=staff", "is_active__exact=1", "q=u-"])
def test_lists_answer_the_questions_they_offer(desk, nurse, query):
    assert desk.get(f"{address('user')}?{query}").status_code == 200


# What is written


def test_an_account_is_made_and_nobody_but_its_person_gets_a_secret(desk, boss):
    form = {
        "display_name": "Canary Bird", "email": "canary.bird@example.org", "phone": "",
        "language": "zh-hans",
    }  # fmt: skip
    made = desk.post(address("user", "add"), form, follow=True)
    user = User.objects.get(language="zh-hans")
    assert user.handle in made.content.decode()
    for text in ("canary", "Canary", "/link/", "?t="):
        assert text not in made.content.decode()
    event = Event.objects.filter(action="security.user.created").latest("recorded_at")
    assert (event.actor_id, event.subjects) == (boss.pk, [user.pk])
    with acting():
        letter = OutboxMessage.objects.get(topic="account.invitation")
        assert letter.address == "canary.bird@example.org"
        assert "一次" in letter.text
        assert "/link/?t=" in letter.text
    assert not user.has_usable_password()


def test_an_account_without_an_address_for_its_link_is_not_made(desk):
    form = {"display_name": "X", "email": "", "phone": "+8613800138009", "language": "en"}
    answer = desk.post(address("user", "add"), form)
    assert answer.status_code == 200
    assert "required" in answer.content.decode()
    assert User.objects.count() == 1


def test_a_name_that_is_taken_is_a_sentence_in_the_form(desk, nurse):
    form = {"display_name": "X", "email": CANARY["email"], "phone": "", "language": "en"}
    answer = desk.post(address("user", "add"), form)
    assert "Another account uses this" in answer.content.decode()
    assert User.objects.count() == 2


def test_a_role_is_given_and_ended(desk, boss):
    user = staff(email="new@example.org")
    form = {"user": str(user.pk), "role": "nurse"}
    assert desk.post(address("roleassignment", "add"), form).status_code == 302
    held = RoleAssignment.objects.get(user=user)
    assert (held.role, held.granted_by) == ("nurse", boss)
    assert desk.post(address("roleassignment"), chosen("end_now", held)).status_code == 302
    assert roles_of(user) == ()
    assert RoleAssignment.objects.get(user=user).ended_by == boss


@pytest.mark.parametrize("model", ["roleassignment", "clearance", "membership", "user"])
def test_giving_access_asks_for_a_fresh_factor(desk, nurse, model):
    make_stale(desk, factor_at=0)
    for answer in (
        desk.get(address(model, "add")),
        desk.post(address(model, "add"), {"user": str(nurse.pk), "role": "physician"}),
        desk.post(address(model), chosen("end_now")),
    ):
        assert answer.url.startswith(reverse("security:step_up"))
    assert roles_of(nurse) == ("nurse",)
    assert desk.get(address(model)).status_code == 200


def test_conflicts_and_own_roles_are_sentences_in_the_form(desk, boss, nurse):
    conflict = {"user": str(nurse.pk), "role": "administrator"}
    answer = desk.post(address("roleassignment", "add"), conflict)
    assert "both administer users and read" in answer.content.decode()
    own = {"user": str(boss.pk), "role": "auditor"}
    answer = desk.post(address("roleassignment", "add"), own)
    assert "your own roles" in answer.content.decode()
    assert (roles_of(nurse), roles_of(boss)) == (("nurse",), ("administrator",))


def test_accounts_are_disabled_and_enabled_but_not_ones_own(desk, boss, nurse):
    desk.post(address("user"), chosen("disable", nurse))
    assert not User.objects.get(pk=nurse.pk).is_active
    desk.post(address("user"), chosen("enable", nurse))
    assert User.objects.get(pk=nurse.pk).is_active
    both = desk.post(address("user"), chosen("disable", nurse, boss), follow=True)
    assert "your own account" in both.content.decode()
    assert User.objects.filter(is_active=True).count() == 2


def test_a_lost_factor_is_reset_only_after_saying_how_the_person_was_checked(desk, nurse):
    signed_in(Client(), nurse)
    asked = desk.post(address("user"), chosen("reset_factor", nurse))
    assert "identity checked" in asked.content.decode()
    assert TotpFactor.objects.filter(user=nurse).exists()
    for said in (
        {},
        {"checked": "in_person"},
        {"checked": "guess", "note": "x" * 20},
        {"checked": "video", "note": "short"},
    ):
        again = desk.post(address("user"), chosen("reset_factor", nurse) | {"apply": "1"} | said)
        assert again.status_code == 200
        assert TotpFactor.objects.filter(user=nurse).exists()
    said = {"apply": "1", "checked": "in_person", "note": "Passport seen at the desk"}
    assert desk.post(address("user"), chosen("reset_factor", nurse) | said).status_code == 302
    assert not TotpFactor.objects.filter(user=nurse).exists()
    assert Event.objects.filter(action="security.factor.started_anew").count() == 1


def test_nobody_resets_the_own_factor_and_a_stale_factor_resets_none(desk, boss, nurse):
    signed_in(Client(), nurse)
    said = {"apply": "1", "checked": "in_person", "note": "Passport seen at the desk"}
    own = desk.post(address("user"), chosen("reset_factor", boss) | said, follow=True)
    assert "Another administrator" in own.content.decode()
    both = desk.post(address("user"), chosen("reset_factor", boss, nurse) | said, follow=True)
    assert "One person at a time" in both.content.decode()
    make_stale(desk, factor_at=0)
    answer = desk.post(address("user"), chosen("reset_factor", nurse) | said)
    assert answer.url.startswith(reverse("security:step_up"))
    assert TotpFactor.objects.filter(user__in=[boss, nurse]).count() == 2


def test_the_last_day_is_set_and_taken_back(desk, nurse):
    first = desk.post(address("user"), chosen("set_last_day", nurse))
    assert "Last day" in first.content.decode()
    bad = desk.post(
        address("user"), chosen("set_last_day", nurse) | {"apply": "1", "day": "2026-13-40"}
    )
    assert "Enter a valid date" in bad.content.decode()
    desk.post(address("user"), chosen("set_last_day", nurse) | {"apply": "1", "day": "2031-01-31"})
    assert str(User.objects.get(pk=nurse.pk).ends_on) == "2031-01-31"
    desk.post(address("user"), chosen("set_last_day", nurse) | {"apply": "1", "day": ""})
    assert User.objects.get(pk=nurse.pk).ends_on is None


def test_an_invitation_is_sent_again_until_the_account_is_in_use(desk):
    form = {"display_name": "New", "email": "new@example.org", "phone": "", "language": "en"}
    desk.post(address("user", "add"), form)
    user = User.objects.get(last_login=None)
    desk.post(address("user"), chosen("invite_again", user))
    links = OneTimeLink.objects.filter(user=user)
    assert [bool(one.revoked_at) for one in links.order_by("created_at")] == [True, False]
    with_factor(user)
    again = desk.post(address("user"), chosen("invite_again", user), follow=True)
    assert "in use" in again.content.decode()
    assert links.count() == 2


def test_units_and_memberships_are_made_and_ended(desk, nurse):
    form = {"name": "Chronic care", "name_zh": "慢病管理组", "kind": "team", "parent": ""}
    assert desk.post(address("unit", "add"), form).status_code == 302
    assert "Another unit" in desk.post(address("unit", "add"), form).content.decode()
    team = Unit.objects.get()
    joined = {"user": str(nurse.pk), "unit": str(team.pk)}
    assert desk.post(address("membership", "add"), joined).status_code == 302
    desk.post(address("membership"), chosen("end_now", Membership.objects.get()))
    assert not Membership.objects.in_force().exists()
    desk.post(address("unit"), chosen("close", team))
    assert not Unit.objects.get().is_active


def test_a_clearance_is_given_with_its_reason(desk, nurse):
    form = {"user": str(nurse.pk), "reason": "HIV clinic"}
    assert desk.post(address("clearance", "add"), form).status_code == 302
    assert nurse.clearances.in_force().exists()


def test_nothing_is_changed_or_deleted_by_django_itself(desk, nurse):
    held = RoleAssignment.objects.get(user=nurse)
    with acting():
        unit = units.create(name="Ward", kind="department", by=None)
    for model, row in {"user": nurse, "roleassignment": held, "unit": unit}.items():
        change = address(model, "change", row.pk)
        form = {"is_staff": "on", "is_superuser": "on", "role": "administrator", "name": "Else"}
        assert desk.post(change, form).status_code == 403, model
        assert desk.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        desk.post(address(model), chosen("delete_selected", row) | {"post": "yes"})
        assert type(row).objects.filter(pk=row.pk).exists()
    assert roles_of(nurse) == ("nurse",)
    assert not User.objects.get(pk=nurse.pk).is_staff
    assert Unit.objects.get().name == "Ward"


def test_more_fields_than_a_form_has_change_nothing(desk):
    form = {
        "display_name": "X", "email": "x@example.org", "phone": "", "language": "en",
        "is_staff": "on", "is_superuser": "on", "kind": "patient", "handle": "boss", "role": "administrator",
    }  # fmt: skip
    desk.post(address("user", "add"), form)
    user = User.objects.get(is_active=True, last_login=None)
    assert (user.is_staff, user.is_superuser, user.kind) == (False, False, "staff")
    assert user.handle != "boss"
    assert roles_of(user) == ()


def test_djangos_log_names_handles_only(desk, nurse):
    desk.post(address("user"), chosen("disable", nurse))
    desk.post(address("roleassignment", "add"), {"user": str(nurse.pk), "role": "finance"})
    form = {
        "display_name": "Canary Two",
        "email": "canary2@example.org",
        "phone": "",
        "language": "en",
    }
    desk.post(address("user", "add"), form)
    texts = list(LogEntry.objects.values_list("object_repr", "change_message"))
    assert texts
    assert not any("anary" in text or "@" in text for pair in texts for text in pair)
    assert nurse.handle in dict(texts)


def test_only_our_lists_and_the_journal_are_registered():
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered == {f"security.{model}" for model in LISTS} | {"auditlog.logentry"}
