"""When the enforcement ran, how late it was, and what it could not do."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sessions_app.models.sessions import ChatSession


class SweepRun(models.Model):
    """The last sweep of each kind of process, and the last time that a worker saw to its other work ("chores").

    `lateness` is noticed − due of the oldest session it found.
    """

    by = models.CharField(
        primary_key=True, max_length=6, choices=[("worker", "worker"), ("web", "web"), ("chores", "chores")]
    )
    ran_at = models.DateTimeField()
    took = models.DurationField()
    handled = models.IntegerField()
    lateness = models.DurationField(null=True)

    class Meta:
        db_table = "session_sweep_run"

    def __str__(self) -> str:
        return f"sweep at {self.ran_at}"


class SweepMinute(models.Model):
    """What was noticed within one minute, by how late it was: `late` counts per bucket (`core.lateness.BUCKETS`)."""

    minute = models.DateTimeField(primary_key=True)
    late = ArrayField(models.BigIntegerField())
    total = models.DurationField()
    worst = models.DurationField()

    class Meta:
        db_table = "session_sweep_minute"

    def __str__(self) -> str:
        return f"lateness at {self.minute}"


class SweepFailure(models.Model):
    """A session that the sweep could not do. After enough tries it is set aside, and shown to those who can help."""

    session = models.OneToOneField(ChatSession, models.CASCADE, primary_key=True, related_name="+")
    tries = models.IntegerField()
    error = models.CharField(max_length=500)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "session_sweep_failure"

    def __str__(self) -> str:
        return f"{self.session_id}: {self.error}"
