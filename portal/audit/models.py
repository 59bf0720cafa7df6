"""Who did what.

A deed is three rows, written in its own transaction: the entry, which nobody changes; its words, which can be erased
and nothing else; and its link, which is filled in once, when the entry is sealed. Triggers hold that (migration 0006),
and the chain shows where somebody got around them.
"""

import json
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    TextField = models.TextField[Any, Any]
else:
    TextField = models.TextField


class _Json(TextField):
    """Text of a JSON value, read as the value. The text itself was digested, so it is kept as it was."""

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else json.loads(value)


class Entries(models.Manager["Entry"]):
    """Entries with their words, as if these were columns of theirs."""

    def get_queryset(self) -> "models.QuerySet[Entry]":
        words = {
            name: Coalesce(F(f"words__{name}"), Value(""), output_field=models.TextField())
            for name in ("subject", "reason")
        }
        values = {name: ExpressionWrapper(F(f"words__{name}"), _Json()) for name in ("before", "after")}
        return super().get_queryset().annotate(**words, **values, address=F("words__address"))


class Entry(models.Model):
    """One deed. People and agents are named by id, without a constraint: they can go, and leave no name here."""

    at = models.DateTimeField(editable=False)
    account = models.ForeignKey(
        "accounts.Account", models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    verb = models.CharField(max_length=60)
    agent = models.ForeignKey(
        "agents.Agent", models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    agent_slug = models.CharField(max_length=63, default="", editable=False)  # as it was
    request_id = models.CharField(max_length=64, blank=True, default="")
    # Of each text of its words, with its salt; null where there is no such text.
    subject_digest = models.BinaryField(max_length=32, null=True)
    reason_digest = models.BinaryField(max_length=32, null=True)
    before_digest = models.BinaryField(max_length=32, null=True)
    after_digest = models.BinaryField(max_length=32, null=True)
    address_digest = models.BinaryField(max_length=32, null=True)
    digest = models.BinaryField(max_length=32)

    objects = Entries()

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["-at", "-id"]
        indexes = [  # each for a filter of the list, in the list's order
            models.Index(name="audit_by_time", fields=["-at", "-id"]),
            models.Index(name="audit_by_account", fields=["account", "-at", "-id"]),
            models.Index(name="audit_by_agent", fields=["agent", "-at", "-id"]),
            models.Index(name="audit_by_agent_slug", fields=["agent_slug", "-at", "-id"]),
            models.Index(name="audit_by_verb", fields=["verb", "-at", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.verb} · {self.pk}"


class Words(models.Model):
    """The texts of an entry, each with its salt. To erase one, both are set to null."""

    entry = models.OneToOneField(Entry, models.DO_NOTHING, primary_key=True, related_name="words")
    subject = models.TextField(null=True)  # what it was done to, e.g. "session 0199…" or "message session_expired/de"
    subject_salt = models.BinaryField(max_length=16, null=True)
    reason = models.TextField(null=True)
    reason_salt = models.BinaryField(max_length=16, null=True)
    before = models.TextField(null=True)
    before_salt = models.BinaryField(max_length=16, null=True)
    after = models.TextField(null=True)
    after_salt = models.BinaryField(max_length=16, null=True)
    address = models.TextField(null=True)
    address_salt = models.BinaryField(max_length=16, null=True)

    class Meta:
        verbose_name_plural = "words"

    def __str__(self) -> str:
        return f"words of {self.pk}"


class Link(models.Model):
    """The place of an entry in the chain, 1, 2, 3 … without a gap; null until it is sealed. An entry that was committed
    late comes after some with a higher id."""

    entry = models.OneToOneField(Entry, models.DO_NOTHING, primary_key=True, related_name="link")
    seq = models.BigIntegerField(null=True, unique=True)
    digest = models.BinaryField(max_length=32, null=True)

    class Meta:
        indexes = [models.Index(name="audit_unsealed", fields=["entry"], condition=Q(seq__isnull=True))]
        constraints = [
            models.CheckConstraint(
                name="audit_link_whole",
                condition=Q(seq__isnull=True, digest__isnull=True) | Q(seq__gte=1, digest__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"link {self.seq}"


class Head(models.Model):
    """The last link that was sealed, once more: who cuts off the end of the chain has to know of this, too."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.CheckConstraint(name="audit_one_head", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"head at {self.seq}"
