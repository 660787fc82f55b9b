"""What explains that a colleague opened a record: care, a visit, a referral, a bill, an emergency."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db import connection

from patients.models import Patient
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.registry import Basis
from security.access.roles import ROLES
from security.monitoring import Access, explainer, knower

# Grounds that the gate itself found at the time and that leave a row or an own event.
SELF_EVIDENT = {Basis.BREAK_GLASS: "emergency", Basis.CASE: "case", Basis.SYSTEM: "system"}
# Letters and results come after a relationship has ended.
SPANS = {"grace": "30 days", "visit": "30 days", "bill": "90 days", "around": "1 day"}
# Work that makes somebody open the record, before or after it.
OWN_WORK = (
    "patients.patient.registered", "patients.patient.merged", "patients.handover.made",
    "patients.glass.opened", "patients.access_request.accepted",
)  # fmt: skip

# The first ground that holds; each is one look into an index. A visit explains the practitioner, whoever
# shares a unit with the practitioner, and the desks, which serve every visitor; a bill explains the desks.
STATEMENT = """
SELECT a.request, CASE
    WHEN EXISTS (SELECT FROM patients_carerelationship r
        WHERE r.user_id = a.actor AND r.patient_id = a.subject AND r.source <> 'import'
          AND r.starts_at <= a.at AND (r.ends_at IS NULL OR r.ends_at > a.at - %(grace)s::interval))
        THEN 'care'
    WHEN a.is_desk AND EXISTS (SELECT FROM patients_encounter e
        WHERE e.patient_id = a.subject
          AND e.occurred_at BETWEEN a.at - %(visit)s::interval AND a.at + %(visit)s::interval)
        THEN 'visit'
    WHEN a.is_desk AND EXISTS (SELECT FROM patients_invoice i
        WHERE i.patient_id = a.subject
          AND i.created_at BETWEEN a.at - %(bill)s::interval AND a.at + %(visit)s::interval)
        THEN 'bill'
    WHEN NOT a.is_desk AND EXISTS (SELECT FROM patients_encounter e
        JOIN patients_practitioner p ON p.id = e.practitioner_id
        WHERE e.patient_id = a.subject
          AND e.occurred_at BETWEEN a.at - %(visit)s::interval AND a.at + %(visit)s::interval
          AND (p.user_id = a.actor OR EXISTS (SELECT FROM security_membership mine
              JOIN security_membership theirs
                ON theirs.unit_id = mine.unit_id AND theirs.user_id = p.user_id
              WHERE mine.user_id = a.actor
                AND mine.starts_at <= a.at AND (mine.ends_at IS NULL OR mine.ends_at > a.at)
                AND theirs.starts_at <= a.at AND (theirs.ends_at IS NULL OR theirs.ends_at > a.at))))
        THEN 'visit'
    WHEN EXISTS (SELECT FROM patients_referral q
        WHERE q.patient_id = a.subject AND (q.asked_of_id = a.actor OR q.asked_by_id = a.actor)
          AND q.asked_at BETWEEN a.at - %(bill)s::interval AND a.at + interval '1 day')
        THEN 'referral'
    WHEN EXISTS (SELECT FROM patients_accessrequest q
        WHERE q.patient_id = a.subject AND (q.asked_by_id = a.actor OR q.answered_by_id = a.actor)
          AND q.state = 'accepted' AND a.at BETWEEN q.asked_at AND q.asked_at + %(bill)s::interval)
        THEN 'request'
    WHEN EXISTS (SELECT FROM audit_event w
        WHERE w.actor_id = a.actor
          AND w.recorded_at BETWEEN a.at - %(around)s::interval AND a.at + interval '1 hour'
          AND w.action = ANY(%(work)s) AND w.subjects @> ARRAY[a.subject])
        THEN 'work'
    ELSE '' END
FROM unnest(%(requests)s::uuid[], %(actors)s::uuid[], %(subjects)s::uuid[], %(times)s::timestamptz[],
            %(desks)s::boolean[]) AS a(request, actor, subject, at, is_desk)
"""


@knower
def known(ids: Collection[UUID]) -> set[UUID]:
    """Return which ids are patients."""
    return set(Patient.objects.filter(pk__in=set(ids)).values_list("pk", flat=True))


@explainer
def explain(accesses: Sequence[Access]) -> Mapping[UUID, str]:
    """Return the ground of each access that has one, with one query."""
    evident = {
        one.request_id: SELF_EVIDENT[Basis(one.basis)]
        for one in accesses
        if one.basis in SELF_EVIDENT
    }
    others = [one for one in accesses if one.request_id not in evident]
    if not others:
        return evident
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            {
                "requests": [one.request_id for one in others],
                "actors": [one.actor_id for one in others],
                "subjects": [one.subject_id for one in others],
                "times": [one.at for one in others],
                "desks": [is_desk(one.role) for one in others],
                "work": list(OWN_WORK),
                **SPANS,
            },
        )
        return evident | {request: ground for request, ground in cursor.fetchall() if ground}


def is_desk(role: str) -> bool:
    """Tell whether a role serves everybody: it reaches all patients and treats none."""
    found = ROLES.get(role)
    return found is not None and found.grants.get(Permission.DEMOGRAPHICS_READ) is Reach.ALL
