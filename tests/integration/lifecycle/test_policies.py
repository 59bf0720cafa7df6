"""Policies against what happens to their agent at the same time."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from portal.accounts.permissions import NotVisible
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.lib import clock
from sessions_app.actions import agents, imports, policies, removing
from sessions_app.actions.imports import PastPolicy
from sessions_app.core.policy import default_policy
from sessions_app.models import PolicyVersion
from sessions_app.queries import rollouts
from tests import cast
from tests.integration.lifecycle.test_locks import Beside, _until, _waiting

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_a_policy_is_held_to_the_bounds_of_the_platform_its_agent_has_moved_to():
    shop, root = cast.agent(platform="dialogflow_cx", policy={"session_duration": timedelta(minutes=15)}), cast.admin()
    seen = Agent.objects.get(pk=shop.pk)
    agents.change(principal=cast.principal(root), agent=shop, values={"platform": Platform.DIALOGFLOW_ES})

    too_long = default_policy(Platform.DIALOGFLOW_CX)
    with pytest.raises(policies.OutOfBounds, match="Dialogflow ES is 1 to 20 minutes"):
        policies.save(principal=cast.principal(root), agent=seen, policy=too_long)


@pytest.mark.django_db(transaction=True)
def test_a_version_is_in_force_from_when_its_lock_is_held_and_not_from_when_it_was_waited_for(olga, shop):
    """What was decided while somebody waited to save was decided without it."""
    saved: list[PolicyVersion] = []

    def save() -> None:
        values = {"session_duration": 10 * MINUTE}
        saved.append(policies.change(principal=cast.principal(olga), agent=shop, values=values))

    with transaction.atomic():
        Agent.objects.select_for_update(no_key=True).get(pk=shop.pk)
        waits = Beside(save)
        _until(lambda: _waiting() > 0)
        let_go_at = clock.now()
    waits.join()
    assert saved[0].saved_at > let_go_at


def test_the_versions_an_agent_begins_with_are_on_their_way_to_nobody(olga, shop):
    assert rollouts.on_their_way() == []
    root, policy = cast.principal(cast.admin()), default_policy(Platform.EXTERNAL)
    past = [PastPolicy(saved_at=clock.now() - days * 1440 * MINUTE, policy=policy) for days in (2, 1)]
    imports.write_history(principal=root, agent=shop, policies=past, chats=[], bot=_nobody)
    assert shop.policy_versions.count() == 2
    assert rollouts.on_their_way() == []
    version = policies.change(principal=root, agent=shop, values={"session_duration": 10 * MINUTE})
    assert [(one.agent, one.number) for one in rollouts.on_their_way()] == [(shop.pk, version.number)]


def _nobody(_turn: Any) -> Any:
    raise AssertionError("nobody said anything")


def test_the_policy_of_an_agent_that_was_removed_meanwhile_is_not_to_be_found(olga, shop):
    seen, owner = Agent.objects.get(pk=shop.pk), cast.principal(olga)
    removing.remove(principal=owner, agent=shop)
    with pytest.raises(NotVisible):
        policies.change(principal=owner, agent=seen, values={"session_duration": 10 * MINUTE})
    with pytest.raises(NotVisible):
        policies.candidate(agent=seen, values={})
