"""What agents look like, and what may be sent about them (3-api.md, "Agents, policy, messages, users, webhooks")."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from localization.core import languages
from portal.agents.core.platforms import Platform
from portal.rest.fields import PRINTABLE, STORABLE, Instant
from sessions_app.api.schemas.fields import Body, EventName, Language, Slug
from sessions_app.core import agents as core
from sessions_app.core.agents import LONGEST, LONGEST_NAME, MOST, Identity
from sessions_app.core.facts import PromptKind
from sessions_app.queries.agents import Owned

AS_THEY_ARE = (
    *("slug", "name", "platform", "languages", "default_language", "models", "allowed_origins", "identity"),
    *("transfer_targets", "realm", "remember", "sensitive_variables", "status"),
)
# Field of core.agents.Settings → what it is called here.
NAMES = {name: f"prompt.{name.removeprefix('prompt_')}" for name in ("prompt_kind", "prompt_event", "prompt_text")}
NAMES |= {"script": "engine.script"}


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class AgentName(BaseModel):
    """What everybody sees who may see the agent at all."""

    slug: str
    name: str
    languages: list[str]
    default_language: str


class Prompt(BaseModel):
    kind: PromptKind
    event: str | None
    text: str | None


class Agent(AgentName):
    """An agent, for those who run it. `owners` are user names. `engine` is what its platform needs: the `script` of a
    scripted bot."""

    platform: Platform
    prompt: Prompt
    model: str | None
    models: list[str]
    allowed_origins: list[str]
    identity: Identity
    transfer_targets: list[str]
    realm: str
    remember: bool
    sensitive_variables: list[str]
    owners: list[str]
    status: Literal["active", "disabled"]
    engine: dict[str, Any]

    @classmethod
    def of(cls, owned: Owned) -> Self:
        agent = owned.agent
        kind = agent.prompt_kind
        event, text = agent.prompt_event if kind == "intent" else None, agent.prompt_text if kind == "preset" else None
        return cls(
            prompt=Prompt.model_validate({"kind": kind, "event": event, "text": text}),
            model=agent.model or None,
            owners=list(owned.owners),
            engine={"script": agent.script} if agent.platform == Platform.SCRIPTED else {},
            **{name: getattr(agent, name) for name in AS_THEY_ARE},
        )


class AgentList(BaseModel):
    items: list[Agent | AgentName]
    next_cursor: str | None
    server_now: Instant


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _set(description: str = "", *, most: str = "") -> Any:
    """A field that is left as it is unless it is sent; of a list, at most as many as the core allows."""
    bound: Any = {"maxItems": MOST[most][0]} if most else None
    return Field(default=None, description=description, json_schema_extra=bound)


UNIX = AfterValidator(core.unix)
Spoken = Annotated[Language, AfterValidator(languages.normalise)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST["name"]), PRINTABLE]
Model = Annotated[str, StringConstraints(max_length=LONGEST_NAME), PRINTABLE]
Variable = Annotated[str, StringConstraints(max_length=LONGEST_NAME), PRINTABLE]
Realm = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME), PRINTABLE]
Origin = Annotated[str, StringConstraints(max_length=core.LONGEST_ORIGIN), PRINTABLE, AfterValidator(core.origin)]
PromptText = Annotated[str, StringConstraints(max_length=LONGEST["prompt_text"]), STORABLE, UNIX]
Username = Annotated[str, StringConstraints(min_length=1, max_length=150), PRINTABLE]


class SentPrompt(Body):
    """How a chat opens. What the kind has no use for may be left out, or null."""

    kind: PromptKind
    event: EventName | None = None
    text: PromptText | None = None

    @property
    def values(self) -> dict[str, Any]:
        given = {"prompt_kind": self.kind, "prompt_event": self.event, "prompt_text": self.text}
        return {name: value for name, value in given.items() if value is not None}


class AgentFields(Body):
    """What an agent's owner sets. What is not sent stays as it is, or is what Portal gives a new agent."""

    prompt: SentPrompt = _set()
    model: Model | None = _set("Used unless a session overrides it; null leaves it to the bot.")
    models: list[Model] = _set("Those that a session can be given instead.", most="models")
    allowed_origins: list[Origin] = _set("Sites that may embed the chat; none means any.", most="allowed_origins")
    identity: Identity = _set("Whether the site vouches for its users.")
    transfer_targets: list[Slug] = _set("Slugs of the agents that users may go to.", most="transfer_targets")
    realm: Realm = _set("The name space of user ids. It stays once somebody has chatted.")
    remember: bool = _set("Whether the memory of an identified user goes on into the next session.")
    sensitive_variables: list[Variable] = _set(
        "Names of variables that are masked in pages, exports and webhooks.", most="sensitive_variables"
    )
    owners: list[Username] = _set("User names, at least one. Owners share the users of the realm.", most="owners")
    status: Literal["active", "disabled"] = _set("A disabled agent starts no sessions.")
    engine: dict[str, Any] | None = _set("What the platform needs: `script`, in YAML, for a scripted bot.")

    @property
    def values(self) -> dict[str, Any]:
        """Fields of core.agents.Settings, but those of the engine."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"slug", "prompt", "engine"}}
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        model = {"model": self.model or ""} if "model" in given else {}
        prompt = self.prompt.values if "prompt" in self.model_fields_set else {}
        return given | lists | model | prompt


class NewAgent(AgentFields):
    slug: Slug | None = Field(default=None, description="Made from the name without it. It stays.")
    name: Name
    platform: Platform
    languages: list[Spoken] = _set("English without it.", most="languages")
    default_language: Spoken = _set("The first of the languages without it.")

    @property
    def values(self) -> dict[str, Any]:
        spoken = tuple(self.languages) if "languages" in self.model_fields_set else ("en",)
        return {"languages": spoken, "default_language": next(iter(spoken), "")} | super().values


class AgentChange(AgentFields):
    """Any of an agent's fields; the others stay as they are."""

    slug: Slug = _set("May be sent, and is the one the agent has.")
    name: Name = _set()
    platform: Platform = _set("The session policy has to fit it.")
    languages: list[Spoken] = _set(most="languages")
    default_language: Spoken = _set()
