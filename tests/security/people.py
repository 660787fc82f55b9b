"""People for tests of signing in: staff with roles, factors and the codes of their apps."""

import re

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse

from security import trail
from security.models import OneTimeLink, OutboxMessage, User
from security.services import factors, invitations, roles, users

PASSWORD = "four wet boots 2026"
# Hashed once: forty sign-ins a file need no forty hashings of the same words.
_hashed: dict[str, str] = {}


def acting(actor=None):
    """Put the context of a command in force, for what is arranged before a request."""
    return trail.acting_for(actor=actor, system="" if actor else "tests", purpose="HSYSADMIN")


def staff(*held, email="nurse@example.org", name="Zhou Jing", **more):
    with acting(), transaction.atomic():
        user = users.create(
            kind=more.pop("kind", User.Kind.STAFF), display_name=name, email=email, by=None, **more
        )
        user.password = _hashed.setdefault(PASSWORD, make_password(PASSWORD))
        user.advance()
        user.save()
        for role in held:
            roles.grant(user=user, role=role, by=None)
        return User.objects.get(pk=user.pk)


def with_first_password(user):
    """Give an account the password on paper that earlier versions handed out."""
    password = "first words 2026"
    with acting(), transaction.atomic():
        row = User.objects.get(pk=user.pk)
        row.password, row.must_change_password = make_password(password), True
        row.advance()
        row.save()
    return password


def with_factor(user):
    with acting():
        pending = factors.start(user=user)
        made = factors.confirm_first(user=user, factor=pending, code=code_of(pending))
        factor = made.factor
        factor.last_step = -1
        factor.save(update_fields=["last_step"])
        return factor, made.codes


def code_of(factor, *, steps=0):
    with acting():
        generator = factors.oath(factor)
        generator.drift = steps
        return f"{generator.token():06d}"


def give_name(client, name="nurse@example.org", password=PASSWORD, **more):
    return client.post(reverse("security:sign_in"), {"name": name, "password": password}, **more)


def give_code(client, code, **more):
    return client.post(reverse("security:factor"), {"code": code}, **more)


def signed_in(client, user, *, address=None):
    """Sign in through both pages, as a person does; the session is whole and fresh afterwards."""
    factor = factors.of(user)[0] if factors.is_set_up(user) else with_factor(user)[0]
    factor.last_step = -1
    factor.save(update_fields=["last_step"])
    with acting():
        name = address or user.email
    assert give_name(client, name).status_code == 302
    assert give_code(client, code_of(factor)).status_code == 302
    return factor


def without_token(response):
    """Return a page without what differs in every answer: the form's token."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", response.content)


def token_of(user, topic):
    """Return the token in the newest letter of a topic to an account."""
    with acting():
        letter = OutboxMessage.objects.filter(subject_id=user.pk, topic=topic).latest("created_at")
        return re.search(r"/link/\?t=([\w-]{43})$", letter.text, flags=re.M)[1]


def opens(client, token):
    """Open a link as a browser does, and return the page behind its redirect."""
    return client.get(reverse("security:link"), {"t": token}, follow=True)


def chooses(client, password, again=None):
    """Fill in the page on which a link lets a password be chosen."""
    form = {"new": password, "again": password if again is None else again}
    return client.post(reverse("security:link"), form)


def link_of(user):
    """Return the newest link of an account."""
    return OneTimeLink.objects.filter(user=user).latest("created_at")


def is_refused(response):
    """Tell whether a page says that a link opens nothing."""
    return response.status_code == 400 and b"This link does not work" in response.content


def invite(boss, email="lin@example.org", name="Lin Xiaoyu"):
    """Invite a nurse, and return the account and the token of the letter."""
    with acting(boss):
        user = invitations.invite(display_name=name, email=email, language="en", by=boss)
        roles.grant(user=user, role="nurse", by=boss)
    return user, token_of(user, "account.invitation")


def make_stale(client, **keys):
    """Change times in the session of a client."""
    session = client.session
    session.update(keys)
    session.save()
