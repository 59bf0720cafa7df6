"""When the enforcement last ran: what liveness is measured by."""

from django.db import models


class SweepRun(models.Model):
    """One row: the last sweep. `lateness` is noticed − due of the oldest session it found."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    ran_at = models.DateTimeField()
    took = models.DurationField()
    handled = models.IntegerField()
    lateness = models.DurationField(null=True)

    class Meta:
        db_table = "session_sweep_run"
        constraints = [models.CheckConstraint(name="one_row_of_sweeps", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"sweep at {self.ran_at}"
