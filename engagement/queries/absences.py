"""Times without appointments, and what is booked in them all the same."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement import clocks
from engagement.models import Absence, Appointment
from engagement.queries import agenda
from patients.queries import colleagues
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import User

SHOWN = 200


def plans_for_all(reader: User) -> bool:
    """Tell whether somebody closes times of others and of the clinic, and not the own alone."""
    return reach_of_user(reader, Permission.APPOINTMENTS_WRITE) is Reach.ALL


def editable(reader: User) -> QuerySet[Absence]:
    """Return the absences that somebody may take back."""
    rows = Absence.objects.in_force().filter(ends_at__gt=timezone.now())
    return rows if plans_for_all(reader) else rows.filter(user=reader)


def listed(reader: User) -> list[dict[str, Any]]:
    """Return what is closed from now on, the next first, with how much is booked in it."""
    within = Appointment.objects.filter(
        state__in=Appointment.AHEAD,
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"),
    ).order_by()
    theirs = within.filter(clinician=OuterRef("user"))
    rows = (
        Absence.objects.in_force()
        .filter(ends_at__gt=timezone.now())
        .annotate(
            # Of a closed clinic everything counts, else what is booked with this person.
            booked=Case(When(user__isnull=True, then=_number(within)), default=_number(theirs))
        )
        .order_by("starts_at", "pk")[:SHOWN]
    )
    found: list[Any] = list(rows)
    where = clocks.zone()
    names = colleagues.names_of({one.user_id for one in found if one.user_id})
    mine = set(editable(reader).values_list("pk", flat=True))
    return [
        {
            "id": one.pk,
            "who": names.get(one.user_id, "") if one.user_id else _("Everybody"),
            "kind": one.get_kind_display(),
            "from": clocks.words(one.starts_at, where),
            "until": clocks.words(one.ends_at, where),
            "booked": one.booked or 0,
            "url": agenda.week_url(one.user_id, one.starts_at.astimezone(where).date())
            if one.user_id
            else agenda.day_url(one.starts_at.astimezone(where).date()),
            "may_remove": one.pk in mine,
        }
        for one in found
    ]


def _number(rows: QuerySet[Appointment]) -> Subquery:
    # One group of all rows: a count without grouping by what the rows are.
    counted = rows.annotate(one=Value(1)).values("one").annotate(number=Count("pk"))
    return Subquery(counted.values("number"), output_field=IntegerField())


def find(reader: User, absence_id: UUID) -> Absence:
    """Return an absence that somebody may take back; raise Absence.DoesNotExist."""
    found: Absence = editable(reader).get(pk=absence_id)
    return found
