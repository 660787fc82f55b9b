"""The register of purposes: shipped, entered, changed, taken into use, retired; every version stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent import shipped
from consent.models import (
    Consent,
    ConsentFormVersion,
    ProcessingPurpose,
    ProcessingPurposeVersion,
)
from consent.queries import purposes as queries
from security import context, trail
from security.access.gate import Refused
from security.models import ClinicProfile, User
from security.services import clinics

State = ProcessingPurpose.State


class Conflict(Exception):
    """Somebody else changed the purpose meanwhile; `row` is what is stored now."""

    def __init__(self, row: ProcessingPurpose) -> None:
        super().__init__(row.key)
        self.row = row


class Unfit(Refused):
    """What a purpose says can not be, under the laws of the clinic."""


class KeyTaken(Refused):
    """Another purpose has this key."""


class NotAssessed(Refused):
    """No signed-off impact assessment lets the purpose begin (GDPR 35, PIPL 55)."""


class NotNow(Refused):
    """The purpose is in no state in which this can be done."""


def install() -> None:
    """Fill the register when a clinic is described."""
    clinics.followers.append(fill)


def fill(profile: ClinicProfile) -> None:
    """Make the shipped purposes of a clinic that begins."""
    ship()


@transaction.atomic
def ship(*, by: User | None = None) -> int:
    """Make the shipped purposes that are not there yet, in use at once; return how many were made."""
    there = set(ProcessingPurpose.objects.values_list("key", flat=True))
    made = []
    for one in shipped.PURPOSES:
        if one.key not in there:
            said = _content(asdict(one))
            made.append(ProcessingPurpose(key=one.key, state=State.ACTIVE, changed_by=by, **said))
    if not made:
        return 0
    ProcessingPurpose.objects.bulk_create(made)
    versions = ProcessingPurposeVersion.objects.bulk_create(
        [_version(row, queries.SHIPPED, by) for row in made]
    )
    trail.record(
        "consent.purpose.shipped",
        by=by,
        changed=[*made, *versions],
        fields=[row.key for row in made],
        counts={"purposes": len(made)},
    )
    return len(made)


def _content(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a purpose says as its columns keep it."""
    kept = {name: said[name] for name in queries.CONTENT}
    lists = ("uses", "categories", "people", "channels")
    kept |= {name: [str(one) for one in kept[name]] for name in lists}
    kept["grounds"] = {str(law): key for law, key in kept["grounds"].items() if key}
    kept["recipients"] = [dict(one) for one in kept["recipients"]]
    return kept


def _version(row: ProcessingPurpose, reason: str, by: User | None) -> ProcessingPurposeVersion:
    return ProcessingPurposeVersion(
        purpose=row,
        number=row.version,
        content={**queries.content_of(row), "state": row.state},
        reason=reason,
        changed_by=by,
    )


@transaction.atomic
def add(*, key: str, content: Mapping[str, Any], reason: str, by: User) -> ProcessingPurpose:
    """Enter a purpose as a draft; it is used only once an impact assessment is signed off."""
    said = _fit(content)
    taken = _("Another purpose has this key. Choose another one.")
    if queries.same_key(key, ProcessingPurpose.objects.values_list("key", flat=True)):
        raise KeyTaken(taken)
    row = ProcessingPurpose(key=key, changed_by=by, **said)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise KeyTaken(taken) from error
    return _filed(row, "consent.purpose.entered", reason, by)


@transaction.atomic
def change(
    *, purpose_id: UUID, version: int, content: Mapping[str, Any], reason: str, by: User
) -> ProcessingPurpose:
    """Change what a purpose says; raise Conflict unless it is still the version that was read."""
    row = _locked(purpose_id)
    if row.version != version:
        raise Conflict(row)
    said = _fit(content)
    is_widened = row.state == State.ACTIVE and _widens(row, said)
    if is_widened and not queries.is_assessed(row):
        raise NotAssessed(
            _(
                "More data, uses, people, recipients or countries than before, or asking nobody any more, "
                "need an impact assessment that a second person signed off."
            )
        )
    for name, value in said.items():
        setattr(row, name, value)
    ended = _asked_anew(row) if is_widened else []
    return _filed(_advanced(row, by), "consent.purpose.changed", reason, by, ended)


