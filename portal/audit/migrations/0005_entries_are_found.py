from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """For each filter of the list an index in the list's order. By words of the subject: the beginning of a name or id is enough."""

    atomic = False
    dependencies = [("audit", "0004_entries_without_words")]

    operations = [
        AddIndexConcurrently("entry", models.Index(fields=["-at", "-id"], name="audit_by_time")),
        AddIndexConcurrently("entry", models.Index(fields=["account", "-at", "-id"], name="audit_by_account")),
        AddIndexConcurrently("entry", models.Index(fields=["agent", "-at", "-id"], name="audit_by_agent")),
        AddIndexConcurrently("entry", models.Index(fields=["agent_slug", "-at", "-id"], name="audit_by_agent_slug")),
        AddIndexConcurrently("entry", models.Index(fields=["verb", "-at", "-id"], name="audit_by_verb")),
        migrations.RunSQL(
            """
            CREATE INDEX CONCURRENTLY audit_words_subject ON audit_words USING gin (
                array_to_tsvector(array_remove(regexp_split_to_array(lower(subject), '[^[:alnum:]]+'), '')))
            """,
            "DROP INDEX CONCURRENTLY audit_words_subject",
        ),
    ]
