"""Keep the latest activity of a patient in the search index as well."""

from django.db import migrations

# A search orders by the latest activity from its index alone; the database keeps the copy.
FILL = """
CREATE FUNCTION patients_index_fill() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.last_activity_at := (SELECT last_activity_at FROM patients_patient WHERE id = NEW.row_id);
    RETURN NEW;
END
$body$;
CREATE TRIGGER patients_index_filled BEFORE INSERT ON patients_patientindex
FOR EACH ROW WHEN (NEW.tokens IS NOT NULL) EXECUTE FUNCTION patients_index_fill();
"""
FOLLOW = """
CREATE FUNCTION patients_index_follow() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    UPDATE patients_patientindex SET last_activity_at = NEW.last_activity_at
    WHERE row_id = NEW.id AND tokens IS NOT NULL;
    RETURN NULL;
END
$body$;
CREATE TRIGGER patients_index_followed AFTER UPDATE OF last_activity_at ON patients_patient
FOR EACH ROW WHEN (NEW.last_activity_at IS DISTINCT FROM OLD.last_activity_at)
EXECUTE FUNCTION patients_index_follow();
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial")]

    operations = [
        migrations.RunSQL(FILL, "DROP FUNCTION patients_index_fill() CASCADE"),
        migrations.RunSQL(FOLLOW, "DROP FUNCTION patients_index_follow() CASCADE"),
    ]
