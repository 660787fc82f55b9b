"""Which administration and configuration models django-auditlog journals, and which not, and why.

Clinical rows are never journalled: their deeds record the states of the rows they changed, bulk
deeds included, while auditlog misses bulk writes and costs more than twice a write.
"""

from __future__ import annotations

from functools import cache

from auditlog.registry import auditlog
from django.apps import apps
from django.db import models

from security.classification import SubjectKind
from security.sealing import SealedModel
from security.sealing.index import SearchIndex

_DATED = ("starts_at", "ends_at", "granted_by", "ended_by")
_DIRECTORY = ("identity", "active", "identifiers", "telecoms", "addresses")

# Plain columns by model; a sealed field has no column and can not stand here.
JOURNALLED: dict[str, tuple[str, ...]] = {
    "auth.group": ("name",),
    "guardian.groupobjectpermission": ("group", "permission", "content_type", "object_pk"),
    "guardian.userobjectpermission": ("user", "permission", "content_type", "object_pk"),
    "patients.organization": (*_DIRECTORY, "name", "types"),
    "patients.practitioner": (*_DIRECTORY, "names", "gender", "qualifications", "user"),
    "security.clearance": (*_DATED, "user", "reason"),
    "security.clinicprofile": (
        "unit", "name", "name_zh", "laws", "languages", "time_zone", "guardian_age",
    ),
    "security.membership": (*_DATED, "user", "unit"),
    "security.roleassignment": (*_DATED, "user", "role"),
    "security.unit": ("name", "name_zh", "kind", "parent", "is_active"),
    "security.user": (
        "handle", "kind", "password", "is_active", "is_staff", "is_superuser", "ends_on",
        "must_change_password",
    ),
}  # fmt: skip

# Relations that give permissions; auditlog would store the members' names, so it is not asked.
MEMBERSHIPS: tuple[tuple[str, str], ...] = (
    ("auth.group", "permissions"),
    ("security.user", "groups"),
    ("security.user", "user_permissions"),
)

