"""The turn machine: one turn at a time per session, in order, each answered once.

A turn is a committed row before the bot is asked. The row is gone when its answer is committed, in the same
transaction; so a process that dies between question and answer leaves a turn that is asked again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import DataError

from localization.core.keys import Key
from portal.lib import background, threads
from sessions_app import engines
from sessions_app.actions import _store, waiting
from sessions_app.core.commands import BOT, Answer, BotMessage, Command
from sessions_app.engines import understanding
from sessions_app.engines.turn import EngineFailed, EngineUnavailable, Reply
from sessions_app.queries import turns

ANSWER_WITHIN = 24.0  # seconds; whoever waits 25 for the answer reads the apology too
log = structlog.get_logger(__name__)


Commit = Callable[[Sequence[Command]], Any]  # the write path, given by itself: it nudges turns, and turns end in it


def nudge(session: UUID, *, commit: Commit) -> None:
    """There may be turns of this session to put to the bot: see to it in the background."""
    background.run(_answer_all(session, commit))


def answer_forgotten(*, commit: Commit, limit: int = 100) -> int:
    """See to turns whose process died between question and answer; how many sessions had one."""
    sessions = turns.forgotten(limit=limit)
    for session in sessions:
        nudge(session, commit=commit)
    return len(sessions)


async def _answer_all(session: UUID, commit: Commit) -> None:
    while (claimed := await threads.in_database(partial(claim_next, session))) is not None:
        if isinstance(claimed, Answer):
            await threads.in_database(partial(commit, [claimed]))
            waiting.answered(claimed.turn)
        else:
            await _keep(await _ask(claimed), claimed, commit)
            waiting.answered(claimed.message)


def claim_next(session: UUID) -> turns.Claimed | Answer | None:
    """The session's next turn, now this process's to put to the bot, or to give up with this answer; None when there is
    none to be asked."""
    taken = _store.claim_turn(session)
    if taken is None:
        return None
    if taken.tries > turns.TRIES:
        return _given_up(session, taken.message)
    return turns.claimed(taken.message, session_id=session)


def _given_up(session: UUID, turn: UUID) -> Answer:
    """Whoever saw to it came to no end, each time: it may be what ends a process, and holds up those behind it."""
    why = f"The turn was put to the bot {turns.TRIES} times, and each time no answer came back to the Portal."
    log.error("turn given up", session=str(session), turn=str(turn))
    return _apology(session, turn, why)


async def _keep(said: Answer, claimed: turns.Claimed, commit: Commit) -> None:
    """An answer that cannot be stored is a failure of the bot: asked again it would be the same for ever, and the
    turns behind it would never be answered."""
    try:
        await threads.in_database(partial(commit, [said]))
    except (DataError, TypeError, ValueError) as error:
        log.exception("answer cannot be stored", platform=claimed.platform)
        failed = _failed(claimed, f"The bot's answer cannot be stored ({type(error).__name__}).")
        await threads.in_database(partial(commit, [failed]))


async def _ask(claimed: turns.Claimed) -> Answer:
    """The bot's answer as a command. Whatever goes wrong, the user is told and the owner sees why."""
    try:
        engine = engines.engine_for(claimed.platform)
        if engine is None:
            return Answer(session=claimed.session, actor=BOT, turn=claimed.message)
        reply = await asyncio.wait_for(engine.reply(claimed.turn), ANSWER_WITHIN)
    except (EngineFailed, EngineUnavailable) as failure:
        return _failed(claimed, str(failure))
    except TimeoutError:
        return _failed(claimed, f"The bot did not answer within {ANSWER_WITHIN:.0f} seconds.")
    except Exception as error:
        log.exception("engine raised", platform=claimed.platform)
        return _failed(claimed, f"The engine failed with {type(error).__name__}.")
    understood = understanding.of(claimed.turn, reply)
    return answer(reply, turn=claimed.message, session=claimed.session, understood=understood)


def answer(reply: Reply, *, turn: UUID, session: UUID, understood: Mapping[str, Any] | None = None) -> Answer:
    """What the bot replied to a turn of a session, as a command."""
    lines = (BotMessage(text=line.text, payload=line.payload, language=reply.language) for line in reply.messages)
    return Answer(
        session=session,
        actor=BOT,
        turn=turn,
        messages=tuple(lines),
        ends_session=reply.ends_session,
        wants_human=reply.wants_human,
        understood=understood,
    )


def _failed(claimed: turns.Claimed, why: str) -> Answer:
    return _apology(claimed.session, claimed.message, why, understood=understanding.of(claimed.turn, Reply()))


def _apology(session: UUID, turn: UUID, why: str, understood: Mapping[str, Any] | None = None) -> Answer:
    said = BotMessage(text="", text_key=Key.BOT_UNAVAILABLE)
    return Answer(session=session, actor=BOT, turn=turn, messages=(said,), failure=why, understood=understood)
