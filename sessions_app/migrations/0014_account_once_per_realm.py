"""An account is one user in each realm. The index behind it is made beside those who write."""

from django.db import migrations, models

NAME = "account_once_per_realm"
DROP = f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}"  # also one that was not finished
CREATE = f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON chat_user (account_id, realm) WHERE account_id IS NOT NULL"  # noqa: S608


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sessions_app", "0013_users_who_are_accounts")]

    operations = [
        migrations.RunSQL(
            [DROP, CREATE],
            [DROP],
            state_operations=[
                migrations.AddConstraint(
                    model_name="chatuser",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("account__isnull", False)), fields=("account", "realm"), name=NAME
                    ),
                )
            ],
        ),
    ]
