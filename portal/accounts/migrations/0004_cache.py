from django.db import migrations

TABLE = """
CREATE TABLE portal_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
)
"""


class Migration(migrations.Migration):
    """What sign-in has to remember for some minutes (limits, codes that were used), for all processes together. The
    table is Django's own (`createcachetable`), made here so that no other command has to be known."""

    dependencies = [
        ('accounts', '0003_letters_and_attempts'),
    ]

    operations = [
        migrations.RunSQL(
            sql=[TABLE, 'CREATE INDEX portal_cache_expires ON portal_cache (expires)'],
            reverse_sql='DROP TABLE portal_cache',
        ),
    ]
