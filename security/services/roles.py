"""Roles of people: given and ended with dates; Django's groups and the staff mark follow from them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security import context, trail
from security.access.categories import Reach
from security.access.gate import Refused
from security.access.permissions import Permission as P
from security.access.roles import ROLES, conflict, reach_of
from security.models import RoleAssignment, User

# What the administration site asks of Django; patients' data are not among it, whatever the role.
MANAGED = ("user", "roleassignment", "clearance", "unit", "membership")
MANAGER_PERMISSIONS = {f"{deed}_{model}" for model in MANAGED for deed in ("add", "change", "view")}
READER_PERMISSIONS = {f"view_{model}" for model in (*MANAGED, "datakey")}


class UnknownRole(Refused):
    """There is no role of this name for staff."""


class RolesConflict(Refused):
    """Nobody may both administer users and read patients."""


class OwnRole(Refused):
    """Nobody gives or ends the own roles."""


class EndsBefore(Refused):
    """A role ends after it begins."""


class NotStaff(Refused):
    """A patient's account holds no staff role."""


@transaction.atomic
def grant(
    *, user: User, role: str, by: User | None, ends_at: datetime | None = None
) -> RoleAssignment:
    """Give a role from now on, until an instant if one is named; the view asks for a fresh factor."""
    holder: User = User.objects.select_for_update().get(pk=user.pk)
    _refuse_unfit(holder, role, by, ends_at)
    held = set(_now_or_later(holder).values_list("role", flat=True))
    if conflict(held | {role}):
        raise RolesConflict(_("Nobody may both administer users and read patients' data."))
    given = RoleAssignment(user=holder, role=role, ends_at=ends_at, granted_by=by)
    given.save()
    trail.record(
        "security.role.granted",
        by=by,
        subjects=[holder.pk],
        changed=[given],
        obj=given,
        fields=[f"security.role.{role}"],
    )
    follow(user=holder, by=by)
    return given


def _refuse_unfit(user: User, role: str, by: User | None, ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= timezone.now():
        raise EndsBefore(_("The end lies in the past."))
    if role not in ROLES or role == "patient":
        raise UnknownRole(_("There is no such role."))
    if user.kind != User.Kind.STAFF:
        raise NotStaff(_("A patient's account holds no role of the staff."))
    if by is not None and by.pk == user.pk:
        raise OwnRole(_("You cannot change your own roles."))


@transaction.atomic
def end(*, assignment: RoleAssignment, by: User | None) -> RoleAssignment:
    """End a role now."""
    row = RoleAssignment.objects.select_for_update().get(pk=assignment.pk)
    if by is not None and by.pk == row.user_id:
        raise OwnRole(_("You cannot change your own roles."))
    now = timezone.now()
    if row.ends_at is None or row.ends_at > now:
        row.starts_at = min(row.starts_at, now)
        row.ends_at, row.ended_by = now, by
        row.save()
        trail.record(
            "security.role.ended",
            by=by,
            subjects=[row.user_id],
            changed=[row],
            obj=row,
            fields=[f"security.role.{row.role}"],
        )
        follow(user=User.objects.get(pk=row.user_id), by=by)
    return row


def _now_or_later(user: User) -> QuerySet[RoleAssignment]:
    # Roles that begin later conflict as well: they would begin without anybody asking again.
    return RoleAssignment.objects.filter(user_id=user.pk).filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now())
    )


@transaction.atomic
def follow(*, user: User, by: User | None) -> None:
    """Make a user's groups and staff mark what the roles in force say."""
    held = set(
        RoleAssignment.objects.in_force().filter(user_id=user.pk).values_list("role", flat=True)
    )
    wanted = set(Group.objects.filter(name__in=held))
    if set(user.groups.all()) != wanted:
        user.groups.set(wanted)
    administers = reach_of(held & set(ROLES), P.ADMINISTRATION_READ) is not Reach.NONE
    if user.is_staff != administers:
        row: User = User.objects.select_for_update().get(pk=user.pk)
        row.is_staff = administers
        row.advance()
        row.save()
        trail.record("security.user.staff_mark_set", by=by, subjects=[row.pk], changed=[row])
    context.current().forget_decisions()


def follow_all(*, since: timedelta | None = None) -> int:
    """Follow roles that began or ended by the clock, since a while ago or ever; return how many."""
    changed = RoleAssignment.objects.all()
    if since is not None:
        now = timezone.now()
        window = (now - since, now)
        changed = changed.filter(Q(starts_at__range=window) | Q(ends_at__range=window))
    people = User.objects.filter(pk__in=changed.values("user_id"))
    for user in people:
        follow(user=user, by=None)
    return len(people)


@transaction.atomic
def sync_groups() -> int:
    """Make one Django group per role and give each the model permissions that its role implies."""
    for key in ROLES:
        Group.objects.bulk_create([Group(name=key)], ignore_conflicts=True)
    groups = {group.name: group for group in Group.objects.filter(name__in=ROLES)}
    ids = dict(
        Permission.objects.filter(content_type__app_label="security").values_list("codename", "pk")
    )
    through = Group.permissions.through
    changes = 0
    for key, group in groups.items():
        wanted = {ids[name] for name in _model_permissions(key) if name in ids}
        rows = through.objects.filter(group_id=group.pk)
        held = set(rows.values_list("permission_id", flat=True))
        rows.exclude(permission_id__in=wanted).delete()
        # Written beside Django's own signal: groups are derived from the roles, not edited by people.
        through.objects.bulk_create(
            [through(group_id=group.pk, permission_id=one) for one in sorted(wanted - held)]
        )
        changes += len(wanted ^ held)
    return changes


def _model_permissions(role: str) -> set[str]:
    grants = ROLES[role].grants
    names: set[str] = set()
    if grants.get(P.ADMINISTRATION_READ) is Reach.ALL:
        names |= READER_PERMISSIONS
    if grants.get(P.ADMINISTRATION_MANAGE) is Reach.ALL:
        names |= MANAGER_PERMISSIONS
    return names
