"""What is older than a day is added up for ever: more than two thousand million sessions may be noticed."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0011_chores_leave_a_trace")]

    operations = [
        migrations.AlterField(
            model_name="sweepminute",
            name="late",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
        ),
    ]
