"""What monitoring asks of an account: a fresh factor, patience, or a new sign-in."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from security import trail
from security.models import User

SLOW_FOR = timedelta(hours=1)


@transaction.atomic
def ask_for_factor(*, user: User) -> None:
    """Ask for a fresh second factor at the next request of every session of an account."""
    User.objects.filter(pk=user.pk).update(fresh_factor_from=timezone.now())
    trail.record("security.user.factor_asked", subjects=[user.pk], obj=user)


@transaction.atomic
def slow_down(*, user: User) -> None:
    """Let charts open slowly for an hour."""
    User.objects.filter(pk=user.pk).update(slowed_until=timezone.now() + SLOW_FOR)
    trail.record("security.user.slowed", subjects=[user.pk], obj=user)


@transaction.atomic
def suspend(*, user: User) -> None:
    """End every session of an account, and let charts open slowly after the next sign-in."""
    now = timezone.now()
    User.objects.filter(pk=user.pk).update(sessions_from=now, slowed_until=now + SLOW_FOR)
    trail.record("security.session.suspended", subjects=[user.pk], obj=user)
