"""4-architecture.md, "The write path": no per-row queries. The number of statements does not depend on the number of
commands."""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from localization.core.keys import Key
from portal.agents.models import Agent
from portal.lib import clock
from sessions_app.actions import Outcome, apply
from sessions_app.core import commands as c
from sessions_app.core.commands import BOT, USER, Command, Kind, NewThread, Sender
from sessions_app.core.facts import EndReason, Facts
from sessions_app.core.policy import WhenFull
from sessions_app.models import ChatUser, Turn
from tests import cast

pytestmark = pytest.mark.django_db
SIZES = (1, 100, 1000)
HANNA = c.account_actor(7)


class Stage:
    """An agent whose bot answers when a test says so, and another one; users come as they are needed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        about = {"platform": "scripted", "script": "", "models": ["large"], "transfer_targets": ["billing"]}
        self.shop = cast.agent("shop", policy={"allow_model_override": True}, **about)
        self.billing = cast.agent("billing")
        self.came = 0

    def users(self, number: int) -> list[ChatUser]:
        names = [f"user-{self.came + one}" for one in range(number)]
        self.came += number
        return ChatUser.objects.bulk_create(
            ChatUser(realm="test", external_id=name, name=name, identified=True) for name in names
        )

    def sessions(self, number: int, agent: Agent | None = None, *, of: list[ChatUser] | None = None) -> list[Facts]:
        """Each of a user who has said something; or several of the users given, in turn."""
        users = of or self.users(number)
        agent = agent or self.shop
        threads = [NewThread(user=users[one % len(users)].pk, agent=agent.pk) for one in range(number)]
        outcomes = apply([_say(opens=thread) for thread in threads])
        return [outcome.session for outcome in outcomes if outcome.session]

    def hours_ago(self, hours: float, work: Callable[[], Any]) -> Any:
        then = clock.now() - timedelta(hours=hours)
        with self.monkeypatch.context() as patch:
            patch.setattr("portal.lib.clock.now", lambda: then)
            return work()


def _say(**about: Any) -> c.Say:
    return c.Say(**{"actor": USER, "sender": Sender.USER, "kind": Kind.TEXT, "text": "hello"} | about)


Scene = Callable[[Stage, int], list[Command]]


def ticks(stage: Stage, number: int) -> list[Command]:
    """For sessions that have been due for an hour: each goes idle, ends, and gets its divider."""
    sessions = stage.hours_ago(2, lambda: stage.sessions(number))
    return [c.Tick(session=one.id) for one in sessions]


def turns(stage: Stage, number: int) -> list[Command]:
    return [_say(session=one.id, client_id=str(one.id)) for one in stage.sessions(number)]


def late_messages(stage: Stage, number: int) -> list[Command]:
    sessions = stage.hours_ago(2, lambda: stage.sessions(number))
    return [_say(session=one.id) for one in sessions]


def answers(stage: Stage, number: int) -> list[Command]:
    """Each of a text, and of one of ours that is looked up for all of them together."""
    stage.sessions(number)
    waiting = Turn.objects.order_by("-message_id")[:number].values_list("session_id", "message_id")
    return [_answer(session=session, turn=turn) for session, turn in waiting]


def _answer(**about: Any) -> c.Answer:
    said = (c.BotMessage(text="Hello"), c.BotMessage(text="", text_key=Key.BOT_UNAVAILABLE))
    return c.Answer(actor=BOT, messages=said, understood={"intent": {"name": "greeting"}}, **about)


def data_changes(stage: Stage, number: int) -> list[Command]:
    """Each writes two variables, the memory among them, and removes one."""
    sessions = stage.sessions(number)
    apply([c.ChangeData(session=one.id, patch={"basket": [1], "gone": True}) for one in sessions])
    patch = {"basket": [1, 2], "memory": {"likes": "tea"}, "gone": None}
    return [c.ChangeData(session=one.id, actor=BOT, patch=patch) for one in sessions]


def starts_under_a_limit(stage: Stage, number: int) -> list[Command]:
    """Of users with one session who may have another one."""
    return _second_starts(stage, number, {"max_concurrent_per_user": 2})


def starts_that_are_refused(stage: Stage, number: int) -> list[Command]:
    return _second_starts(stage, number, {"max_concurrent_per_user": 1})


def starts_that_displace(stage: Stage, number: int) -> list[Command]:
    """What is in the way is dealt with for all of them together."""
    return _second_starts(stage, number, {"max_concurrent_per_user": 1, "when_full": WhenFull.END_LONGEST_IDLE})


def _second_starts(stage: Stage, number: int, policy: dict[str, Any]) -> list[Command]:
    agent = cast.agent(f"limited-{number}", policy=policy)
    users = stage.users(number)
    stage.hours_ago(0.5, lambda: stage.sessions(number, agent, of=users))
    return [c.Start(opens=NewThread(user=user.pk, agent=agent.pk), actor=USER) for user in users]


def pick_ups(stage: Stage, number: int) -> list[Command]:
    """With a held message and a variable each, that go along."""
    sessions = stage.sessions(number)
    apply([c.ChangeData(session=one.id, patch={"basket": [1]}) for one in sessions])
    apply(list(chain.from_iterable([c.Pause(session=one.id), _say(session=one.id)] for one in sessions)))
    apply([c.Transfer(session=one.id, actor=USER, target=stage.billing.pk) for one in sessions])
    return [_say(session=one.id, text="hello?") for one in sessions]


EACH: dict[str, Callable[[Stage, Facts], Command]] = {
    "pause": lambda stage, one: c.Pause(session=one.id, actor=USER),
    "extend": lambda stage, one: c.Extend(session=one.id, actor=USER),
    "end": lambda stage, one: c.End(session=one.id, actor=HANNA, end_reason=EndReason.OWNER_ENDED),
    "transfer": lambda stage, one: c.Transfer(session=one.id, actor=USER, target=stage.billing.pk),
    "take over": lambda stage, one: c.TakeOver(session=one.id, actor=HANNA),
    "model": lambda stage, one: c.SetModel(session=one.id, actor=HANNA, model="large"),
    "language": lambda stage, one: c.SetLanguage(session=one.id, actor=USER, language="de"),
    "data": lambda stage, one: c.ChangeData(session=one.id, actor=BOT, patch={"basket": [1]}),
    "clear history": lambda stage, one: c.ClearHistory(session=one.id, actor=USER),
    "say": lambda stage, one: _say(session=one.id),
}


def mixed_deeds(stage: Stage, number: int) -> list[Command]:
    """One of each kind at least."""
    sessions = stage.sessions(max(number, len(EACH)))
    deeds = list(EACH.values())
    return [deeds[place % len(deeds)](stage, one) for place, one in enumerate(sessions)]


SCENES: tuple[Scene, ...] = (
    *(ticks, turns, late_messages, answers, data_changes),
    *(starts_under_a_limit, starts_that_are_refused, starts_that_displace, pick_ups, mixed_deeds),
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_the_number_of_statements_does_not_depend_on_the_number_of_commands(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(monkeypatch)
    apply(scene(stage, 2))  # some things are read once per process

    numbers = {size: _statements(scene(stage, size)) for size in SIZES}

    assert numbers[1000] == numbers[100] == numbers[1], f"statements of {scene.__name__}, by commands: {numbers}"


def _statements(commands: list[Command]) -> int:
    with CaptureQueriesContext(connection) as captured:
        outcomes = apply(commands)
    assert all(_answered(outcome) for outcome in outcomes), {outcome.result for outcome in outcomes}
    return len(captured)


def _answered(outcome: Outcome) -> bool:
    return outcome.result in ("done", "already", "session_limit_reached")
