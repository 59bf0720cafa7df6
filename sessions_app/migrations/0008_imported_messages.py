"""When an imported message came in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0007_policy_reach")]

    operations = [
        migrations.AddField(model_name="message", name="received_at", field=models.DateTimeField(null=True)),
    ]
