"""Refuse to change what was recorded, whoever asks: the database's owner included."""

from django.db import migrations

APPEND_ONLY = (
    "audit_event",
    "audit_state",
    "auditlog_logentry",
    "audit_leaf",
    "audit_node",
    "audit_checkpoint",
    "audit_stamp",
)

FUNCTION = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'The trail is only appended to; record another event instead.';
END
$body$
"""


def refuse(table: str, name: str, when: str) -> migrations.RunSQL:
    """Refuse some writes to a table, under every replication role too (ENABLE ALWAYS)."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE {when} EXECUTE FUNCTION audit_refuse();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("auditlog", "0017_add_actor_email"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION audit_refuse()"),
        *(
            refuse(table, f"{table}_never_changed", f"UPDATE OR DELETE ON {table} FOR EACH ROW")
            for table in APPEND_ONLY
        ),
        *(
            refuse(table, f"{table}_never_emptied", f"TRUNCATE ON {table} FOR EACH STATEMENT")
            for table in APPEND_ONLY
        ),
        # The sealer takes pending rows away; grants keep everybody else from it.
        refuse(
            "audit_pending", "audit_pending_never_changed", "UPDATE ON audit_pending FOR EACH ROW"
        ),
        refuse(
            "audit_pending",
            "audit_pending_never_emptied",
            "TRUNCATE ON audit_pending FOR EACH STATEMENT",
        ),
    ]
