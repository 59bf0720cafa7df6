"""Which lines of a timeline moved the clock, from when to when: 2-lifecycle.md, "Worked examples", as the page tells
them (7-screens.md, 17)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import Account
from portal.agents.core.platforms import Platform
from sessions_app.actions import policies
from sessions_app.core import commands as c
from sessions_app.core.commands import USER
from sessions_app.core.policy import Reach
from sessions_app.views.timeline_words import Item
from tests import cast
from tests.integration.lifecycle.day import Day, Story

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Day:
    """Its bots answer when the test says so."""
    monkeypatch.setattr("sessions_app.actions.turns.nudge", lambda *_args, **_kwargs: None)
    return Day(monkeypatch)


def begin(day: Day, olga: Account, **policy: Any) -> Story:
    bot = cast.agent(owner=olga, platform=Platform.DIALOGFLOW_CX, policy=policy)
    return Story(day, bot)


def told(story: Story, olga: Account, query: str = "") -> list[str]:
    """The lines that moved a clock, each with what it did."""
    answer = cast.sign_in(Client(), olga).get(f"/sessions/{story.session.pk}/timeline/{query}")
    assert answer.status_code == 200
    return [_told(story.day, item) for item in answer.context["items"] if item.moved]


def _told(day: Day, item: Item) -> str:
    moves = [f"{m.label} {day.clock(m.before) if m.before else '-'} → {day.clock(m.after)}" for m in item.moves]
    return f"{day.clock(item.at)} {item.what}: {'; '.join([*moves, *([item.stopped] if item.stopped else [])])}"


def test_1_start_and_a_turn(day, olga):
    story = begin(day, olga)
    story.starts("10:00")
    story.talks("10:05")
    story.sweeps("10:35")
    assert told(story, olga) == [
        "10:00:00 The session began: Goes idle and ends - → 10:30:00",
        "10:05:00 Message 1 from the user: Goes idle and ends 10:30:00 → 10:35:00",
        "10:35:00 Ended: Both clocks are over",
    ]


def test_2_an_idle_stretch_has_a_clock_of_its_own(day, olga):
    story = begin(day, olga, idle_timeout=10 * MINUTE)
    story.starts("10:00")
    story.talks("10:05")
    story.sweeps("10:15")
    story.talks("10:20")
    assert told(story, olga) == [
        "10:00:00 The session began: Goes idle - → 10:10:00; Ends - → 10:30:00",
        "10:05:00 Message 1 from the user: Goes idle 10:10:00 → 10:15:00; Ends 10:30:00 → 10:35:00",
        "10:20:00 Message 3 from the user: Goes idle 10:15:00 → 10:30:00; Ends 10:35:00 → 10:50:00",
    ]


def test_3_a_message_of_the_bots_own_moves_none(day, olga):
    story = begin(day, olga)
    story.starts("10:00")
    story.do("10:10", c.Say, sender=c.Sender.BOT, kind=c.Kind.TEXT, text="Anything else?")
    assert told(story, olga) == ["10:00:00 The session began: Goes idle and ends - → 10:30:00"]


def test_5_a_pause(day, olga):
    story = begin(day, olga)
    story.starts("10:00")
    story.talks("10:05")
    story.do("10:20", c.Pause, actor=USER)
    story.do("12:20", c.Resume, actor=USER)
    assert told(story, olga)[2:] == [
        "10:20:00 Paused: Both clocks stand: 15:00 left",
        "12:20:00 Resumed: Goes idle and ends - → 12:35:00",
    ]


def test_6_near_the_cap_it_is_the_cap_that_ends_it(day, olga):
    story = begin(day, olga)
    story.starts("10:00")
    story.talks(*(f"{hour}:{minute:02}" for hour in range(10, 14) for minute in (0, 20, 40)))
    story.sweeps("14:00")
    assert told(story, olga)[-2:] == [
        "13:40:00 Message 23 from the user: Ends 13:50:00 → 14:00:00",
        "14:00:00 Ended: Both clocks are over",
    ]


def test_11_a_shorter_policy_reaches_into_no_past(day, olga):
    story = begin(day, olga)
    story.starts("10:00")
    story.talks("10:05")
    day.is_now("10:20")
    shorter = {"session_duration": 10 * MINUTE, "idle_timeout": 10 * MINUTE}
    policies.change(principal=cast.principal(olga), agent=story.thread.agent, values=shorter, reach=Reach.RUNNING)
    assert told(story, olga)[2:] == [
        "10:20:00 A newer policy applies: Goes idle and ends 10:35:00 → 10:20:00",
        "10:20:00 Ended: Both clocks are over",
    ]


def test_15_an_answer_that_is_awaited_holds_the_end(day, olga):
    story = begin(day, olga, session_duration=MINUTE)
    story.starts("10:04:30")
    story.says("10:05:00", "one")
    story.says("10:05:00", "two")
    story.bot_answers("10:05:50", "first answer")
    story.bot_answers("10:06:40", "second answer")
    assert told(story, olga)[1:] == [
        "10:05:00 Message 1 from the user: Goes idle and ends 10:05:30 → 10:06:00",
        "10:05:50 Message 3 from the bot: Ends 10:06:00 → 10:06:50",
        "10:06:40 Message 4 from the bot: Ends 10:06:50 → 10:06:40",
        "10:06:40 Ended: Both clocks are over",
    ]


def test_the_filter_leaves_these_and_nothing_else(day, olga):
    story = begin(day, olga)
    story.starts("10:00")
    story.talks("10:05")
    answer = cast.sign_in(Client(), olga).get(f"/sessions/{story.session.pk}/timeline/?moved=1")
    assert [item.what for item in answer.context["items"]] == ["The session began", "Message 1 from the user"]


def test_without_the_messages_nobody_can_tell_and_the_page_says_so(day, olga):
    story = begin(day, olga)
    story.starts("10:00")
    story.talks("10:05")
    story.thread.lines.all().delete()
    answer = cast.sign_in(Client(), olga).get(f"/sessions/{story.session.pk}/timeline/")
    assert "what the clocks did can no longer be told" in answer.text
    assert told(story, olga) == []
