"""Loading the demo, once: people, agents, what their users read, a week of history. By public actions only."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from random import Random

from django.db import transaction

from localization import actions as texts
from portal.accounts import actions as accounts
from portal.accounts.models import Account
from portal.accounts.permissions import Principal, principal_of
from portal.agents.models import Agent
from portal.demo import people
from portal.demo.agents import AGENTS, DAY, DemoAgent
from portal.demo.bot import answering
from portal.demo.history.week import DAYS, Week
from portal.lib import clock
from sessions_app.actions import agents, imports, policies
from sessions_app.actions.imports import PastPolicy
from sessions_app.core.policy import default_policy

SEED = "portal"  # the same week everywhere
BEGAN = (DAYS + 2) * DAY  # before now; the agents had a policy before their first visit


def is_loaded() -> bool:
    """Whether there is anything of the demo, or anything that bears one of its names: then nothing is added."""
    slugs = [agent.slug for agent in AGENTS]
    known = Account.objects.filter(username__in=people.USERNAMES)
    return known.exists() or Agent.objects.filter(slug__in=slugs).exists()


@transaction.atomic
def load(*, visits: int | None = None) -> int:
    """How many sessions there are then. `visits` is the number for each agent, instead of the demo's own."""
    cast = {who.username: _account(who) for who in people.ACCOUNTS}
    now = clock.now()
    return sum(_load(agent, cast, now, agent.visits if visits is None else visits) for agent in AGENTS)


def _account(who: people.DemoAccount) -> Account:
    return accounts.create(username=who.username, name=who.name, email=who.email, role=who.role)


def _load(demo: DemoAgent, cast: Mapping[str, Account], now: datetime, visits: int) -> int:
    """The texts before the history: its dividers show them. The latest change of the policy at last: it is of today."""
    owner = principal_of(cast[demo.owner])
    agent = agents.create(principal=owner, slug=demo.slug, settings=demo.settings)
    owner = principal_of(cast[demo.owner])  # who owns it now
    _write_texts(demo, agent, owner, cast)
    sessions = _write_history(demo, agent, owner, cast, now, visits)
    for change in demo.changes:
        if not change.ago:
            policies.change(principal=owner, agent=agent, values=change.values, reason=change.reason)
    return sessions


def _write_texts(demo: DemoAgent, agent: Agent, owner: Principal, cast: Mapping[str, Account]) -> None:
    if demo.translated:
        accounts.let_translate(principal=owner, account=cast["tara"], agent_id=agent.pk, languages=demo.translated)
    for writer, key, language, text in demo.texts:
        principal = principal_of(cast[writer])
        texts.save_text(principal=principal, agent=agent, key=key, language=language, text=text, expected_version=None)


def _write_history(
    demo: DemoAgent, agent: Agent, owner: Principal, cast: Mapping[str, Account], now: datetime, visits: int
) -> int:
    rng = Random(f"{SEED} {demo.slug}")
    versions = list(_past_policies(demo, cast[demo.owner].pk, now))
    ids = {username: account.pk for username, account in cast.items()}
    week = Week(agent=demo, now=now, rng=rng, accounts=ids, policies=versions)
    chats, bot = week.chats(visits), answering(rng)
    return imports.write_history(principal=owner, agent=agent, policies=versions, chats=chats, bot=bot)


def _past_policies(demo: DemoAgent, author_id: int, now: datetime) -> Iterator[PastPolicy]:
    policy = default_policy(demo.settings.platform)
    yield PastPolicy(saved_at=now - BEGAN, policy=policy, author_id=author_id)
    for change in demo.changes:
        if change.ago:
            policy = replace(policy, **change.values)
            yield PastPolicy(saved_at=now - change.ago, policy=policy, author_id=author_id, reason=change.reason)
