"""Whether a person asked the same before: shown to the officer, who decides what to make of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from audit import persons, working_days
from consent import clocks
from consent.models import RightsRequest
from security.classification import SubjectKind
from security.models import ClinicProfile

State, Kind = RightsRequest.State, RightsRequest.Kind
GIVEN = (State.GRANTED, State.PARTLY)
# More than this within a year looks like repetition for its own sake.
OFTEN = 4
YEAR = timedelta(days=365)
COPIES = (Kind.ACCESS, Kind.PORTABILITY)


def places(row: RightsRequest) -> Collection[UUID]:
    """Return the ids under which one person's requests are kept: a merge moves none of them."""
    if row.subject_of != SubjectKind.PATIENT:
        return [row.subject_id]
    register = persons.register()
    heir = register.heirs([row.subject_id]).get(row.subject_id, row.subject_id)
    return register.former(heir)


def _before(row: RightsRequest) -> QuerySet[RightsRequest]:
    same = RightsRequest.objects.filter(subject_id__in=places(row), kind=row.kind)
    earlier = same.filter(received_at__lte=row.received_at).exclude(pk=row.pk)
    return earlier.exclude(state__in=(State.WITHDRAWN, State.DUPLICATE)).order_by("-received_at")


def earlier(row: RightsRequest) -> list[RightsRequest]:
    """Return earlier requests of the same kind: those still open, and those of the last days."""
    since = row.received_at - timedelta(days=settings.RIGHTS_REPEAT_DAYS)
    wanted = Q(closed_at__isnull=True) | Q(received_at__gte=since)
    return list(_before(row).filter(wanted).defer("sealed")[:10])


def is_often(row: RightsRequest) -> bool:
    """Tell whether the same was asked so often within a year that it looks excessive."""
    return _before(row).filter(received_at__gt=row.received_at - YEAR).count() + 1 >= OFTEN


def may_charge(row: RightsRequest) -> bool:
    """Tell whether the law lets one charge: never the first time, but for a copy under HIPAA alone.

    The first accounting within twelve months is free (45 CFR 164.528(c)(2)).
    """
    if row.kind == Kind.ACCOUNTING:
        zone = working_days.zone()
        since = clocks.months_later(clocks.local_day(row.received_at, zone), -12)
        given = _before(row).filter(state__in=GIVEN).values_list("received_at", flat=True)
        return any(clocks.local_day(one, zone) > since for one in given)
    if row.kind in COPIES and row.laws == [ClinicProfile.Law.HIPAA]:
        return True
    return bool(earlier(row))
