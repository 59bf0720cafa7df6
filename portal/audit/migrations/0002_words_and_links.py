import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FIELDS = ("subject", "reason", "before", "after", "address")


class Migration(migrations.Migration):
    """Tables beside the entries, for what can be erased and for the chain. People and agents are named without a constraint: that they go changes no entry."""

    dependencies = [
        ("audit", "0001_initial"),
        ("agents", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="entry",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="agent",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="agents.agent",
            ),
        ),
        migrations.AddField("entry", "agent_slug", models.CharField(default="", editable=False, max_length=63)),
        *(
            migrations.AddField("entry", f"{name}_digest", models.BinaryField(max_length=32, null=True))
            for name in FIELDS
        ),
        migrations.AddField("entry", "digest", models.BinaryField(max_length=32, null=True)),
        migrations.CreateModel(
            name="Words",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="audit.entry",
                    ),
                ),
                *(
                    column
                    for name in FIELDS
                    for column in (
                        (name, models.TextField(null=True)),
                        (f"{name}_salt", models.BinaryField(max_length=16, null=True)),
                    )
                ),
            ],
            options={"verbose_name_plural": "words"},
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="link",
                        serialize=False,
                        to="audit.entry",
                    ),
                ),
                ("seq", models.BigIntegerField(null=True, unique=True)),
                ("digest", models.BinaryField(max_length=32, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("seq__isnull", True)), fields=["entry"], name="audit_unsealed"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("digest__isnull", True), ("seq__isnull", True)),
                            models.Q(("digest__isnull", False), ("seq__gte", 1)),
                            _connector="OR",
                        ),
                        name="audit_link_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("digest", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="audit_one_head")],
            },
        ),
    ]
