"""However many ended sessions are to be archived or erased, the sweep finds the open ones that are due."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sessions_app", "0009_ended_sessions_are_due")]

    operations = [
        AddIndexConcurrently(
            model_name="chatsession",
            index=models.Index(
                name="session_open_due", fields=["due_at"], condition=models.Q(("state", "ended"), _negated=True)
            ),
        ),
        AddIndexConcurrently(
            model_name="chatsession",
            index=models.Index(
                name="session_ended_due",
                fields=["due_at"],
                condition=models.Q(("due_at__isnull", False), ("state", "ended")),
            ),
        ),
        RemoveIndexConcurrently(model_name="chatsession", name="session_due"),
    ]
