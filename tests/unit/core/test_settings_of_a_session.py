"""What is set of one session: its model, its variables (3-api.md, "Session data"; 2-lifecycle.md, "Transitions")."""

from typing import Any

import pytest

from sessions_app.core import commands as c
from sessions_app.core.data import LARGEST
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import State
from tests.unit.core.cast import Chat, at, policy
from tests.unit.core.test_transitions import NOW, chat_in


class TestTheModel:
    @pytest.mark.parametrize("model", ["large", "small"])
    def test_one_of_the_agents_can_be_set_and_is_told(self, model: str) -> None:
        chat = chat_in(State.LIVE)
        decision = chat.runs_on(NOW, model, reason="too slow")

        assert (decision.result, chat.session.model_override) == ("done", model)
        assert decision.events[0].detail == {"model": model, "given": "too slow"}

    def test_it_moves_no_clock(self) -> None:
        chat = chat_in(State.LIVE)
        before = chat.session.inactive_since
        chat.runs_on(NOW, "large")
        assert (chat.session.inactive_since, chat.session.touched_at) == (before, at(NOW))

    def test_the_same_again_changes_nothing(self) -> None:
        chat = chat_in(State.LIVE)
        chat.runs_on(NOW, "large")
        assert chat.runs_on(NOW, "large").result == "already"
        assert chat_in(State.LIVE).runs_on(NOW, None).result == "already"

    def test_cleared_it_is_the_agents_again(self) -> None:
        chat = chat_in(State.LIVE)
        chat.runs_on(NOW, "large")
        assert chat.runs_on(NOW, None).result == "done"
        assert (chat.session.model_override, chat.events[-1].detail) == (None, {"model": None})

    def test_not_where_the_policy_does_not_allow_it(self) -> None:
        chat = Chat(policy=policy(allow_model_override=False)).talks("10:05")
        assert chat.runs_on("10:10", "large").result is Refusal.MODEL_OVERRIDE_OFF

    def test_nor_one_that_the_agent_does_not_have(self) -> None:
        decision = chat_in(State.LIVE).runs_on(NOW, "huge")
        assert (decision.result, decision.why) == (Refusal.INVALID, "“huge” is not among the models of Shop.")

    def test_it_does_not_outlive_its_session(self) -> None:
        chat = chat_in(State.LIVE)
        chat.runs_on(NOW, "large")
        chat.clears("10:21")
        assert chat.session.model_override is None


class TestVariables:
    def test_a_patch_is_kept_and_the_timeline_names_what_changed_and_no_values(self) -> None:
        chat = chat_in(State.LIVE)
        decision = chat.notes(NOW, basket=[1, 2], name="Ada")

        assert decision.result == "done"
        assert decision.events[0].detail == {"variables": ["basket", "name"]}
        assert chat.portal.variables[chat.session.id].texts == {"basket": "[1,2]", "name": '"Ada"'}

    @pytest.mark.parametrize("state", [State.LIVE, State.IDLE, State.PAUSED])
    def test_it_is_a_touch_and_moves_no_clock(self, state: State) -> None:
        chat = chat_in(state)
        before = chat.session
        chat.notes(NOW, basket=[])
        assert (chat.session.state, chat.session.inactive_since) == (state, before.inactive_since)
        assert chat.session.touched_at == at(NOW)

    def test_null_removes(self) -> None:
        chat = chat_in(State.LIVE)
        chat.notes(NOW, basket=[1], name="Ada")
        chat.notes("10:21", basket=None)
        assert set(chat.portal.variables[chat.session.id].texts) == {"name"}

    @pytest.mark.parametrize("patch", [{}, {"basket": [1]}, {"gone": None}])
    def test_one_that_changes_nothing_is_no_touch(self, patch: dict[str, Any]) -> None:
        chat = chat_in(State.LIVE)
        chat.notes(NOW, basket=[1])
        decision = chat.do(c.ChangeData(session=chat.session.id, patch=patch), "10:21")
        assert (decision.result, decision.events, decision.data) == ("already", (), ())
        assert chat.session.touched_at == at(NOW)

    @pytest.mark.parametrize(
        ("patch", "refusal"),
        [
            # a write that touches `internal` is refused whole
            ({"internal": {"version": "LIVE"}, "basket": [1]}, Refusal.INTERNAL_READ_ONLY),
            # one that would not fit, with both sizes
            ({"novel": "x" * LARGEST}, Refusal.SESSION_DATA_TOO_LARGE),
            # a variable needs a name
            ({"": 1}, Refusal.INVALID),
        ],
        ids=["internal", "too large", "without a name"],
    )
    def test_a_refused_one_changes_nothing(self, patch: dict[str, Any], refusal: Refusal) -> None:
        chat = chat_in(State.LIVE)
        before = chat.session
        decision = chat.do(c.ChangeData(session=before.id, patch=patch), NOW)

        assert (decision.result, decision.data, decision.events) == (refusal, (), ())
        assert (chat.session, chat.portal.variables) == (before, {})

    def test_a_session_that_has_ended_keeps_what_it_has(self) -> None:
        chat = chat_in(State.LIVE)
        chat.notes(NOW, basket=[1])
        chat.ends(NOW)
        assert chat.notes(NOW, basket=[2]).result is Refusal.SESSION_ENDED
        assert chat.portal.variables[chat.session.id].texts == {"basket": "[1]"}

    def test_the_next_session_begins_without_them(self) -> None:
        chat = chat_in(State.LIVE)
        chat.notes(NOW, basket=[1])
        chat.clears("10:21")
        assert chat.session.id not in chat.portal.variables
