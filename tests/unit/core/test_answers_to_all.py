"""Every pair of state and command has an answer (4-architecture.md, "Laws"), and the state that was seen."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Decision, Refusal
from sessions_app.core.facts import EndReason, State
from sessions_app.core.lifecycle import HANDLERS
from tests.unit.core.cast import BILLING, HANNA, Chat, at, minutes
from tests.unit.core.test_transitions import chat_in

LIVE, IDLE, PAUSED, ENDED = State
NOW = "10:20"

EACH: dict[type[c.Command], Callable[[], c.Command]] = {
    c.Tick: c.Tick,
    c.Start: c.Start,
    c.Say: lambda: c.Say(sender=Sender.USER, kind=Kind.TEXT),
    c.Answer: lambda: c.Answer(turn=uuid4()),
    c.Pause: c.Pause,
    c.Resume: c.Resume,
    c.End: lambda: c.End(end_reason=EndReason.USER_ENDED),
    c.Displace: lambda: c.Displace(inactive_since=at("10:05")),
    c.Extend: c.Extend,
    c.Transfer: lambda: c.Transfer(target=BILLING),
    c.CancelTransfer: c.CancelTransfer,
    c.TakeOver: lambda: c.TakeOver(actor=HANNA),
    c.HandBack: lambda: c.HandBack(actor=HANNA),
    c.SetModel: lambda: c.SetModel(model="large"),
    c.ChangeData: lambda: c.ChangeData(patch={"basket": [1]}),
    c.FastForward: lambda: c.FastForward(by=minutes(29)),
    c.ClearHistory: c.ClearHistory,
    c.SetLanguage: lambda: c.SetLanguage(language="de"),
}


def test_every_command_there_is_has_its_handler() -> None:
    there_are = {kind for kind in vars(c).values() if isinstance(kind, type) and issubclass(kind, c.Command)}
    assert set(HANDLERS) == set(EACH) == there_are - {c.Command}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", EACH, ids=lambda command: command.__name__)
def test_every_pair_of_state_and_command_has_an_answer(command: type[c.Command], state: State) -> None:
    _answered(chat_in(state).do(EACH[command](), NOW))


@pytest.mark.parametrize("command", EACH, ids=lambda command: command.__name__)
def test_every_command_has_an_answer_before_the_first_session(command: type[c.Command]) -> None:
    decision = Chat().do(EACH[command](), NOW)

    _answered(decision)
    opens = command in (c.Start, c.Say)
    assert bool(decision.started) == opens


def _answered(decision: Decision) -> None:
    assert decision.result in ("done", "already", *Refusal)
    if decision.result == "already" or decision.refused:
        assert (decision.events, decision.messages, dict(decision.sessions)) == ((), (), {})


@pytest.mark.parametrize(
    ("seen", "is_now", "refused"),
    [
        # as it was shown: done
        (LIVE, LIVE, False),
        (IDLE, IDLE, False),
        (PAUSED, PAUSED, False),
        # it has moved on: never hit
        (LIVE, IDLE, True),
        (LIVE, PAUSED, True),
        (IDLE, LIVE, True),
        (PAUSED, LIVE, True),
        # ending what has ended is a no-op, whatever was seen
        (LIVE, ENDED, False),
        (ENDED, ENDED, False),
    ],
)
def test_an_end_hits_only_what_was_seen(seen: State, is_now: State, refused: bool) -> None:
    chat = chat_in(is_now)
    decision = chat.ends(NOW, seen_state=seen)

    assert (decision.result is Refusal.STATE_CHANGED) == refused
    assert chat.session.state is (is_now if refused else ENDED)


@pytest.mark.parametrize(("seen", "is_now"), [(LIVE, PAUSED), (LIVE, ENDED), (IDLE, LIVE)])
def test_other_deeds_hit_only_what_was_seen_too(seen: State, is_now: State) -> None:
    before = chat_in(is_now).session.state
    for deed in (Chat.pauses, Chat.resumes, Chat.clears):
        chat = chat_in(is_now)
        assert deed(chat, NOW, seen_state=seen).result is Refusal.STATE_CHANGED
        assert chat.session.state is before


def test_time_has_its_effect_before_the_seen_state_is_compared() -> None:
    """Nobody has swept, and still the session that was seen live is known to be idle."""
    chat = Chat()
    chat.starts("10:00")
    chat.says("10:05")
    decision = chat.pauses("10:36", seen_state=LIVE)

    assert decision.result is Refusal.STATE_CHANGED
    assert [event.type for event in decision.events] == ["session.idle", "session.ended"]


def test_a_message_says_which_session_it_was_aimed_at_when_another_took_it() -> None:
    chat = chat_in(ENDED)
    old = chat.session.id
    chat.starts("10:15")

    decision = chat.says(NOW, session=old)

    assert (decision.previous, decision.started) == (old, ())
    assert decision.said is not None
    assert decision.said.session == chat.session.id != old


def test_a_message_that_reaches_its_session_names_no_other() -> None:
    chat = chat_in(LIVE)
    assert chat.says(NOW, session=chat.session.id).previous is None


class TestTheNextSession:
    @pytest.mark.parametrize("deed", [Chat.says, Chat.clears])
    def test_goes_on_in_the_language_locale_channel_and_version_of_the_one_before(
        self, deed: Callable[[Chat, str], Decision]
    ) -> None:
        chat = Chat()
        chat.starts("10:00", language="pt-BR", locale="pt-pt", channel="kiosk", version="DRAFT")
        chat.says("10:05")
        deed(chat, "10:35")

        new = chat.session
        assert new.started_at.minute == 35
        assert (new.language, new.locale, new.channel, new.version) == ("pt-BR", "pt-pt", "kiosk", "DRAFT")

    def test_is_in_the_language_of_the_late_message(self) -> None:
        chat = chat_in(ENDED)
        chat.says(NOW, language="de-AT")
        assert chat.session.language == "de"

    def test_takes_the_policy_of_now(self) -> None:
        chat = chat_in(ENDED)
        chat.says(NOW)

        agent, new = chat.thread.agent, chat.session
        assert (new.policy, new.policy_id, new.policy_version) == (agent.policy, 40, 4)
        assert new.policy_effective_at == new.started_at

    def test_tells_why_it_started(self) -> None:
        chat = chat_in(ENDED)
        assert chat.says(NOW).events[-1].cause == "late_message"


def test_clearing_the_history_from_an_older_session_ends_the_open_one() -> None:
    chat = chat_in(ENDED)
    old = chat.session.id
    chat.starts("10:15")
    between = chat.session.id

    chat.clears(NOW, session=old)

    assert chat.sessions[between].end_reason is EndReason.HISTORY_CLEARED
    assert chat.session.id not in (old, between)
    assert chat.view() == []


class TestLanguage:
    @pytest.mark.parametrize(
        ("wanted", "spoken"),
        [
            # the agent speaks en, de and pt-BR
            ("de", "de"),
            # however it is written
            ("PT-br", "pt-BR"),
            # a parent will do
            ("de-AT", "de"),
            ("de-DE-1996", "de"),
            # a child will not
            ("pt", "en"),
            # neither: the default
            ("fr", "en"),
            ("", "en"),
            (None, "en"),
        ],
    )
    def test_a_session_is_in_the_nearest_language_the_agent_speaks(self, wanted: str | None, spoken: str) -> None:
        chat = Chat()
        chat.starts("10:00", language=wanted)
        assert (chat.session.language, chat.session.locale) == (spoken, spoken.lower())

    def test_it_can_be_changed_while_the_session_is_open(self) -> None:
        chat = chat_in(PAUSED)
        decision = chat.do(c.SetLanguage(actor=c.USER, language="de-CH"), NOW)

        assert (decision.result, chat.session.language) == ("done", "de")
        assert decision.events[0].detail == {"language": "de"}
        assert chat.do(c.SetLanguage(language="de"), NOW).result == "already"

    def test_not_into_one_the_agent_does_not_speak(self) -> None:
        assert chat_in(LIVE).do(c.SetLanguage(language="fr"), NOW).result is Refusal.INVALID

    def test_nor_after_the_end(self) -> None:
        assert chat_in(ENDED).do(c.SetLanguage(language="de"), NOW).result is Refusal.SESSION_ENDED

    def test_a_line_is_in_the_language_of_its_session_unless_it_says_otherwise(self) -> None:
        chat = Chat()
        chat.starts("10:00", language="de")
        chat.says("10:05", "hallo")
        chat.says("10:06", "salut", language="fr")
        assert [message.language for message in chat.messages] == ["de", "fr"]
