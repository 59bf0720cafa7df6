"""Variables of sessions, a row each, and the memory of identified users."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0005_transfers_and_live_chats")]

    operations = [
        migrations.CreateModel(
            name='Memory',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='memory', serialize=False, to='sessions_app.chatuser')),
                ('value', models.TextField()),
                ('size', models.IntegerField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'chat_memory',
            },
        ),
        migrations.CreateModel(
            name='SessionData',
            fields=[
                ('session', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='data', serialize=False, to='sessions_app.chatsession')),
                ('bytes', models.IntegerField(default=0)),
                ('understood', models.JSONField(null=True)),
            ],
            options={
                'db_table': 'chat_session_data',
            },
        ),
        migrations.CreateModel(
            name='Variable',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('value', models.TextField()),
                ('size', models.IntegerField()),
            ],
            options={
                'db_table': 'chat_variable',
            },
        ),
        migrations.AddConstraint(
            model_name='sessiondata',
            constraint=models.CheckConstraint(condition=models.Q(('bytes__gte', 0)), name='data_bytes_not_negative'),
        ),
        migrations.AddField(
            model_name='variable',
            name='session',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='variables', to='sessions_app.chatsession'),
        ),
        migrations.AddConstraint(
            model_name='variable',
            constraint=models.UniqueConstraint(fields=('session', 'name'), name='variable_named_once'),
        ),
    ]
