"""Who did what."""

from django.db import models
from django.db.models.functions import Now


class Entry(models.Model):
    """One deed. Append-only; people are named by account id so that an erased person leaves no name here."""

    at = models.DateTimeField(db_default=Now(), editable=False)
    account = models.ForeignKey("accounts.Account", models.SET_NULL, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    agent = models.ForeignKey("agents.Agent", models.SET_NULL, null=True, related_name="+")
    subject = models.CharField(
        max_length=200
    )  # what it was done to, e.g. "session 0199…" or "message session_expired/de"
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.verb} · {self.subject}"
