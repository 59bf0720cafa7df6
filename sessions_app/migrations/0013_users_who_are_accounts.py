"""A user of a chat may be a Portal account, and their browser's token may end with their sign-in. New columns without a
value: nothing is rewritten, and nothing is looked through for their keys."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("sessions_app", "0012_lateness_is_counted_for_years"),
    ]

    operations = [
        migrations.AddField(
            model_name="chatuser",
            name="account",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="visitortoken",
            name="session_key",
            field=models.CharField(editable=False, max_length=40, null=True),
        ),
    ]
