"""The purpose a session states for its work."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from security import context, trail
from security.access.decision import purposes_of
from security.access.gate import PURPOSE, Refused
from security.models import User


class NotYours(Refused):
    """None of the user's roles includes this purpose."""


@transaction.atomic
def state(*, session: MutableMapping[str, Any], purpose: str, by: User) -> None:
    """State why this session works with records from now on."""
    if purpose not in {str(one) for one in purposes_of(by)}:
        raise NotYours(_("Your roles do not include this purpose."))
    trail.record("security.session.purpose_stated", by=by, subjects=[by.pk], purpose=purpose)
    session[PURPOSE] = purpose
    context.current().purpose = purpose
    context.current().forget_decisions()
