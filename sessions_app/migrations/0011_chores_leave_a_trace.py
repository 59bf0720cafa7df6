"""The last time a worker saw to its other work is beside the last sweeps."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0010_due_open_or_ended")]

    operations = [
        migrations.AlterField(
            model_name="sweeprun",
            name="by",
            field=models.CharField(
                choices=[("worker", "worker"), ("web", "web"), ("chores", "chores")],
                max_length=6,
                primary_key=True,
                serialize=False,
            ),
        ),
    ]
