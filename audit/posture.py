"""Checks of the trail for the posture: who may rewrite it, whether its guards stand, and the records."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.database_roles import APPEND_ONLY
from audit.models import RecordCheck
from security.posture import Check, Judgement, Note, Outcome, register

COMPARED_OLD = timedelta(hours=48)
GUARDED = (
    "audit_checkpoint", "audit_event", "audit_leaf", "audit_node", "audit_stamp", "audit_state",
    "auditlog_logentry",
)  # fmt: skip


def judge_database() -> Judgement:
    """Ask the database what this process may do, and whether the guards of the trail are on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication"
            " FROM pg_roles WHERE rolname = current_user"
        )
        role, is_powerful = cursor.fetchone()
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
            " AND relname = ANY(%s) AND (has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')"
            " OR pg_has_role(relowner, 'USAGE')) ORDER BY 1",
            [list(APPEND_ONLY)],
        )
        writable = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE p.proname = 'audit_refuse' AND t.tgenabled = 'A'"
            " AND t.tgrelid::regclass::text = ANY(%s)",
            [list(GUARDED)],
        )
        guards = cursor.fetchone()[0]
    notes = [Note(Outcome.BAD, "powerful", {"role": role})] if is_powerful else []
    notes += [Note(Outcome.BAD, "writable", {"table": table}) for table in writable]
    wanted = 2 * len(GUARDED)
    if guards < wanted:
        notes.append(Note(Outcome.BAD, "guards", {"count": guards, "wanted": wanted}))
    return Judgement(notes or [Note(Outcome.GOOD, "narrow", {"role": role, "count": guards})])


def judge_records() -> Judgement:
    """Look at the last comparison of all rows with the trail."""
    over = RecordCheck.objects.filter(state__in=(RecordCheck.State.CLEAN, RecordCheck.State.FOUND))
    last = over.newest_first().first()
    if last is None or last.finished_at is None:
        return Judgement([Note(Outcome.WARN, "never", {})])
    age = timezone.now() - last.finished_at
    facts = {"hours": int(age.total_seconds() // 3600), "rows": last.rows_done}
    notes = [Note(Outcome.WARN if age > COMPARED_OLD else Outcome.GOOD, "compared", facts)]
    if last.findings_count:
        notes.append(Note(Outcome.BAD, "differ", {"count": last.findings_count}))
    return Judgement(notes)


register(
    Check(
        "database",
        _("Rights in the database"),
        _("What the application's role may do to the trail, and the triggers that guard it."),
        judge_database,
        {
            "powerful": _(
                "The application connects as %(role)s, which has powers over the server."
            ),
            "writable": _("The application could change or delete rows of %(table)s."),
            "guards": _("Only %(count)d of %(wanted)d guards of the trail are on."),
            "narrow": _("%(role)s only appends to the trail; %(count)d guards are on."),
        },
    ),
    Check(
        "records",
        _("Records and trail"),
        _("The last comparison of every row with its newest state on the trail."),
        judge_records,
        {
            "never": _("The records were never compared with the trail."),
            "compared": _("%(rows)d rows were compared %(hours)d hours ago."),
            "differ": _("%(count)d rows are not what the trail says."),
        },
    ),
)
