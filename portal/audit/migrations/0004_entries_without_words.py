from django.db import migrations, models

FIELDS = ("subject", "reason", "before", "after", "address")


class Migration(migrations.Migration):
    """The words are in their own table now, and every entry has its digest."""

    dependencies = [("audit", "0003_words_move")]

    operations = [
        migrations.AlterModelOptions("entry", {"ordering": ["-at", "-id"], "verbose_name_plural": "entries"}),
        *(migrations.RemoveField("entry", name) for name in FIELDS),
        migrations.AlterField("entry", "at", models.DateTimeField(editable=False)),
        migrations.AlterField("entry", "digest", models.BinaryField(max_length=32)),
    ]
