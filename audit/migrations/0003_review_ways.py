"""How reception told a patient of an emergency access."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_triggers")]

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
    ]
