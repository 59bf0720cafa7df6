"""2-lifecycle.md, "Concurrency", on random lives: how many sessions of one user with one agent are open."""

from collections import Counter
from datetime import datetime

from hypothesis import given

from sessions_app.core import clocks
from sessions_app.core.facts import EndReason, State
from sessions_app.core.policy import WhenFull
from tests.unit.core.lives import LAW, Life, Step, lives, steps


def taken(life: Life, now: datetime) -> Counter[int]:
    """Agent → its open sessions and reserved places. Sessions past their deadline do not count, nor emulators."""
    found: Counter[int] = Counter()
    for facts in life.sessions.values():
        if facts.version == "LIVE":
            found[facts.agent] += clocks.as_of(facts, now).is_open
            if facts.pending_to is not None and facts.pending_until is not None:
                found[facts.pending_to] += facts.pending_until > now
    return found


@LAW
@given(lives(), steps())
def test_the_limit_is_never_exceeded(life: Life, steps: list[Step]) -> None:
    """A lowered limit ends nobody: it only refuses new ones."""
    for step in steps:
        before = taken(life, life.instant(step))
        life.take(step)
        after = taken(life, life.now)
        for agent, places in after.items():
            limit = life.portal.agents[agent].policy.max_concurrent_per_user
            assert limit is None or places <= max(limit, before[agent])


@LAW
@given(lives(), steps())
def test_only_one_that_may_be_is_displaced_and_only_for_another_that_opens(life: Life, steps: list[Step]) -> None:
    for step in steps:
        before, now = life.sessions, life.instant(step)
        decision = life.take(step)
        for id, facts in life.sessions.items():
            was = before.get(id)
            if was is None or facts.end_reason is not EndReason.DISPLACED or not was.is_open:
                continue
            assert life.portal.agents[facts.agent].policy.when_full is WhenFull.END_LONGEST_IDLE
            assert was.state is not State.PAUSED
            assert not was.in_live_chat
            assert was.busy_until is None or was.busy_until <= now
            assert decision is not None
            assert decision.started or decision.thread.session.pending_to == facts.agent


@LAW
@given(lives(), steps("say", "open", "transfer", "take over", "pause", "look", "bot answers", "save a policy for all"))
def test_who_is_refused_for_want_of_room_is_told_which_sessions_take_it(life: Life, steps: list[Step]) -> None:
    for step in steps:
        decision = life.take(step)
        if decision is not None and decision.result == "session_limit_reached":
            agent = life.portal.agents[decision.thread.agent.id]
            assert len(decision.open_sessions) >= agent.policy.max_concurrent_per_user
            assert decision.thread.id not in {life.sessions[id].thread for id in decision.open_sessions}
