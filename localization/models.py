"""The agents' own texts of the messages users see."""

from django.conf import settings
from django.db import models

from localization.core.keys import Key


class MessageText(models.Model):
    """One agent's text of one message in one language.

    A reverted text leaves its row behind, with `text` null: `version` goes on counting, so that somebody who still
    looks at version 1 cannot overwrite a later text that happens to be number 1 again.
    """

    agent = models.ForeignKey("agents.Agent", models.CASCADE, related_name="+")
    key = models.CharField(max_length=40)
    language = models.CharField(max_length=35)
    text = models.TextField(null=True)
    version = models.PositiveIntegerField()
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="message_text_once", fields=["agent", "key", "language"]),
            models.CheckConstraint(
                name="message_text_key_known", condition=models.Q(key__in=[key.value for key in Key])
            ),
            models.CheckConstraint(name="message_text_not_empty", condition=~models.Q(text="")),
            models.CheckConstraint(name="message_text_version_counts", condition=models.Q(version__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.key}/{self.language}"