def _asked_anew(row: ProcessingPurpose) -> list[models.Model]:
    """End what was agreed to when less was done (PIPL 14); nobody is asked until there are new words."""
    if not row.needs_consent(queries.laws_of_clinic()):
        return []
    now = timezone.now()
    words = ConsentFormVersion.objects.in_force().filter(form__purpose=row)
    agreed = Consent.objects.in_force(now).filter(purpose=row)
    shown = list(words.select_for_update(of=("self",)))
    ended = list(agreed.select_for_update(of=("self",)))
    for one in shown:
        one.superseded_at = now
    for consent in ended:
        consent.until, consent.version = now, consent.version + 1
    ConsentFormVersion.objects.bulk_update(shown, ["superseded_at"])
    # The nightly run writes the event of each.
    Consent.objects.bulk_update(ended, ["until", "version"], batch_size=2000)
    context.current().forget_decisions()
    return [*shown, *ended]


def _widens(row: ProcessingPurpose, said: Mapping[str, Any]) -> bool:
    """Tell whether more is done than before: data, uses, people, level, recipients, countries, unasked."""
    known, laws = {one["name"] for one in row.recipients}, queries.laws_of_clinic()
    then = ProcessingPurpose(key=row.key, **said)
    more = (set(said[name]) - set(getattr(row, name)) for name in ("categories", "uses", "people"))
    return (
        any(more)
        or (row.needs_consent(laws) and not then.needs_consent(laws))
        or (row.is_per_channel and not then.is_per_channel)
        or said["level"] > row.level
        or not {one["name"] for one in said["recipients"]} <= known
        or (said["is_cross_border"] and not row.is_cross_border)
    )


@transaction.atomic
def activate(*, purpose_id: UUID, by: User) -> ProcessingPurpose:
    """Take a purpose into use; raise NotAssessed without an assessment that is signed off and not over."""
    row = _locked(purpose_id)
    if row.state == State.ACTIVE:
        raise NotNow(_("This purpose is in use already."))
    _fit(queries.content_of(row))
    if not queries.is_assessed(row):
        raise NotAssessed(
            _(
                "A purpose begins only with an impact assessment that a second person signed off "
                "after its last change."
            )
        )
    row.state = State.ACTIVE
    reason = gettext("Taken into use after its impact assessment.")
    return _filed(_advanced(row, by), "consent.purpose.activated", reason, by)


@transaction.atomic
def retire(*, purpose_id: UUID, reason: str, by: User) -> ProcessingPurpose:
    """Use a purpose no longer; what rested on it allows nothing from now on."""
    row = _locked(purpose_id)
    if row.key in shipped.ESSENTIAL:
        raise NotNow(_("No clinic works without this purpose, so it stays in use."))
    if row.state == State.RETIRED:
        raise NotNow(_("This purpose was retired before."))
    row.state = State.RETIRED
    return _filed(_advanced(row, by), "consent.purpose.retired", reason, by)


def _fit(content: Mapping[str, Any]) -> dict[str, Any]:
    said = _content(content)
    wrong = queries.fault(said, queries.laws_of_clinic())
    if wrong:
        raise Unfit(wrong)
    return said


def _locked(purpose_id: UUID) -> ProcessingPurpose:
    return ProcessingPurpose.objects.select_for_update(of=("self",)).get(pk=purpose_id)


def _advanced(row: ProcessingPurpose, by: User) -> ProcessingPurpose:
    row.version, row.changed_at, row.changed_by = row.version + 1, timezone.now(), by
    row.save()
    return row


def _filed(
    row: ProcessingPurpose, action: str, reason: str, by: User, more: Sequence[models.Model] = ()
) -> ProcessingPurpose:
    """Keep the version that was just written, and record the deed."""
    version = _version(row, reason, by)
    version.save(force_insert=True)
    changed = [row, version, *more]
    trail.record(action, by=by, changed=changed, obj=row, fields=[row.key], reason=reason)
    return row
