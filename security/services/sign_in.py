"""Both steps of a sign-in: equal answers and equal time for every name that does not get in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security import context, trail
from security.access.decision import actor_refusal
from security.ids import new_id
from security.models import TotpFactor, User
from security.sealing import index, keys
from security.services import browsers, factors, notices, throttle, users
from security.services.throttle import Counter


@dataclass(frozen=True, slots=True)
class Answer:
    """How one step ended: with a user or a factor, with a wait, or with neither: refused."""

    user: User | None = None
    factor: TotpFactor | None = None
    wait: timedelta | None = None
    is_stopped: bool = False


def first_factor(*, typed: str, password: str, browser: str) -> Answer:
    """Check name and password of a member of staff; `browser` is the cookie of a known browser."""
    user = users.find_by_sign_in_name(kind=User.Kind.STAFF, typed=typed)
    if user is None:
        # As many queries as an account costs, so that a name is not told from none.
        keys.opened(new_id().bytes)
    counters = _name_counters(typed, user, browser)
    wait = throttle.take(counters)
    if wait is not None:
        return Answer(wait=wait)
    if not _may_enter(user, password):
        _record_refusal(user)
        return Answer()
    throttle.forgive({one: 1 if one.limit is throttle.SOURCE else None for one in counters})
    return Answer(user=user)


def _name_counters(typed: str, user: User | None, browser: str) -> list[Counter]:
    known = browsers.known(cookie=browser, user=user)
    if known and user is not None:
        return [Counter(throttle.BROWSER, f"{known} {user.pk}")]
    kind = users.kind_of_name(typed)
    name = index.exact_hash(kind, typed).hex()
    source = throttle.source_of(context.current().address)
    return [
        Counter(throttle.SOURCE, source),
        Counter(throttle.PAIR, f"{source} {name}"),
        Counter(throttle.ACCOUNT, name),
    ]


def _may_enter(user: User | None, password: str) -> bool:
    if user is None:
        make_password(password)
        return False
    is_right = users.is_password(user=user, password=password)
    return is_right and actor_refusal(user) is None and not _first_password_is_over(user)


def _first_password_is_over(user: User) -> bool:
    return (
        user.must_change_password and timezone.now() - user.created_at > users.FIRST_PASSWORD_LASTS
    )


@transaction.atomic
def _record_refusal(user: User | None) -> None:
    # The account is what was knocked at, not who knocked; an unknown name is written nowhere.
    trail.record(
        "security.session.refused",
        outcome="refused",
        subjects=[user.pk] if user is not None else [],
    )


def own_password(*, user: User, password: str) -> Answer:
    """Check the password of somebody who is signed in, before it is changed."""
    counter = Counter(throttle.OWN, str(user.pk))
    wait = throttle.take([counter])
    if wait is not None:
        return Answer(wait=wait)
    if not users.is_password(user=user, password=password):
        return Answer()
    throttle.forgive({counter: None})
    return Answer(user=user)


def second_factor(*, user: User, code: str, pending: str, browser: str) -> Answer:
    """Check a code of a pending sign-in; too many wrong ones end it."""
    counters = _factor_counters(user, pending, browser)
    wait = throttle.take(counters)
    if wait is not None:
        return Answer(wait=wait)
    factor = factors.accept(user=user, code=code)
    tries, in_total = (throttle.failures(counter) for counter in counters)
    if factor is None:
        is_guessing = in_total >= throttle.FACTOR_STOP
        _record_wrong_code(user, is_guessing=is_guessing)
        return Answer(is_stopped=is_guessing or tries >= throttle.PENDING_STOP)
    # Failures of other sessions stay counted: the owner's success is no fresh start for a guesser.
    throttle.forgive({counters[0]: None, counters[1]: tries})
    return Answer(user=user, factor=factor)


def _factor_counters(user: User, pending: str, browser: str) -> list[Counter]:
    known = browsers.known(cookie=browser, user=user)
    in_total = (
        Counter(throttle.FACTOR_BROWSER, f"{known} {user.pk}")
        if known
        else Counter(throttle.FACTOR, str(user.pk))
    )
    return [Counter(throttle.PENDING, f"{pending} {user.pk}"), in_total]


@transaction.atomic
def _record_wrong_code(user: User, *, is_guessing: bool) -> None:
    trail.record("security.factor.refused", outcome="refused", subjects=[user.pk], by=user)
    if is_guessing:
        trail.record("security.factor.guessed", outcome="refused", subjects=[user.pk], by=user)
        notices.credential_changed(
            user=user,
            what=_(
                "Somebody who knows your password tried many wrong codes. Change your password."
            ),
            by=None,
        )
