"""The set-up of a clinic: its profile and the two people who begin, in one deed that happens once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from security import trail
from security.access.gate import Refused
from security.models import ClinicProfile, OneTimeLink, Unit, User
from security.sealing import normalise
from security.services import one_time_links, roles, units, users

Kind = OneTimeLink.Kind
# Two people from the first day: who gives access does not also watch over it (ISO 27001 A.5.3).
FIRST_ROLES = ("administrator", "compliance_officer")
# What higher apps do, in the same transaction, when the clinic has said what it is.
followers: list[Callable[[ClinicProfile], object]] = []


class SetUpAlready(Refused):
    """There are accounts already, so the set-up is over for good."""


class SamePerson(Refused):
    """The first administrator and the first compliance officer must be two people."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the clinic says of itself."""

    name: str
    name_zh: str
    laws: Sequence[str]
    languages: Sequence[str]
    time_zone: str
    guardian_age: int


@dataclass(frozen=True, slots=True)
class Person:
    """One of the two who begin."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class FirstLink:
    """The way in of one of the two, readable this once."""

    user: User
    role: str
    address: str


def profile() -> ClinicProfile | None:
    """Return the clinic's profile, None before the set-up."""
    return ClinicProfile.objects.first()


def is_set_up() -> bool:
    """Tell whether anybody has an account; from then on there is no set-up any more."""
    return User.objects.exists() or ClinicProfile.objects.exists()


@transaction.atomic
def open_page() -> str:
    """Make the code that opens the guided page, void the earlier one, and return it this once."""
    _refuse_second_time()
    return one_time_links.issue(user=None, kind=Kind.SETUP, by=None)


@transaction.atomic
def set_up(
    *,
    clinic: Profile,
    administrator: Person,
    officer: Person,
    language: str = "",
    link_id: UUID | None = None,
) -> list[FirstLink]:
    """Write the profile and make the first two accounts; return their links this once."""
    _refuse_second_time()
    if normalise.email(administrator.email) == normalise.email(officer.email):
        raise SamePerson(_("The administrator and the compliance officer are two people."))
    if link_id is not None:
        one_time_links.use(link_id=link_id, kinds=[Kind.SETUP])
    unit = units.create(name=clinic.name, name_zh=clinic.name_zh, kind=Unit.Kind.CLINIC, by=None)
    describe(clinic=clinic, unit=unit, by=None)
    # A code that was printed and not used opens nothing any more.
    one_time_links.revoke(user=None, kinds=[Kind.SETUP], by=None)
    people = zip(FIRST_ROLES, (administrator, officer), strict=True)
    spoken = language if language in clinic.languages else clinic.languages[0]
    return [_begin(role, person, spoken) for role, person in people]


@transaction.atomic
def describe(*, clinic: Profile, unit: Unit, by: User | None) -> ClinicProfile:
    """Write the profile of the clinic; there is one, and whoever comes second is refused."""
    row = ClinicProfile(
        unit=unit,
        name=clinic.name,
        name_zh=clinic.name_zh,
        laws=list(clinic.laws),
        languages=list(clinic.languages),
        time_zone=clinic.time_zone,
        guardian_age=clinic.guardian_age,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise SetUpAlready(_("This clinic is set up already; nothing was changed.")) from error
    trail.record("security.clinic.described", by=by, changed=[row], obj=row)
    for follow in followers:
        follow(row)
    return row


@transaction.atomic
def renew_links() -> list[FirstLink]:
    """Make new first links while nobody has ever signed in; the earlier ones are void."""
    people = User.objects.select_for_update().filter(kind=User.Kind.STAFF).order_by("created_at")
    if ClinicProfile.objects.first() is None or any(user.last_login for user in people):
        raise SetUpAlready(
            _("Somebody has signed in: an administrator sends the links from now on.")
        )
    held = {
        user.pk: user.role_assignments.values_list("role", flat=True).first() for user in people
    }
    return [_link(user, str(held[user.pk])) for user in people if held[user.pk] in FIRST_ROLES]


def _refuse_second_time() -> None:
    if is_set_up():
        raise SetUpAlready(_("This clinic is set up already; nothing was changed."))


def _begin(role: str, person: Person, language: str) -> FirstLink:
    user = users.create(
        kind=User.Kind.STAFF,
        display_name=person.name,
        email=person.email,
        language=language,
        by=None,
    )
    roles.grant(user=user, role=role, by=None)
    return _link(user, role)


def _link(user: User, role: str) -> FirstLink:
    token = one_time_links.issue(user=user, kind=Kind.INVITATION, by=None)
    return FirstLink(user, role, one_time_links.address_of(token))
