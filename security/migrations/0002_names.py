"""Name what the administration shows."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("security", "0001_initial"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="clearance",
            options={"verbose_name": "clearance", "verbose_name_plural": "clearances"},
        ),
        migrations.AlterModelOptions(
            name="datakey",
            options={"verbose_name": "data key", "verbose_name_plural": "data keys"},
        ),
        migrations.AlterModelOptions(
            name="membership",
            options={"verbose_name": "membership", "verbose_name_plural": "memberships"},
        ),
        migrations.AlterModelOptions(
            name="roleassignment",
            options={"verbose_name": "role assignment", "verbose_name_plural": "role assignments"},
        ),
        migrations.AlterField(
            model_name="membership",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to="security.unit",
                verbose_name="unit",
            ),
        ),
    ]
