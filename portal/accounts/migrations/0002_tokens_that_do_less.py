import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """A token may be bound to agents and to what a back end needs, and says when it was last used."""

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='token',
            name='scope',
            field=models.CharField(choices=[('account', 'Whatever I may do'), ('backend', 'The back end of a bot')], db_default='account', default='account', max_length=8, verbose_name='scope'),
        ),
        migrations.AddField(
            model_name='token',
            name='agent_ids',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, null=True, size=None),
        ),
        migrations.AddField(
            model_name='token',
            name='last_used_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name='token',
            constraint=models.CheckConstraint(condition=models.Q(('scope__in', ['account', 'backend'])), name='token_scope_known'),
        ),
    ]
