"""What a session policy looks like, and what may be sent of it. What can be set, and within which bounds, comes from
`core.policy.SETTINGS`."""

from typing import Any, Self

from pydantic import BaseModel, Field, StrictBool, StrictInt, create_model

from portal.agents.core.platforms import Platform
from portal.rest.fields import Days, Duration, Instant
from sessions_app.api.schemas.fields import Body, Reason
from sessions_app.core.policy import SETTINGS, Reach, Setting
from sessions_app.queries.foresight import Foresight
from sessions_app.queries.policies import Entry, Version

REACH = "`running`: for the sessions that are open now, too. `new`: they keep the version they have."


# ── the settings ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _type(setting: Setting) -> Any:
    types = {"duration": Duration, "days": Days, "count": StrictInt, "flag": StrictBool}
    known: Any = setting.choices or types[setting.kind]
    return known if setting.blank is None else known | None


def _words(setting: Setting) -> str:
    """What the setting does, and its bounds, with those of platforms that have their own."""
    own = [f"on {platform.label} {setting.range_words(platform)}" for platform in setting.bounds_on or {}]
    bounds = "; ".join([setting.range_words(Platform.EXTERNAL), *own])
    return f"{setting.effect} {bounds[:1].upper()}{bounds[1:]}{'.' if bounds else ''}".strip()


def _fields(*default: Any) -> dict[str, Any]:
    return {s.field: (_type(s), Field(*default, title=s.title, description=_words(s))) for s in SETTINGS}


Settings: Any = create_model("Settings", **_fields())
SomeSettings: Any = create_model("SomeSettings", __base__=Body, **_fields(None))


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class Policy(Settings):  # type: ignore[misc]  # its fields are data
    """One version of the settings, flat."""

    version: int
    reach: Reach = Field(description=REACH)
    reason: str
    author: str | None
    saved_at: Instant

    @classmethod
    def of(cls, version: Version, **more: Any) -> Self:
        about = {"reach": version.reach, "reason": version.reason, "saved_at": version.saved_at}
        return cls(**_settings(version), **about, **more, version=version.number, author=version.author or None)


class PolicyVersion(Policy):
    """`diff` has what this version changed: setting → [old, new]; also `platform`, where the agent has moved."""

    diff: dict[str, list[Any]]

    @classmethod
    def listed(cls, entry: Entry) -> Self:
        was, now = _written(entry.before or entry.version), _written(entry.version)
        return cls.of(entry.version, diff={field: [was[field], now[field]] for field in entry.changes})


class PolicyVersionList(BaseModel):
    items: list[PolicyVersion]
    next_cursor: str | None
    server_now: Instant


class Affected(BaseModel):
    count: int
    first: list[str]


class PolicyPreview(BaseModel):
    """How many, and the ids of at most 20 of them: of the newest sessions; of the users with the most sessions."""

    ends_now: Affected = Field(description="Sessions that would end at once.")
    longer: Affected = Field(description="Sessions that would end later than as it is.")
    shorter: Affected = Field(description="Sessions that would end sooner, but not at once.")
    over_limit: Affected = Field(description="Users with more sessions than they may open. None of these ends.")

    @classmethod
    def of(cls, foresight: Foresight) -> Self:
        return cls.model_validate(foresight, from_attributes=True)


def _settings(version: Version) -> dict[str, Any]:
    return {setting.field: getattr(version.policy, setting.field) for setting in SETTINGS}


def _written(version: Version) -> dict[str, Any]:
    """As JSON has it."""
    written: dict[str, Any] = Settings(**_settings(version)).model_dump(mode="json")
    return written | {"platform": version.platform.value}


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────────
class PolicyDraft(SomeSettings):  # type: ignore[misc]  # its fields are data
    """Any of the settings; the others as they are."""

    @property
    def values(self) -> dict[str, Any]:
        return {setting.field: getattr(self, setting.field) for setting in SETTINGS if self._sent(setting)}

    def _sent(self, setting: Setting) -> bool:
        return setting.field in self.model_fields_set


class PolicyChange(PolicyDraft):
    """Any of the settings; the others stay as they are."""

    reach: Reach = Field(default=Reach.RUNNING, description=REACH)
    reason: Reason = ""


class Restore(Body):
    reach: Reach = Field(default=Reach.RUNNING, description=REACH)
    reason: Reason = ""
