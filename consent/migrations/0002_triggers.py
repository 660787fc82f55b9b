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
# A signed assessment: only that it is superseded is written later; it stays as long as it must be kept.
SIGNED = """
CREATE FUNCTION consent_signed_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.keep_until > CURRENT_DATE THEN
            RAISE EXCEPTION 'a signed assessment is kept until %', OLD.keep_until
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF to_jsonb(NEW) - 'superseded_at' IS DISTINCT FROM to_jsonb(OLD) - 'superseded_at' THEN
        RAISE EXCEPTION 'a signed assessment is never changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$body$
"""
# The risks of a signed assessment are a part of it.
RISKS = """
CREATE FUNCTION consent_risk_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $body$
DECLARE
    kept date;
BEGIN
    SELECT keep_until INTO kept FROM consent_impactassessment
        WHERE id = CASE WHEN TG_OP = 'INSERT' THEN NEW.assessment_id ELSE OLD.assessment_id END;
    IF kept IS NOT NULL AND (TG_OP <> 'DELETE' OR kept > CURRENT_DATE) THEN
        RAISE EXCEPTION 'the risks of a signed assessment are never changed: % is refused', TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$body$
"""
# A notice and its words, once the notice was published.
NOTICE = """
CREATE FUNCTION consent_notice_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    RAISE EXCEPTION 'a published notice is never changed: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Begin the next version instead.';
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
        migrations.RunSQL(SIGNED, "DROP FUNCTION consent_signed_refuse()"),
        migrations.RunSQL(RISKS, "DROP FUNCTION consent_risk_refuse()"),
        refuse(
            "consent_processingpurposeversion",
            "consent_purposeversion_never_changed",
            "UPDATE OR DELETE ON consent_processingpurposeversion FOR EACH ROW",
        ),
        refuse(
            "consent_transfer",
            "consent_transfer_never_changed",
            "UPDATE OR DELETE ON consent_transfer FOR EACH ROW",
        ),
        refuse(
            "consent_impactassessment",
            "consent_assessment_never_changed",
            "UPDATE OR DELETE ON consent_impactassessment FOR EACH ROW"
            " WHEN (OLD.signed_at IS NOT NULL)",
            "consent_signed_refuse",
        ),
        refuse(
            "consent_impactrisk",
            "consent_risk_never_changed",
            "INSERT OR UPDATE OR DELETE ON consent_impactrisk FOR EACH ROW",
            "consent_risk_refuse",
        ),
        migrations.RunSQL(NOTICE, "DROP FUNCTION consent_notice_refuse()"),
        refuse(
            "consent_notice",
            "consent_notice_never_changed",
            "UPDATE OR DELETE ON consent_notice FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)",
            "consent_notice_refuse",
        ),
        refuse(
            "consent_noticetext",
            "consent_notice_text_never_changed",
            "UPDATE OR DELETE ON consent_noticetext FOR EACH ROW WHEN (OLD.text_sha256 <> '')",
            "consent_notice_refuse",
        ),
        refuse(
            "consent_noticedelivery",
            "consent_delivery_never_changed",
            "UPDATE OR DELETE ON consent_noticedelivery FOR EACH ROW",
        ),
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
