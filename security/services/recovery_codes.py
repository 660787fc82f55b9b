"""Recovery codes: ten for a lost app, each kept as a password hash and used once."""

from __future__ import annotations

import re
import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security import trail
from security.models import RecoveryCode, TotpFactor, User
from security.models.user import HANDLE_LETTERS
from security.services import notices

HOW_MANY = 10
GROUPS, LETTERS_IN_GROUP = 3, 4
# "3-7k2m-9xqa-w4tz": the first figure says which of the ten it is: one hash is checked, not ten.
SHAPE = re.compile(rf"^([0-9])([{HANDLE_LETTERS}]{{{GROUPS * LETTERS_IN_GROUP}}})$")


# Letters that are read for figures on paper.
LOOK_ALIKES = str.maketrans({"o": "0", "i": "1", "l": "1"})


def _plain(typed: str) -> str:
    return re.sub(r"[\s\-]", "", typed).lower().translate(LOOK_ALIKES)


def is_shaped(typed: str) -> bool:
    """Tell whether what was typed looks like a recovery code and not like a code of an app."""
    return bool(SHAPE.match(_plain(typed)))


def left(user: User) -> int:
    """Return how many codes of an account were not used yet."""
    return RecoveryCode.objects.filter(user_id=user.pk, used_at=None).count()


@transaction.atomic
def issue(*, user: User) -> list[str]:
    """Make ten new codes, void the old ones, and return them to be shown this once."""
    User.objects.select_for_update().get(pk=user.pk)
    old = list(RecoveryCode.objects.filter(user_id=user.pk))
    if old:
        trail.record("security.factor.recovery_voided", by=user, subjects=[user.pk], deleted=old)
        RecoveryCode.objects.filter(user_id=user.pk).delete()
    bodies = [_body() for _place in range(HOW_MANY)]
    rows = [
        RecoveryCode(user=user, ordinal=place, hashed=make_password(body))
        for place, body in enumerate(bodies)
    ]
    RecoveryCode.objects.bulk_create(rows)
    trail.record("security.factor.recovery_issued", by=user, subjects=[user.pk], changed=rows)
    if old:
        notices.credential_changed(
            user=user, what=_("Your recovery codes were made anew; the old ones are void."), by=user
        )
    return [_shown(place, body) for place, body in enumerate(bodies)]


def _body() -> str:
    return "".join(secrets.choice(HANDLE_LETTERS) for _place in range(GROUPS * LETTERS_IN_GROUP))


def _shown(ordinal: int, body: str) -> str:
    parts = [body[i : i + LETTERS_IN_GROUP] for i in range(0, len(body), LETTERS_IN_GROUP)]
    return "-".join([str(ordinal), *parts]).upper()


@transaction.atomic
def use(*, user: User, typed: str) -> TotpFactor | None:
    """Use a recovery code up; return the factor it stands in for, or None."""
    shaped = SHAPE.match(_plain(typed))
    if shaped is None:
        return None
    row = (
        RecoveryCode.objects.select_for_update()
        .filter(user_id=user.pk, ordinal=int(shaped[1]), used_at=None)
        .first()
    )
    if row is None or not check_password(shaped[2], row.hashed):
        return None
    row.used_at = timezone.now()
    row.save(update_fields=["used_at"])
    trail.record(
        "security.factor.recovery_used",
        by=user,
        subjects=[user.pk],
        changed=[row],
        obj=row,
        counts={"left": left(user)},
    )
    notices.credential_changed(user=user, what=_("A recovery code was used to sign in."), by=user)
    confirmed = TotpFactor.objects.filter(user_id=user.pk, confirmed=True)
    factor: TotpFactor | None = confirmed.order_by("pk").first()
    return factor
