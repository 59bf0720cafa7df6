"""Which sessions a policy version is for. The versions there are were for new sessions only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0006_session_data")]

    operations = [
        migrations.AddField(
            model_name='policyversion',
            name='reach',
            field=models.CharField(choices=[('running', 'running'), ('new', 'new')], default='new', max_length=7),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='reach',
            field=models.CharField(choices=[('running', 'running'), ('new', 'new')], default='running', max_length=7),
        ),
        migrations.AddField(
            model_name='policyversion',
            name='reached_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='policyversion',
            index=models.Index(condition=models.Q(('reach', 'running'), ('reached_at', None)), fields=['agent'], name='policy_on_its_way'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.CheckConstraint(condition=models.Q(('reach__in', ['running', 'new'])), name='policy_reach_known'),
        ),
    ]
