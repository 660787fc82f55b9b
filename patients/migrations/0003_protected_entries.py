"""Give every kind of clinical entry the restricted envelope; `reseal` fills it for rows that are there."""

import security.sealing.columns
from django.db import migrations, models

ENTRIES = (
    "allergyintolerance",
    "careplan",
    "clinicalattachment",
    "diagnosticreport",
    "immunization",
    "medicationrequest",
    "observation",
    "procedure",
)


def both(name):
    return (
        migrations.AddField(
            name, "restricted_version", models.PositiveIntegerField(default=1, editable=False)
        ),
        migrations.AddField(
            name,
            "sealed_restricted",
            security.sealing.columns.EnvelopeField(envelope="restricted", default=b""),
            preserve_default=False,
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_whole_record")]

    operations = [operation for name in ENTRIES for operation in both(name)]
