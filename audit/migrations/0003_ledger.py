"""The ledger: leaves, nodes, signed heads and their time stamps, which nobody changes."""

import security.ids
from django.db import migrations, models


APPEND_ONLY = ("audit_leaf", "audit_node", "audit_checkpoint", "audit_stamp")


def refuse(table: str, name: str, when: str) -> migrations.RunSQL:
    """Refuse some writes to a table, under every replication role too (ENABLE ALWAYS)."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE {when} EXECUTE FUNCTION audit_refuse();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_triggers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Anchor",
            fields=[
                ("name", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("tried_at", models.DateTimeField(null=True)),
                ("succeeded_at", models.DateTimeField(null=True)),
                ("checkpoint", models.BigIntegerField(default=0)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failure", models.CharField(blank=True, default="", max_length=60)),
            ],
            options={
                "verbose_name": "anchor",
                "verbose_name_plural": "anchors",
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("process", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("beaten_at", models.DateTimeField()),
                ("trouble", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "verbose_name": "sign of life",
                "verbose_name_plural": "signs of life",
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_id", models.UUIDField(unique=True)),
                ("content", models.BinaryField()),
                ("hash", models.BinaryField(max_length=32)),
                ("mark", models.BinaryField(max_length=64)),
            ],
            options={
                "verbose_name": "entry of the ledger",
                "verbose_name_plural": "entries of the ledger",
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "verbose_name": "node of the ledger",
                "verbose_name_plural": "nodes of the ledger",
            },
        ),
        migrations.CreateModel(
            name="Stamp",
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
                ("checkpoint", models.BigIntegerField()),
                ("stamped_at", models.DateTimeField()),
                ("answer", models.BinaryField()),
            ],
            options={
                "verbose_name": "time stamp",
                "verbose_name_plural": "time stamps",
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("issued_at", models.DateTimeField()),
                ("note", models.TextField()),
            ],
            options={
                "verbose_name": "checkpoint",
                "verbose_name_plural": "checkpoints",
                "indexes": [models.Index(fields=["size", "number"], name="audit_checkpoint_size")],
            },
        ),
        *(
            refuse(table, f"{table}_never_changed", f"UPDATE OR DELETE ON {table} FOR EACH ROW")
            for table in APPEND_ONLY
        ),
        *(
            refuse(table, f"{table}_never_emptied", f"TRUNCATE ON {table} FOR EACH STATEMENT")
            for table in APPEND_ONLY
        ),
    ]
