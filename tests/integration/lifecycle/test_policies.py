"""Policies against what happens to their agent at the same time."""

from datetime import timedelta

import pytest

from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from sessions_app.actions import agents, policies
from sessions_app.core.policy import default_policy
from tests import cast

pytestmark = pytest.mark.django_db


def test_a_policy_is_held_to_the_bounds_of_the_platform_its_agent_has_moved_to():
    shop, root = cast.agent(platform="dialogflow_cx", policy={"session_duration": timedelta(minutes=15)}), cast.admin()
    seen = Agent.objects.get(pk=shop.pk)
    agents.change(principal=cast.principal(root), agent=shop, values={"platform": Platform.DIALOGFLOW_ES})

    too_long = default_policy(Platform.DIALOGFLOW_CX)
    with pytest.raises(policies.OutOfBounds, match="Dialogflow ES is 1 to 20 minutes"):
        policies.save(principal=cast.principal(root), agent=seen, policy=too_long)
