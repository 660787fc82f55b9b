"""Erasing the personal part of an account: names, addresses, factors; the trail keeps a handle alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from security import trail
from security.classification import Scope, SubjectKind
from security.models import OneTimeLink, OutboxMessage, RecoveryCode, TotpFactor, User, UserIndex
from security.sealing import keys
from security.sealing.envelope import ERASED
from security.services import data_keys, one_time_links


@transaction.atomic
def erase(*, user_id: UUID, by: Any) -> User:
    """Erase what an account says of its person, for good; done twice, it changes nothing more.

    Details of what the person did (addresses, devices, reasons) open no more either: their key is destroyed.
    """
    user: User = User.objects.select_for_update().get(pk=user_id)
    subject = {"subject_ids": [user_id], "kind": SubjectKind.USER}
    if bytes(user.sealed) == ERASED and not keys.in_force(**subject):  # type: ignore[arg-type]
        return user
    one_time_links.revoke(user=user, kinds=OneTimeLink.Kind.values, by=by)
    factors = list(TotpFactor.objects.filter(user=user))
    mail = OutboxMessage._base_manager.filter(subject_id=user_id, recipient_kind=SubjectKind.USER)
    gone = [*factors, *mail]
    for rows in (UserIndex.objects.filter(row_id=user_id), RecoveryCode.objects.filter(user=user)):
        rows.delete()
    TotpFactor.objects.filter(user=user)._raw_delete(TotpFactor.objects.db)
    mail._raw_delete(mail.db)
    User._base_manager.filter(pk=user_id).update(
        sealed=ERASED, sealed_card=ERASED, version=user.version + 1, is_active=False,
        password=make_password(None), last_login=None,
    )  # fmt: skip
    user = User.objects.get(pk=user_id)
    data_keys.destroy(subject_ids=[user_id], kind=SubjectKind.USER, scopes=list(Scope), by=by)
    trail.record(
        "security.account.erased", subjects=[user_id], changed=[user], deleted=gone, obj=user, by=by
    )
    return user
