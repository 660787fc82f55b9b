"""Which models are held against the states of their rows, and which not, and why.

A model is compared unless it stands here: whoever adds one records its rows, or gives a reason. What
no comparison covers, an administrator of the database could change unseen; docs/threat-model.md says so.
"""

from __future__ import annotations

from django.apps import apps
from django.db import models

from audit import names
from security.sealing.index import SearchIndex

NOT_COMPARED: dict[str, str] = {
    "admin.logentry": "written by the admin about changes that are journalled",
    "audit.access": "derived from the trail and made again by a replay",
    "audit.anchor": "how sending went; signed heads prove themselves",
    "audit.checkpoint": "a signed head, held by its signature",
    "audit.event": "the trail itself, held by its signed tree",
    "audit.heartbeat": "signs of life of processes, several a minute",
    "audit.leaf": "the trail itself, held by its signed tree",
    "audit.node": "the trail itself, held by its signed tree",
    "audit.pending": "the trail itself, held by its signed tree",
    "audit.stamp": "a time stamp, held by the signature of who gave it",
    "audit.state": "the trail itself, held by its signed tree",
    "audit.watchcursor": "how far monitoring came; written at every run",
    "audit.watched": "what monitoring looked at; deleted when it moved on",
    "auth.group": "made by migrations from the roles in the code",
    "auth.permission": "made by migrations from the models",
    "contenttypes.contenttype": "made by migrations from the models",
    "engagement.claim": "derived from appointments, which are compared",
    "guardian.groupobjectpermission": "not used: permissions on charts have a table of their own",
    "guardian.userobjectpermission": "not used: permissions on charts have a table of their own",
    "patients.chartpermission": "derived from care relationships, which are compared",
    "patients.code": "published code lists, read in by a command that records one event",
    "patients.codesystem": "published code lists, read in by a command that records one event",
    "patients.importrowerror": "derived from the file of an import",
    "patients.invoiceseries": "counters; what a number is given to is compared",
    "patients.numberseries": "counters; what a number is given to is compared",
    "security.datakey": "a wrapped key that was changed opens nothing; who it belongs to shows in its rows",
    "security.recoverycode": "written in bulk; factor deeds record events",
    "security.resetrequest": "a keyed hash that waits for its answer and is deleted by it",
    "security.throttle": "counters that are swept after a day",
    "sessions.session": "sign-in and sign-out are events",
}


def compared() -> list[type[models.Model]]:
    """Return the models whose rows have states, by the name that the trail gives them."""
    found = [
        model
        for model in apps.get_models()
        if not issubclass(model, SearchIndex) and model._meta.label_lower not in NOT_COMPARED
    ]
    return sorted(found, key=names.label_of)
