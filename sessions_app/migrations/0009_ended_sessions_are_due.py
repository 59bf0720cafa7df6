"""Sessions that had ended before there were archives and retention: the sweep looks at each of them once."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0008_imported_messages")]

    operations = [
        migrations.RunSQL(
            "UPDATE chat_session SET due_at = clock_timestamp() WHERE due_at IS NULL AND state IN ('paused', 'ended')",
            migrations.RunSQL.noop,
        ),
    ]
