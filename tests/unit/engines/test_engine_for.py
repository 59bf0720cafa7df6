"""Which engine answers for a platform."""

import pytest

from sessions_app import engines
from sessions_app.engines.turn import EngineUnavailable


def test_a_scripted_agent_has_an_engine():
    assert callable(engines.engine_for("scripted").reply)


def test_nothing_is_called_for_an_external_agent():
    assert engines.engine_for("external") is None


@pytest.mark.parametrize(
    ("platform", "name"),
    [("dialogflow_cx", "Dialogflow CX"), ("dialogflow_es", "Dialogflow ES"), ("openai", "OpenAI-compatible")],
)
def test_a_platform_that_portal_cannot_reach_is_named_in_the_sentence(platform, name):
    with pytest.raises(EngineUnavailable, match=f"Portal cannot reach {name} bots yet"):
        engines.engine_for(platform)


def test_a_word_that_is_no_platform_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="telepathy"):
        engines.engine_for("telepathy")
