"""Keeping what is being typed, and ending it when it was saved or thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Draft
from patients.queries.drafts import is_protected
from security import trail
from security.access.gate import Refused
from security.models import User

MOST_CHARACTERS = 200_000
KEPT_FOR = timedelta(days=30)


class TooLong(Refused):
    """More text than a form can hold."""


@transaction.atomic
def keep(
    *,
    form: str,
    patient_id: UUID | None,
    target_id: UUID | None = None,
    target_version: int | None = None,
    content: Mapping[str, Any],
    is_restricted: bool = False,
    by: User,
) -> Draft:
    """Keep the content of a form as the writer's draft; a restricted one is sealed under that key.

    So is what is typed about an entry that is protected by now: a page that was opened before does not know.
    """
    if sum(len(name) + len(str(value)) for name, value in content.items()) > MOST_CHARACTERS:
        raise TooLong(_("This text is too long to be kept. Please shorten it."))
    is_restricted = is_restricted or is_protected(form, patient_id, target_id)
    # Two windows that keep the first draft of a form at once follow one another.
    list(User.objects.select_for_update(no_key=True).filter(pk=by.pk).values_list("pk"))
    found = Draft.objects.of_form(by, form=form, patient_id=patient_id, target_id=target_id)
    row = found.select_for_update(of=("self",)).first() or Draft(
        user=by, patient_id=patient_id, form=form, target_id=target_id
    )
    row.target_version, row.updated_at = target_version, timezone.now()
    row.content = None if is_restricted else dict(content)
    row.restricted_content = dict(content) if is_restricted else None
    if not row._state.adding:
        row.advance()
    row.save()
    _tell("patients.draft.kept", row, changed=[row], by=by)
    return row


@transaction.atomic
def drop(*, form: str, patient_id: UUID | None, target_id: UUID | None = None, by: User) -> bool:
    """End the writer's draft of a form; tell whether there was one."""
    found = Draft.objects.of_form(by, form=form, patient_id=patient_id, target_id=target_id)
    row = found.select_for_update(of=("self",)).first()
    if row is None:
        return False
    _tell("patients.draft.ended", row, deleted=[row], by=by)
    row.delete()
    return True


@transaction.atomic
def sweep() -> int:
    """Delete drafts that nobody touched for a month; return how many there were."""
    old = list(
        Draft.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(updated_at__lt=timezone.now() - KEPT_FOR)
        .defer("sealed", "sealed_restricted")[:1000]
    )
    if old:
        subjects = {row.patient_id for row in old if row.patient_id}
        trail.record("patients.draft.expired", subjects=subjects, counts={"drafts": len(old)})
        Draft.objects.filter(pk__in=[row.pk for row in old]).delete()
    return len(old)


def _tell(action: str, row: Draft, *, by: User, **rows: Any) -> None:
    trail.record(
        action, subjects=[row.patient_id] if row.patient_id else [], obj=row, by=by, **rows
    )
