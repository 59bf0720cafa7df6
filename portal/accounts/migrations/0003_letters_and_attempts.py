import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """E-mails to be sent, and how often somebody tried to sign in."""

    dependencies = [
        ('accounts', '0002_tokens_that_do_less'),
    ]

    operations = [
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed', models.TextField(editable=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('tries', models.SmallIntegerField(db_default=0, default=0, editable=False)),
            ],
            options={
                'indexes': [models.Index(fields=['due_at'], name='letter_due')],
            },
        ),
        migrations.CreateModel(
            name='Attempts',
            fields=[
                ('key', models.BinaryField(editable=False, max_length=32, primary_key=True, serialize=False)),
                ('count', models.IntegerField()),
                ('until', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['until'], name='attempts_until')],
            },
        ),
    ]