NOT_JOURNALLED: dict[str, str] = {
    "admin.logentry": "written by the admin about changes that are journalled here",
    "audit.access": "derived from the trail and made again by a replay",
    "audit.casesubject": "about a patient: its deeds record its states",
    "audit.anchor": "how sending went; a change to failing and back is an event",
    "audit.checkpoint": "the trail itself",
    "audit.event": "the trail itself",
    "audit.heartbeat": "signs of life of processes, several a minute",
    "audit.leaf": "the trail itself",
    "audit.node": "the trail itself",
    "audit.pending": "the trail itself",
    "audit.recordcheck": "its deeds record its states",
    "audit.recordfinding": "its deeds record its states",
    "audit.stamp": "the trail itself",
    "audit.rulesetting": "its deeds record its states",
    "audit.reportschedule": "its deeds record its states",
    "audit.state": "the trail itself",
    "audit.watchcursor": "how far monitoring came; written at every run",
    "audit.watched": "what monitoring looked at; deleted when it moved on",
    "auditlog.logentry": "the journal itself",
    "auth.permission": "made by migrations from the models, never by people",
    "contenttypes.contenttype": "made by migrations from the models, never by people",
    "consent.calendarday": "its deeds record its states",
    "consent.consent": "about a patient: its deeds record its states",
    "consent.consenteffect": "about a patient: its deeds record its states",
    "consent.consentform": "its deeds record its states",
    "consent.consentformversion": "its deeds record its states",
    "consent.notice": "its deeds record its states",
    "consent.noticedelivery": "about a patient: its deeds record its states",
    "consent.noticetext": "its deeds record its states",
    "consent.impactassessment": "its deeds record its states",
    "consent.impactrisk": "its deeds record its states",
    "consent.meterreading": "its deeds record its states",
    "consent.meterrun": "its deeds record its states",
    "consent.overseasrecipient": "its deeds record its states",
    "engagement.cannedreply": "its deeds record its states",
    "engagement.campaign": "its deeds record its states",
    "engagement.contactrule": "its deeds record its states",
    "engagement.segment": "its deeds record its states",
    "engagement.absence": "its deeds record its states",
    "engagement.calendarfeed": "each issue and end is an event with the state of the row",
    "engagement.claim": "derived from appointments, which are events with their states",
    "engagement.letterbatch": "its deeds record its states",
    "engagement.messagelink": "each issue and use is an event with the state of the row",
    "engagement.planstep": "its deeds record its states",
    "engagement.plantemplate": "its deeds record its states",
    "engagement.questionnaire": "its deeds record its states",
    "engagement.room": "its deeds record its states",
    "engagement.service": "its deeds record its states",
    "engagement.servicepractitioner": "its deeds record its states",
    "engagement.survey": "its deeds record its states",
    "engagement.slotoffer": "about a patient: its deeds record its states",
    "engagement.workinghours": "its deeds record its states",
    "consent.paperform": "about a patient: its deeds record its states",
    "consent.processingpurpose": "its deeds record its states",
    "consent.processingpurposeversion": "its deeds record its states",
    "consent.transfer": "about a patient: its deeds record its states",
    "consent.transferperson": "about a patient: its deeds record its states",
    "consent.recipient": "its deeds record its states",
    "consent.erasureapproval": "its deed records its states",
    "consent.retentionrule": "its deeds record its states",
    "consent.retentionrun": "its deeds record its states",
    "consent.scopeoutcome": "about a patient: its deeds record its states",
    "patients.carerelationship": "about a patient: its deeds record its states",
    "patients.cashup": "its deed records its states",
    "patients.chartpermission": "derived from care relationships and rebuilt in bulk",
    "patients.code": "published code lists, read in by a command that records one event",
    "patients.codesystem": "published code lists, read in by a command that records one event",
    "patients.directoryresource": "import content without a screen; the import records its states",
    "patients.importbatch": "its deeds record its states",
    "patients.importchunk": "progress of an import; each chunk is an event with the states of its rows",
    "patients.importmapping": "how a person matched columns; the deed records its states",
    "patients.importrowerror": "derived from the file of an import; the check is an event",
    "patients.invoiceseries": "counters; the deed that takes a number records what it is given to",
    "patients.numberseries": "counters; the deed that takes a number records what it is given to",
    "patients.portalaccount": "about a patient: its deeds record its states",
    "patients.priceitem": "its deeds record its states",
    "patients.stafflink": "about a patient: its deeds record its states",
    "patients.teamassignment": "about a patient: its deeds record its states",
    "security.backup": "its deeds record its states",
    "security.datakey": "written by SQL of the sealing layer; key administration records events",
    "security.evidence": "its deeds record its states",
    "security.export": "its deeds record its states",
    "security.onetimelink": "each issue and use is an event with the state of the row",
    "security.recoverycode": "written in bulk; factor deeds record events",
    "security.resetrequest": "a keyed hash that waits for its answer and is deleted by it",
    "security.throttle": "counters that are swept after a day",
    "security.totpfactor": "sealed secret; factor deeds record its states",
    "sessions.session": "sign-in and sign-out are events",
}


def is_record(model: type[models.Model]) -> bool:
    """Tell whether a model holds what belongs to a person, covered by states, or indexes it."""
    if issubclass(model, SearchIndex):
        return True
    return issubclass(model, SealedModel) and model.subject_kind is not SubjectKind.USER


def register() -> None:
    """Register the journalled models, all values masked; raise LookupError for one that is gone."""
    for label, fields in JOURNALLED.items():
        auditlog.register(
            apps.get_model(label), include_fields=list(fields), mask_fields=list(fields)
        )


@cache
def fields_of(model: type[models.Model]) -> frozenset[str]:
    """Return the journalled fields of a model and their columns, if it is journalled."""
    named = JOURNALLED.get(model._meta.label_lower, ())
    fields = [field for field in model._meta.concrete_fields if field.name in named]
    return frozenset(name for field in fields for name in (field.name, field.attname))
