"""Let a search order by the latest activity from its index alone."""

from django.db import migrations, models

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
CATCH_UP = """
UPDATE patients_patientindex SET last_activity_at = patient.last_activity_at
FROM patients_patient patient WHERE patient.id = row_id AND tokens IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="patientindex",
            name="last_activity_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(FILL, "DROP FUNCTION patients_index_fill() CASCADE"),
        migrations.RunSQL(FOLLOW, "DROP FUNCTION patients_index_follow() CASCADE"),
        migrations.RunSQL(CATCH_UP, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="patientindex",
            index=models.Index(
                condition=models.Q(("tokens__isnull", False)),
                fields=["-last_activity_at", "-row"],
                name="patients_patientindex_activity",
            ),
        ),
    ]
