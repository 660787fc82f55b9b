"""Refuse to change what was written to a patient or by one, whoever asks."""

from django.db import migrations

# What a merge and its undoing write passes: whose record it is, and the same words under another key.
# Whatever is sealed anew under the same key would be other words. Erasing overwrites, and deletes what has no
# key any more.
FUNCTION = """
CREATE FUNCTION engagement_message_refuse() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $body$
DECLARE
    is_erased boolean := TG_OP = 'UPDATE' AND NEW.sealed = 'erased'::bytea;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM security_datakey WHERE subject_id = OLD.patient_id
                   AND scope = 'engagement' AND destroyed_at IS NULL) THEN
            RAISE EXCEPTION 'a message is never deleted while it can be read'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF to_jsonb(NEW) - '{patient_id,sealed,version}'::text[]
        IS DISTINCT FROM to_jsonb(OLD) - '{patient_id,sealed,version}'::text[]
        OR (NEW.version <> OLD.version AND NOT is_erased)
        OR (NEW.sealed IS DISTINCT FROM OLD.sealed AND NOT is_erased
            AND substring(NEW.sealed FROM 5 FOR 16) = substring(OLD.sealed FROM 5 FOR 16)) THEN
        RAISE EXCEPTION 'a message is never changed' USING ERRCODE = 'restrict_violation',
            HINT = 'Write another message instead.';
    END IF;
    RETURN NEW;
END
$body$
"""
TRIGGER = """
CREATE TRIGGER engagement_message_never_changed BEFORE UPDATE OR DELETE ON engagement_threadmessage
FOR EACH ROW EXECUTE FUNCTION engagement_message_refuse();
ALTER TABLE engagement_threadmessage ENABLE ALWAYS TRIGGER engagement_message_never_changed;
"""


class Migration(migrations.Migration):
    dependencies = [("engagement", "0001_initial"), ("security", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION engagement_message_refuse()"),
        migrations.RunSQL(
            TRIGGER, "DROP TRIGGER engagement_message_never_changed ON engagement_threadmessage"
        ),
    ]
