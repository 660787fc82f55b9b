"""How reception told a patient of an emergency access, and audit reports as they were set for paper."""

import django.db.models.deletion
import django.utils.timezone
import security.ids
import security.sealing.columns
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_triggers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="review",
            name="told_way",
            field=models.CharField(
                blank=True,
                choices=[
                    ("email", "By e-mail to the patient's account"),
                    ("desk", "By reception: no account with an address"),
                    ("post", "By a letter that was posted"),
                    ("hand", "By a letter that was handed over"),
                    ("talk", "By reception, in a conversation"),
                ],
                default="",
                max_length=5,
            ),
        ),
        migrations.CreateModel(
            name="ReportPaper",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=security.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("sealed", security.sealing.columns.EnvelopeField(envelope="body")),
                ("language", models.CharField(max_length=2)),
                ("set_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("digest", models.CharField(max_length=64)),
                ("file_id", models.UUIDField()),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="audit.auditreport",
                    ),
                ),
            ],
            options={
                "verbose_name": "paper of a report",
                "verbose_name_plural": "papers of reports",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("report", "language"), name="audit_reportpaper_once_per_language"
                    )
                ],
            },
        ),
    ]
