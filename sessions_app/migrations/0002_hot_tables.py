from django.db import migrations


class Migration(migrations.Migration):
    """Room in each page for the next version of a row, and vacuum before dead rows pile up: these rows change with every message."""

    dependencies = [("sessions_app", "0001_lifecycle")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE chat_session SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
            ALTER TABLE chat_thread SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
            ALTER TABLE chat_turn SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
            ALTER TABLE session_sweep_run SET (fillfactor = 10);
            """,
            migrations.RunSQL.noop,
        )
    ]
