"""Building an agent and changing its settings: the right is asked, the values are checked, the deed is audited."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from django.db import IntegrityError, transaction

from portal.accounts.models import Grant
from portal.accounts.names import GrantRole
from portal.accounts.permissions import NotAllowed, Principal, Verb, allows, demand
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.audit import actions as audit
from sessions_app.actions import policies
from sessions_app.core import agents as core
from sessions_app.core.agents import Settings
from sessions_app.core.facts import PromptKind
from sessions_app.core.policy import Policy, Refusal
from sessions_app.engines.scripting import grammar
from sessions_app.engines.scripting.starter import starter


class Refused(Exception):
    """Values that cannot be so; nothing was changed. `refusals` name the field of each."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__(" ".join(refusal.sentence for refusal in refusals))
        self.refusals = refusals


@dataclass
class SettingsChanged(Exception):
    """Somebody changed the agent since the form was opened. `theirs` is how it stands now."""

    theirs: Settings

    def __str__(self) -> str:
        return "The settings were changed meanwhile."


def create(*, principal: Principal, slug: str, settings: Settings, policy: Policy | None = None) -> Agent:
    """A new agent with version 1 of its policy (the platform's defaults unless given), owned by whoever makes it.

    A scripted one without a script gets one to start from. Raises NotAllowed, Refused, policies.OutOfBounds.
    """
    if not allows(principal, Verb.CREATE_AGENT) or principal.account_id is None:
        raise NotAllowed
    settings = with_script(settings)
    wrong_slug = core.slug_refusal(slug)
    _refuse((*([wrong_slug] if wrong_slug else []), *refusals(settings)))
    with transaction.atomic():
        agent = _inserted(slug, settings, realm=realm_of(principal.account_id))
        Grant.objects.create(account_id=principal.account_id, agent=agent, role=GrantRole.OWNER)
        policies.first_version(agent=agent, policy=policy, author_id=principal.account_id)
        audit.record(
            "agent.created",
            account_id=principal.account_id,
            agent_id=agent.pk,
            subject=f"agent {slug}",
            after={name: _kept(name, value) for name, value in asdict(settings).items()},
        )
    return agent


def change(*, principal: Principal, agent: Agent, settings: Settings, seen: str | None = None) -> Agent:
    """The agent with these settings. Moving to another platform makes a new version of the policy.

    `seen` is the fingerprint of the settings the form was filled from. The same settings again change nothing.
    Raises NotVisible, NotAllowed, Refused, SettingsChanged, policies.OutOfBounds.
    """
    demand(principal, Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=agent.pk)
    settings = with_script(settings)
    _refuse(refusals(settings))
    with transaction.atomic():
        locked = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
        now = settings_of(locked)
        if seen is not None and seen != fingerprint(now):
            raise SettingsChanged(now)
        if changes := core.changes(now, settings):
            _write(locked, changes, principal)
    return locked


def settings_of(agent: Agent) -> Settings:
    return Settings(
        **{name: getattr(agent, name) for name in ("name", "default_language", "prompt_event", "prompt_text")},
        platform=Platform(agent.platform),
        languages=tuple(agent.languages),
        prompt_kind=cast(PromptKind, agent.prompt_kind),
        allowed_origins=tuple(agent.allowed_origins),
        status=agent.status,
        script=agent.script,
    )


def fingerprint(settings: Settings) -> str:
    """The same for the same settings, and short enough for a form."""
    return hashlib.blake2s(json.dumps(asdict(settings)).encode(), digest_size=12).hexdigest()


def with_script(settings: Settings) -> Settings:
    """A scripted agent always has a script; an empty one is replaced by one that works."""
    if settings.platform is not Platform.SCRIPTED or settings.script.strip():
        return settings
    event = settings.prompt_event if settings.prompt_kind == "intent" else ""
    return replace(settings, script=starter(name=settings.name, language=settings.default_language, event=event))


def refusals(settings: Settings) -> tuple[Refusal, ...]:
    """Everything that cannot be so, one sentence each; of a script with its line."""
    found = core.refusals(settings)
    if settings.platform is not Platform.SCRIPTED:
        return found
    event = settings.prompt_event if settings.prompt_kind == "intent" else None
    problems = grammar.validate(settings.script, default_language=settings.default_language, prompt_event=event)
    return (*found, *(Refusal("script", f"Line {problem.line}: {problem.sentence}") for problem in problems))


def realm_of(account_id: int) -> str:
    """The name space of user ids that all agents of one owner share (1-product.md, "Words")."""
    return f"account-{account_id}"


def _refuse(found: tuple[Refusal, ...]) -> None:
    if found:
        raise Refused(found)


def _inserted(slug: str, settings: Settings, *, realm: str) -> Agent:
    values = {name: _stored(value) for name, value in asdict(settings).items()}
    try:
        with transaction.atomic():
            return Agent.objects.create(slug=slug, realm=realm, **values)
    except IntegrityError:
        if not Agent.objects.filter(slug=slug).exists():
            raise
        raise Refused((Refusal("slug", f"There is an agent “{slug}” already; choose another slug."),)) from None


def _write(agent: Agent, changes: dict[str, tuple[Any, Any]], principal: Principal) -> None:
    for name, (_, now) in changes.items():
        setattr(agent, name, _stored(now))
    agent.save(update_fields=list(changes))
    if "platform" in changes:
        policies.follow_platform(agent=agent, author_id=principal.account_id)
    audit.record(
        "agent.changed",
        account_id=principal.account_id,
        agent_id=agent.pk,
        subject=f"agent {agent.slug}",
        before={name: _kept(name, was) for name, (was, _) in changes.items()},
        after={name: _kept(name, now) for name, (_, now) in changes.items()},
    )


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _kept(name: str, value: Any) -> Any:
    """As the audit log keeps it: of a script, how long it is and which."""
    if name != "script" or not value:
        return _stored(value)
    return f"{len(value)} characters, {hashlib.sha256(value.encode()).hexdigest()[:16]}"
