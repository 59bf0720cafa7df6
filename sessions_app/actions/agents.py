"""Building an agent and changing its settings: the right is asked, the values are checked, the deed is audited."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction

from portal.accounts.permissions import NotAllowed, NotVisible, Principal, Verb, allows, demand
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.audit import actions as audit
from sessions_app.actions import policies, ties
from sessions_app.core import agents as core
from sessions_app.core.agents import Settings
from sessions_app.core.policy import Policy, Refusal
from sessions_app.engines.scripting import grammar
from sessions_app.engines.scripting.starter import starter

STORED = tuple(name for name in core.FIELDS if name != "owners")  # the columns; owners are grants


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
    """A new agent with version 1 of its policy (the platform's defaults unless given), owned by whoever makes it unless
    the settings say otherwise.

    A scripted one without a script gets one to start from. Raises NotAllowed, Refused, policies.OutOfBounds.
    """
    if not allows(principal, Verb.CREATE_AGENT) or principal.account_id is None:
        raise NotAllowed
    settings = with_script(core.tidied(_at_home(settings, principal.account_id)))
    wrong_slug = core.slug_refusal(slug)
    _refuse((*([wrong_slug] if wrong_slug else []), *refusals(settings)))
    with transaction.atomic():
        _refuse(ties.refusals(principal, slug, settings))
        agent = _inserted(slug, settings)
        ties.put_owners(agent, settings.owners)
        policies.first_version(agent=agent, policy=policy, author_id=principal.account_id)
        audit.record(
            "agent.created",
            account_id=principal.account_id,
            agent_id=agent.pk,
            subject=f"agent {slug}",
            after=kept(asdict(settings)),
        )
    return agent


def change(
    *, principal: Principal, agent: Agent, values: Mapping[str, Any], seen: Collection[str] | None = None
) -> Agent:
    """The agent with these fields of Settings changed, and all others as they are when the lock is held. Moving to
    another platform makes a new version of the policy.

    `seen` are fingerprints, one of which must be that of the settings as they stand. The same values again change
    nothing. Raises NotVisible, NotAllowed, Refused, SettingsChanged, policies.OutOfBounds.
    """
    demand(principal, Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=agent.pk)
    with transaction.atomic():
        # Nobody comes to chat while the realm changes; nothing else keeps anybody waiting.
        locked = Agent.objects.select_for_update(no_key="realm" not in values).filter(pk=agent.pk).first()
        if locked is None:
            raise NotVisible
        now = settings_of(locked)
        if seen is not None and fingerprint(now) not in seen:
            raise SettingsChanged(now)
        wanted = with_script(core.tidied(replace(now, **values)))
        _refuse((*refusals(wanted), *ties.refusals(principal, locked.slug, wanted, old=now, agent=locked)))
        if changes := core.changes(now, wanted):
            _write(locked, changes, principal)
    return locked


def settings_of(agent: Agent, *, owners: Sequence[str] | None = None) -> Settings:
    """One query, unless the owners' user names are given."""
    values = {name: getattr(agent, name) for name in STORED}
    tuples = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    known = ties.owners(agent.pk) if owners is None else owners
    return Settings(**values | tuples | {"platform": Platform(agent.platform), "owners": tuple(sorted(known))})


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


def kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of Settings as the audit log keeps them: of a script, how long it is and which; of owners, their ids."""
    return {name: _kept(name, value) for name, value in values.items()}


def _at_home(settings: Settings, account_id: int) -> Settings:
    """With an owner, and in their realm. Of several the realm is that of whoever makes it, if they are one of them."""
    owners = settings.owners or (ties.username(account_id),)
    ids = ties.ids_of(owners)
    at = account_id if account_id in ids else min(ids, default=account_id)
    return replace(settings, owners=owners, realm=settings.realm or ties.realm_of(at))


def _refuse(found: tuple[Refusal, ...]) -> None:
    if found:
        raise Refused(found)


def _inserted(slug: str, settings: Settings) -> Agent:
    values = {name: _stored(getattr(settings, name)) for name in STORED}
    try:
        with transaction.atomic():
            return Agent.objects.create(slug=slug, **values)
    except IntegrityError:
        if not Agent.objects.filter(slug=slug).exists():
            raise
        raise Refused((Refusal("slug", f"There is an agent “{slug}” already; choose another slug."),)) from None


def _write(agent: Agent, changes: dict[str, tuple[Any, Any]], principal: Principal) -> None:
    before = kept({name: was for name, (was, _) in changes.items()})
    after = kept({name: now for name, (_, now) in changes.items()})
    for name, (_, now) in changes.items():
        if name in STORED:
            setattr(agent, name, _stored(now))
    agent.save(update_fields=[name for name in changes if name in STORED])
    if "owners" in changes:
        ties.put_owners(agent, changes["owners"][1])
    if "platform" in changes:
        policies.follow_platform(agent=agent, author_id=principal.account_id)
    audit.record(
        "agent.changed",
        account_id=principal.account_id,
        agent_id=agent.pk,
        subject=f"agent {agent.slug}",
        before=before,
        after=after,
    )


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _kept(name: str, value: Any) -> Any:
    if name == "owners":
        return ties.ids_of(value)
    if name != "script" or not value:
        return _stored(value)
    return f"{len(value)} characters, {hashlib.sha256(value.encode()).hexdigest()[:16]}"
