"""Refuse to change what somebody said, and the words that were shown, whoever asks."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION consent_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'Write another event, or another version, instead.';
END
$body$
"""
# Words that somebody was shown: only that they are superseded is written later.
WORDS = """
CREATE FUNCTION consent_words_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    IF TG_OP = 'DELETE' OR ROW(NEW.id, NEW.form_id, NEW.number, NEW.language, NEW.title, NEW.elements,
        NEW.text_sha256, NEW.written_at, NEW.written_by_id, NEW.published_at, NEW.published_by_id,
        NEW.is_material)
        IS DISTINCT FROM ROW(OLD.id, OLD.form_id, OLD.number, OLD.language, OLD.title, OLD.elements,
        OLD.text_sha256, OLD.written_at, OLD.written_by_id, OLD.published_at, OLD.published_by_id,
        OLD.is_material) THEN
        RAISE EXCEPTION 'published words are never changed: % is refused', TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$body$
"""


def refuse(table: str, name: str, when: str, function: str = "consent_refuse") -> migrations.RunSQL:
    """Refuse some writes to a table, under every replication role too (ENABLE ALWAYS)."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE {when} EXECUTE FUNCTION {function}();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION consent_refuse()"),
        migrations.RunSQL(WORDS, "DROP FUNCTION consent_words_refuse()"),
        refuse(
            "consent_consentevent",
            "consent_event_never_changed",
            "UPDATE OR DELETE ON consent_consentevent FOR EACH ROW",
        ),
        refuse(
            "consent_consentevent",
            "consent_event_never_emptied",
            "TRUNCATE ON consent_consentevent FOR EACH STATEMENT",
        ),
        refuse(
            "consent_consentformversion",
            "consent_words_never_changed",
            "UPDATE OR DELETE ON consent_consentformversion FOR EACH ROW"
            " WHEN (OLD.published_at IS NOT NULL)",
            "consent_words_refuse",
        ),
    ]
