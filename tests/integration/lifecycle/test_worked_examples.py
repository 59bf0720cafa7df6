"""2-lifecycle.md, "Worked examples", against the real database: with their numbers and their instants."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import httpx
import pytest

from portal.accounts import auth
from portal.accounts.models import Account
from portal.agents.core.platforms import Platform
from portal.lib import clock
from sessions_app.actions import apply, policies
from sessions_app.core import commands as c
from sessions_app.core.commands import USER
from sessions_app.core.facts import EndReason
from sessions_app.core.policy import Reach
from sessions_app.models import ChatSession, Event, Message
from tests import cast
from tests.integration.api.conftest import Program, program
from tests.integration.lifecycle.day import Day, Story

MINUTE = timedelta(minutes=1)
PATIENCE_SECONDS = 30
EXPIRED = "── Your session has expired"


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch, db: None) -> Day:
    """Its bots answer when the test says so."""
    monkeypatch.setattr("sessions_app.actions.turns.nudge", lambda *_args, **_kwargs: None)
    return Day(monkeypatch)


Begin = Callable[..., Story]


@pytest.fixture
def chat(day: Day, olga: Account) -> Begin:
    """A chat with a bot on Dialogflow CX: duration 30, idle 30, cap 240 minutes, unless said otherwise."""

    def begin(*, policy: dict[str, Any] | None = None, **about: Any) -> Story:
        bot = cast.agent(owner=olga, platform=Platform.DIALOGFLOW_CX, policy=policy, **about)
        return Story(day, bot)

    return begin


def test_1_start_and_a_turn(chat: Begin, day: Day) -> None:
    # start 10:00, user turn 10:05 → 10:35 idle, 10:35 ended expired, not silent
    story = chat()
    story.starts("10:00")
    story.talks("10:05")
    story.sweeps("10:34:59.999999")
    assert story.session.state == "live"

    story.sweeps("10:35")
    assert story.timeline() == ["started 10:00:00", "idle 10:35:00", "ended 10:35:00"]
    assert (story.session.ended_at, story.session.end_reason) == (day.at("10:35"), "expired")
    assert not story.session.silent
    assert story.lines() == ["user: hi", "bot: Hello", EXPIRED]


def test_2_a_turn_after_an_idle_stretch(chat: Begin, day: Day) -> None:
    # idle 10; start 10:00, turn 10:05 → idle 10:15; turn 10:20 → live, conversation 2; ended 10:50
    story = chat(policy={"idle_timeout": 10 * MINUTE})
    story.starts("10:00")
    story.talks("10:05")
    story.sweeps("10:14:59.999999")
    assert story.session.state == "live"
    story.sweeps("10:15")
    assert (story.session.state, story.session.conversations) == ("idle", 1)

    story.talks("10:20")
    assert (story.session.state, story.session.conversations) == ("live", 2)
    story.sweeps("11:00")
    assert story.session.ended_at == day.at("10:50")
    assert story.timeline() == [
        *("started 10:00:00", "idle 10:15:00", "active 10:20:00"),
        *("idle 10:30:00", "ended 10:50:00"),
    ]


def test_3_nothing_but_a_preset_prompt(chat: Begin, day: Day) -> None:
    # start 10:00, nothing else, preset prompt → ended 10:30 expired, silent
    story = chat(prompt_kind="preset", prompt_text="Hello!")
    story.starts("10:00")
    story.sweeps("10:30")

    assert (story.session.ended_at, story.session.end_reason) == (day.at("10:30"), "expired")
    assert (story.session.silent, story.session.interactions) == (True, 0)
    assert story.lines() == ["bot: Hello!"]


def test_4_nothing_but_an_intent_prompt(chat: Begin, day: Day) -> None:
    # start 10:00, intent prompt 10:00:01, nothing else → ended 10:30:01, silent: an interaction, but no user turn
    story = chat(prompt_kind="intent", prompt_event="welcome")
    story.starts("10:00:01")
    story.bot_answers("10:00:02")
    story.sweeps("10:30:00.999999")
    assert story.session.ended_at is None

    story.sweeps("10:30:01")
    assert (story.session.ended_at, story.session.silent) == (day.at("10:30:01"), True)
    assert (story.session.interactions, story.session.user_turns, story.session.conversations) == (1, 0, 0)


def test_5_a_pause(chat: Begin, day: Day) -> None:
    # turn 10:05, pause 10:20, resume 12:20 → ends 12:35: fifteen minutes were left
    story = chat()
    story.starts("10:00")
    story.talks("10:05")
    story.do("10:20", c.Pause, actor=USER)
    story.sweeps("12:00")
    assert (story.session.state, story.session.ends_at) == ("paused", None)

    story.do("12:20", c.Resume, actor=USER)
    assert story.session.ends_at == day.at("12:35")
    story.sweeps("12:34:59.999999")
    assert story.session.state == "live"
    story.sweeps("12:35")
    assert (story.session.ended_at, story.session.paused_for) == (day.at("12:35"), 120 * MINUTE)


EVERY_TWENTY_MINUTES = [f"{hour}:{minute}" for hour in range(10, 14) for minute in ("00", "20", "40")]


def test_6_however_active_it_ends_at_the_cap(chat: Begin, day: Day) -> None:
    # a turn every 20 min from 10:00, the last at 13:40 → ended 14:00 max_duration; a turn at 14:00 is late
    story = chat()
    story.starts("10:00")
    story.talks(*EVERY_TWENTY_MINUTES)
    late = story.says("14:00", "and now?")

    old, new = story.sessions
    assert (old.ended_at, old.end_reason, old.user_turns) == (day.at("14:00"), "max_duration", 12)
    assert (late.previous, new.started_at, new.user_turns) == (old.pk, day.at("14:00"), 1)


def test_6_without_that_turn(chat: Begin, day: Day) -> None:
    story = chat()
    story.starts("10:00")
    story.talks(*EVERY_TWENTY_MINUTES)
    story.sweeps("13:59:59.999999")
    assert story.session.state == "live"
    story.sweeps("14:05")
    assert (story.session.ended_at, story.session.end_reason) == (day.at("14:00"), "max_duration")
    assert story.timeline() == ["started 10:00:00", "ended 14:00:00"]


def test_7_a_pause_does_not_count_towards_the_cap(chat: Begin, day: Day) -> None:
    # as 6, with a pause of 1 h → ended 15:00
    story = chat()
    story.starts("10:00")
    story.talks(*EVERY_TWENTY_MINUTES[:7])
    story.do("12:00", c.Pause, actor=USER)
    story.do("13:00", c.Resume, actor=USER)
    story.talks("13:20", "13:40", "14:00", "14:20", "14:40")
    story.sweeps("16:00")
    assert (story.session.ended_at, story.session.end_reason) == (day.at("15:00"), "max_duration")


def test_8_a_live_chat_that_outlives_its_session(chat: Begin, day: Day) -> None:
    # turn 10:05, live chat from 10:10, human and user talk until 11:00 → ended 10:35 silent; their talk goes on; hand
    # back at 11:00; the next message to the bot opens a new session
    story = chat()
    hanna = c.account_actor(7)
    story.starts("10:00")
    story.talks("10:05")
    story.do("10:10", c.TakeOver, actor=hanna)
    for when in ("10:20", "10:34", "10:36", "11:00"):
        story.says(when, when)
        story.human_says(when)
    story.sweeps("11:00")

    (old,) = story.sessions
    assert (old.ended_at, old.end_reason, old.silent) == (day.at("10:35"), "expired", True)
    assert EXPIRED not in story.lines()
    after = old.lines.filter(after_end=True).order_by("seq").values_list("sender", "text")
    assert list(after) == [("user", "10:36"), ("human", "Well."), ("user", "11:00"), ("human", "Well.")]
    assert not old.turns.exists()

    story.do("11:00", c.HandBack, actor=hanna)
    late = story.says("11:01", "and the bot?")
    old, new = story.sessions
    assert (late.previous, new.started_at) == (old.pk, day.at("11:01"))
    assert new.turns.count() == 1


def test_9_a_message_at_the_deadline(chat: Begin, day: Day) -> None:
    # message at 10:35:00.000 after turn 10:05 → old ended_at 10:35:00.000; message answered in a new session
    story = chat()
    story.starts("10:00")
    story.talks("10:05")
    late = story.says("10:35:00.000", "still there?")

    old, new = story.sessions
    assert (old.ended_at, new.started_at) == (day.at("10:35"), day.at("10:35"))
    assert (late.previous, late.session.id if late.session else None) == (old.pk, new.pk)
    assert [turn.session_id for turn in new.turns.all()] == [new.pk]
    assert story.lines() == ["user: hi", "bot: Hello", EXPIRED, "user: still there?"]


def test_9_a_microsecond_before_it(chat: Begin) -> None:
    story = chat()
    story.starts("10:00")
    story.talks("10:05")
    story.says("10:34:59.999999", "still there?")
    assert [session.state for session in story.sessions] == ["live"]


def test_9_by_the_clock_on_the_wall(olga: Account) -> None:
    """Nobody else has looked since: the message itself finds the deadline over."""
    session = cast.chatting(cast.agent(owner=olga))
    assert session.ends_at is not None
    cast.pass_time(session.pk, session.ends_at - clock.now() - timedelta(milliseconds=200))
    session.refresh_from_db()
    _wait_until(session.ends_at)
    outcome = cast.say(session.thread, "still there?")

    old, new = ChatSession.objects.order_by("started_at")
    assert (old.ended_at, old.end_reason, old.silent) == (session.ends_at, "expired", False)
    assert outcome.previous == old.pk
    assert old.ended_at <= new.started_at == outcome.now
    assert list(new.lines.values_list("text", flat=True)) == ["still there?"]


def _wait_until(instant: datetime) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while clock.now() < instant:
        assert time.monotonic() < deadline
        time.sleep(0.01)


Look = Callable[[Program, ChatSession], Any]
LOOKS: dict[str, Look] = {
    "the session": lambda admin, one: admin.get(f"/sessions/{one.pk}").body,
    "a list of all": lambda admin, one: _only(admin.get("/sessions", state="any").body),
    "a list of the ended ones": lambda admin, one: _only(admin.get("/sessions", state="ended").body),
    "what is said to it": lambda admin, one: admin.post(f"/sessions/{one.pk}/messages", {"text": "?"}).body[
        "previous_session"
    ],
    "ending it": lambda admin, one: admin.post(f"/sessions/{one.pk}/end").body,
}


def _only(answer: Any) -> Any:
    (item,) = answer["items"]
    return item


@pytest.mark.django_db
@pytest.mark.parametrize("look", LOOKS)
def test_10_workers_down_at_any_look(look: str, olga: Account) -> None:
    # workers down 10:00-11:00, turn 10:05 → at any look after 10:35: ended at 10:35. By the clock on the wall
    session = cast.chatting(cast.agent(owner=olga))
    cast.pass_time(session.pk, 85 * MINUTE)
    session.refresh_from_db()
    assert (session.state, session.ended_at) == ("live", None), "nobody has noticed"

    seen = LOOKS[look](program(olga), session)

    assert session.ends_at is not None
    assert (seen["id"], seen["state"], seen["end_reason"]) == (str(session.pk), "ended", "expired")
    assert datetime.fromisoformat(seen["ended_at"]) == _in_milliseconds(session.ends_at)


def _in_milliseconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


@pytest.mark.django_db
def test_10_it_is_not_among_the_open_ones(olga: Account) -> None:
    session = cast.chatting(cast.agent(owner=olga))
    cast.pass_time(session.pk, 85 * MINUTE)
    assert program(olga).get("/sessions").body["items"] == []


@pytest.mark.parametrize("when", ["10:35", "10:35:00.000001", "11:00", "23:59"])
def test_10_however_late_the_first_sweep_is(chat: Begin, day: Day, when: str) -> None:
    story = chat()
    story.starts("10:00")
    story.talks("10:05")
    story.sweeps(when)
    assert story.session.ended_at == day.at("10:35")
    assert story.timeline()[1:] == ["idle 10:35:00", "ended 10:35:00"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("reach", "ended_at", "version"),
    [
        # 11: policy changed 10:20 to duration 10, reach running → ended at 10:20 (not in the past), expired, under the
        # new version
        (Reach.RUNNING, "10:20", 2),
        # 12: same, reach new → ended 10:35 under the old version
        (Reach.NEW, "10:35", 1),
    ],
    ids=["11 running", "12 new"],
)
@pytest.mark.parametrize("noticed_by", ["the save", "the sweep", "a message"])
def test_11_and_12_a_policy_is_changed(
    chat: Begin, day: Day, olga: Account, monkeypatch: Any, noticed_by: str, reach: Reach, ended_at: str, version: int
) -> None:
    story = chat()
    story.starts("10:00")
    story.talks("10:05")
    if noticed_by != "the save":  # its process died before it told the sessions
        monkeypatch.setattr("sessions_app.actions.rollout.reach", lambda _agent: None)
    day.is_now("10:20")
    shorter = {"session_duration": 10 * MINUTE, "idle_timeout": 10 * MINUTE}
    policies.change(principal=cast.principal(olga), agent=story.thread.agent, values=shorter, reach=reach)
    if noticed_by == "the save":
        assert story.session.state == ("ended" if reach is Reach.RUNNING else "live")
    if noticed_by == "a message":
        story.says("10:40")
    story.sweeps("11:00")

    assert (story.session.ended_at, story.session.end_reason) == (day.at(ended_at), "expired")
    assert story.session.policy.number == version
    assert story.timeline()[-1] == f"ended {ended_at}:00"
    assert Event.objects.get(session=story.session, type="session.ended").policy_version == version


@pytest.mark.django_db
def test_13_end_twice(olga: Account) -> None:
    # end twice → one session.ended, same ended_at
    session = cast.chatting(cast.agent(owner=olga))
    caller = program(olga)
    first, second = (caller.post(f"/sessions/{session.pk}/end", {"reason": "abuse"}) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.body["ended_at"] == second.body["ended_at"]
    assert first.body["row_version"] == second.body["row_version"]
    session.refresh_from_db()
    assert Event.objects.filter(session=session, type="session.ended").count() == 1
    assert Message.objects.filter(session=session, kind="divider").count() == 1
    (outcome,) = apply([c.End(session=session.pk, end_reason=EndReason.ADMIN_ENDED)])
    assert (outcome.result, session.end_reason) == ("already", "owner_ended")


STARTS = 8


@pytest.mark.parametrize("of", ["a user", "a user with a session past its deadline"])
def test_14_eight_parallel_starts_at_a_limit_of_one(site: str, olga: Account, of: str) -> None:
    # limit 1, eight parallel starts → one 201, seven 429. Over HTTP, by the clock on the wall
    shop = cast.agent("shop", owner=olga, policy={"max_concurrent_per_user": 1})
    bearer = {"Authorization": f"Bearer {auth.mint_token(account=olga, name='test')}"}
    ada = cast.user("ada")
    if of != "a user":
        cast.pass_time(cast.chatting(shop, ada).pk, 120 * MINUTE)
    together = Barrier(STARTS)

    def start(_: int) -> httpx.Response:
        with httpx.Client(base_url=f"{site}/api/v1", headers=bearer, timeout=PATIENCE_SECONDS, trust_env=False) as api:
            together.wait(PATIENCE_SECONDS)
            return api.post("/sessions", json={"agent": shop.slug, "user": {"id": "ada"}})

    with ThreadPoolExecutor(STARTS) as pool:
        answers = list(pool.map(start, range(STARTS)))

    assert sorted(answer.status_code for answer in answers) == [201, *[429] * 7], [a.text for a in answers]
    (session,) = ChatSession.objects.exclude(state="ended")
    refused = [answer.json() for answer in answers if answer.status_code == 429]
    assert {problem["code"] for problem in refused} == {"session_limit_reached"}
    assert [problem["open_sessions"] for problem in refused] == [[str(session.pk)]] * 7
    assert session.thread.user_id == ada.pk
    assert ada.threads.exclude(sessions=None).count() == ada.threads.count(), "a refused start leaves no thread behind"


def test_15_a_session_whose_turns_are_being_answered(chat: Begin, day: Day) -> None:
    # duration 1 min; two turns at 10:05:00, answered at 10:05:50 and 10:06:40 → ended 10:06:40, not 10:06:00
    story = chat(policy={"session_duration": MINUTE})
    story.starts("10:04:30")
    story.says("10:05:00", "one")
    story.says("10:05:00", "two")
    story.sweeps("10:05:30")
    story.bot_answers("10:05:50", "first answer")
    story.sweeps("10:06:30")
    assert story.session.state == "idle"
    story.bot_answers("10:06:40", "second answer")

    assert (story.session.state, story.session.ended_at) == ("ended", day.at("10:06:40"))
    assert story.timeline() == ["started 10:04:30", "idle 10:06:00", "ended 10:06:40"]
    assert story.lines() == [*("user: one", "user: two", "bot: first answer", "bot: second answer"), EXPIRED]
