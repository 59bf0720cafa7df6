"""What a session knows of transfers, live chats, its model and its last activity."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial"), ("sessions_app", "0004_sweep_records")]

    operations = [
        migrations.RemoveConstraint(
            model_name='chatsession',
            name='ended_sessions_know_when_and_why',
        ),
        migrations.AddField(
            model_name='chatsession',
            name='data_erased_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='chatsession',
            name='live_chat_by',
            field=models.CharField(max_length=40, null=True),
        ),
        migrations.AddField(
            model_name='chatsession',
            name='live_chat_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='chatsession',
            name='model_override',
            field=models.CharField(max_length=100, null=True),
        ),
        migrations.AddField(
            model_name='chatsession',
            name='pending_to',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.agent'),
        ),
        migrations.AddField(
            model_name='chatsession',
            name='pending_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='chatsession',
            name='touched_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name='chatsession',
            name='transcript_erased_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='chatsession',
            name='transferred_from',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='chatsession',
            name='transferred_to',
            field=models.UUIDField(null=True),
        ),
        migrations.AddIndex(
            model_name='chatsession',
            index=models.Index(condition=models.Q(('state', 'ended'), _negated=True), fields=['user', 'agent'], name='session_open_of_user'),
        ),
        migrations.AddIndex(
            model_name='chatsession',
            index=models.Index(condition=models.Q(('pending_to__isnull', False)), fields=['pending_to', 'user'], name='session_pending_to'),
        ),
        migrations.AddConstraint(
            model_name='chatsession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_reason__isnull', False), ('ended_at__isnull', False), ('state', 'ended')), models.Q(models.Q(('state', 'ended'), _negated=True), ('end_reason', None), ('ended_at', None)), _connector='OR'), name='ended_sessions_know_when_and_why'),
        ),
        migrations.AddConstraint(
            model_name='chatsession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('pending_to', None), ('pending_until', None)), models.Q(('end_reason', 'transferred'), ('pending_to__isnull', False), ('pending_until__isnull', False)), _connector='OR'), name='only_transferred_sessions_wait_for_a_pick_up'),
        ),
        migrations.AddConstraint(
            model_name='chatsession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('live_chat_by', None), ('live_chat_since', None)), models.Q(('live_chat_by__isnull', False), ('live_chat_since__isnull', False)), _connector='OR'), name='a_live_chat_has_somebody_since_when'),
        ),
    ]
