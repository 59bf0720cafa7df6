"""What a caller's keys stand for (3-api.md, "Errors": `Idempotency-Key`)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class KeptAnswer(models.Model):
    """One key of one caller. Without a `status` its request is being executed, or whoever executed it has died; with
    one but without `content` the answer was too large to be kept.

    Of the request only digests are here: enough to know it again, nothing to read.
    """

    caller = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    address = models.BinaryField(max_length=32)
    body = models.BinaryField(max_length=32)
    rights = ArrayField(models.CharField(max_length=100))  # of the caller, when it was executed
    claim = models.UUIDField()  # of whoever executes it
    claimed_at = models.DateTimeField()
    status = models.SmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    content = models.BinaryField(null=True)

    class Meta:
        db_table = "rest_kept_answer"
        constraints = [
            models.UniqueConstraint(name="idempotency_key_once_per_caller", fields=["caller", "key"]),
            models.CheckConstraint(
                name="kept_content_has_a_status", condition=Q(status__isnull=False) | Q(content__isnull=True)
            ),
        ]
        # For `idempotency.forget_old` alone.
        indexes = [models.Index(name="kept_answer_by_age", fields=["claimed_at"])]

    def __str__(self) -> str:
        return f"{self.key} of {self.caller}"
