from django.db import migrations

# One that is used twice counts for the account that had it first.
ADDRESSES = """
INSERT INTO account_emailaddress (user_id, email, verified, "primary")
    SELECT id, lower(email), row_number() OVER (PARTITION BY lower(email) ORDER BY id) = 1, true
    FROM accounts_account WHERE email <> ''
"""


class Migration(migrations.Migration):
    """The addresses of accounts that were there before, as allauth keeps them."""

    dependencies = [
        ('account', '0009_emailaddress_unique_primary_email'),
        ('accounts', '0004_cache'),
    ]

    operations = [
        migrations.RunSQL(
            sql=["UPDATE accounts_account SET email = lower(email) WHERE email <> lower(email)", ADDRESSES],
            reverse_sql='DELETE FROM account_emailaddress',
        ),
    ]
