"""The last sweep of each kind of process, how late each minute was, and what could not be swept."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0003_replies_name_what_they_answer")]

    operations = [
        migrations.DeleteModel(name="SweepRun"),
        migrations.CreateModel(
            name="SweepRun",
            fields=[
                (
                    "by",
                    models.CharField(
                        choices=[("worker", "worker"), ("web", "web")],
                        max_length=6,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("ran_at", models.DateTimeField()),
                ("took", models.DurationField()),
                ("handled", models.IntegerField()),
                ("lateness", models.DurationField(null=True)),
            ],
            options={"db_table": "session_sweep_run"},
        ),
        # One row, changed every second: room for its next versions beside it.
        migrations.RunSQL("ALTER TABLE session_sweep_run SET (fillfactor = 10)", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="SweepMinute",
            fields=[
                ("minute", models.DateTimeField(primary_key=True, serialize=False)),
                ("late", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("total", models.DurationField()),
                ("worst", models.DurationField()),
            ],
            options={"db_table": "session_sweep_minute"},
        ),
        migrations.CreateModel(
            name="SweepFailure",
            fields=[
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="sessions_app.chatsession",
                    ),
                ),
                ("tries", models.IntegerField()),
                ("error", models.CharField(max_length=500)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={"db_table": "session_sweep_failure"},
        ),
    ]
