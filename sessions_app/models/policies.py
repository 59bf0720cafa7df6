"""Policy versions. One is never changed: every save is the next number."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from portal.agents.core.platforms import TITLES
from sessions_app.core.policy import SETTINGS, Policy, Reach, Setting


def _within(setting: Setting) -> list[models.CheckConstraint]:
    """The database's own copy of a setting's bounds, made from the same data."""
    found = []
    if setting.choices is not None:
        condition = Q(**{f"{setting.field}__in": [choice.value for choice in setting.choices]})
        found.append(models.CheckConstraint(name=f"policy_{setting.field}_known", condition=condition))
    if setting.bounds is not None:
        condition = _range(setting, setting.bounds)
        found.append(models.CheckConstraint(name=f"policy_{setting.field}_in_bounds", condition=condition))
    for platform, bounds in (setting.bounds_on or {}).items():
        condition = ~Q(platform=platform.value) | _range(setting, bounds)
        name = f"policy_{setting.field}_in_{platform}_bounds"
        found.append(models.CheckConstraint(name=name, condition=condition))
    return found


def _range(setting: Setting, bounds: tuple[Any, Any]) -> Q:
    allowed = Q(**{f"{setting.field}__range": bounds})
    if setting.off:
        allowed |= Q(**{setting.field: type(bounds[0])()})
    if setting.blank is not None:
        allowed |= Q(**{f"{setting.field}__isnull": True})
    return allowed


class PolicyVersion(models.Model):
    """One numbered version of an agent's policy. The current one has the highest number.

    The platform is that for which it was found within bounds. With reach "running" it is for open sessions as well,
    from `saved_at` on; `reached_at` is when the last of them had been told.
    """

    agent = models.ForeignKey("agents.Agent", models.CASCADE, related_name="policy_versions")
    number = models.PositiveIntegerField()
    platform = models.CharField(max_length=20, choices=[(p.value, title) for p, title in TITLES.items()])
    session_duration = models.DurationField()
    end_behavior = models.CharField(max_length=16)
    idle_timeout = models.DurationField()
    max_duration = models.DurationField()
    max_concurrent_per_user = models.PositiveIntegerField(null=True)
    when_full = models.CharField(max_length=16)
    auto_archive_after = models.DurationField()
    allow_model_override = models.BooleanField()
    warn_before = models.DurationField()
    session_data_retention = models.DurationField()
    transcript_retention = models.DurationField(null=True)
    author = models.ForeignKey("accounts.Account", models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True, default="")
    saved_at = models.DateTimeField(db_default=Now(), editable=False)
    reach = models.CharField(max_length=7, choices=[(r.value, r.value) for r in Reach], default=Reach.RUNNING.value)
    reached_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "session_policy_version"
        ordering = ["agent", "-number"]
        constraints = [
            models.UniqueConstraint(name="policy_numbered_once", fields=["agent", "number"]),
            models.CheckConstraint(name="policy_reach_known", condition=Q(reach__in=[r.value for r in Reach])),
            *(constraint for setting in SETTINGS for constraint in _within(setting)),
        ]
        # Read by: the sweep, for versions that have not reached every session yet.
        indexes = [
            models.Index(name="policy_on_its_way", fields=["agent"], condition=Q(reach="running", reached_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.agent} v{self.number}"

    @property
    def policy(self) -> Policy:
        return Policy(**{name: _typed(name, getattr(self, name)) for name in POLICY_FIELDS})


POLICY_FIELDS = tuple(field.name for field in fields(Policy))
_CHOICES = {setting.field: setting.choices for setting in SETTINGS if setting.choices}


def _typed(name: str, value: Any) -> Any:
    return _CHOICES[name](value) if name in _CHOICES else value


def policy_from(row: Mapping[str, Any]) -> Policy:
    """The policy of a row of `values()`."""
    return Policy(**{name: _typed(name, row[name]) for name in POLICY_FIELDS})
