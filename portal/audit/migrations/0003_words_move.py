from collections.abc import Iterator
from itertools import islice
from secrets import token_bytes
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.audit.core import digests

FIELDS = ("subject", "reason", "before", "after", "address")
BATCH = 500


def move(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """The words of the entries there are, into their own table; each entry waits to be sealed."""
    entry, words, link = (apps.get_model("audit", name) for name in ("Entry", "Words", "Link"))
    slugs = dict(apps.get_model("agents", "Agent").objects.values_list("pk", "slug"))
    rows = entry.objects.order_by("pk").iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        words.objects.bulk_create([words(entry=each, **_digested(each, slugs)) for each in batch])
        link.objects.bulk_create([link(entry=each) for each in batch])
        entry.objects.bulk_update(batch, ["agent_slug", "digest", *(f"{name}_digest" for name in FIELDS)])


def _digested(entry: Any, slugs: dict[int, str]) -> dict[str, Any]:
    """The columns of its words; the entry gets the digests of them, and its own."""
    columns = dict(_columns(entry))
    entry.agent_slug = slugs.get(entry.agent_id, "")
    entry.digest = digests.of_entry(
        verb=entry.verb,
        account_id=entry.account_id,
        agent_id=entry.agent_id,
        request_id=entry.request_id,
        texts={name: getattr(entry, f"{name}_digest") for name in FIELDS},
    )
    return columns


def _columns(entry: Any) -> Iterator[tuple[str, Any]]:
    for name in FIELDS:
        value = getattr(entry, name)
        text = digests.canonical(value) if name in ("before", "after") and value is not None else value
        if text:
            salt = token_bytes(16)
            setattr(entry, f"{name}_digest", digests.of_text(text, salt=salt))
            yield name, text
            yield f"{name}_salt", salt


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_words_and_links")]

    operations = [migrations.RunPython(move, elidable=True)]
