"""Scripted bots: intents with training phrases, events and buttons, written in YAML (`scripting.grammar`)."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sessions_app.engines.scripting import grammar, speech
from sessions_app.engines.scripting.match import THRESHOLD, Match, Matcher
from sessions_app.engines.scripting.script import Answer, Language, Script
from sessions_app.engines.scripting.sentiment import sentiment
from sessions_app.engines.turn import Dialogstate, EngineFailed, Reply, Scored, Turn

UPLOAD_EVENT = "UPLOAD"  # what a script names to answer a file
MOST_INTENTS = 5  # guesses that are told


@dataclass(frozen=True, slots=True)
class Understood:
    """What a turn was taken for. intent: an intent's or event's name; None for the fallback. ranked: the likeliest
    intents of what was typed, best first."""

    language: Language
    answer: Answer
    type: Literal["INTENT", "EVENT", "FALLBACK"]
    intent: str | None
    score: float
    ranked: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Bot:
    script: Script
    matchers: dict[str, Matcher]


async def reply(turn: Turn) -> Reply:
    """In a thread: a script of the full size takes its time to read, and other chats share this loop."""
    return await asyncio.to_thread(answer, turn)


def answer(turn: Turn) -> Reply:
    """The same at once, for those who hold nobody up. Raises EngineFailed."""
    understood = _understand(_bot(turn.script), turn)
    seed = f"{turn.session_id}\0{turn.kind}\0{turn.event}\0{turn.text}"
    return Reply(
        messages=speech.say(understood.answer, seed=seed, name=turn.user_name.strip()),
        ends_session=understood.answer.ends_session,
        wants_human=understood.answer.wants_human,
        intent=understood.intent,
        score=understood.score,
        intents=tuple(Scored(match.intent, match.score) for match in understood.ranked),
        sentiment=sentiment(turn.text, language=understood.language.tag) if turn.text else None,
        dialogstate=_dialogstate(understood, agent=turn.agent_slug),
        language=understood.language.tag,
    )


def _dialogstate(understood: Understood, *, agent: str) -> Dialogstate:
    """The part of the script that answers, the same in every language."""
    name = understood.intent or "fallback"
    id = uuid.uuid5(uuid.NAMESPACE_OID, f"{agent}/{understood.type}/{name}")
    return Dialogstate(id=str(id), name=name, type=understood.type)


@lru_cache(maxsize=64)
def _bot(text: str) -> Bot:
    parsed = grammar.parse(text)
    if parsed.problems:
        first = parsed.problems[0]
        raise EngineFailed(f"The script has a mistake on line {first.line}: {first.sentence}")
    matchers = {language.tag: Matcher(language.intents.values()) for language in parsed.script.languages.values()}
    return Bot(parsed.script, matchers)


def _understand(bot: Bot, turn: Turn) -> Understood:
    spoken = bot.script.spoken(language=turn.language, default=turn.default_language)
    if not spoken:
        raise EngineFailed(f"The script has neither “{turn.language}” nor the agent's “{turn.default_language}”.")
    match turn.kind:
        case "event":
            return _triggered(spoken, turn.event)
        case "upload":
            return _event(spoken, UPLOAD_EVENT) or _not_understood(spoken[0])
        case "postback":
            return _pressed(spoken, turn.payload or {}) or _typed(bot, spoken[0], turn.text)
        case "text":
            return _typed(bot, spoken[0], turn.text)


def _triggered(spoken: list[Language], name: str) -> Understood:
    understood = _event(spoken, name)
    if understood is None:
        raise EngineFailed(f"The script has no event “{name[:100]}”.")
    return understood


def _event(spoken: list[Language], name: str) -> Understood | None:
    found = (language for language in spoken if name in language.events)
    return next((Understood(language, language.events[name], "EVENT", name, 1.0) for language in found), None)


def _pressed(spoken: list[Language], payload: Mapping[str, Any]) -> Understood | None:
    """A button names its intent. None for a button of a script that has changed since: its label is read instead."""
    named = str(payload.get("postback"))
    found = ((language, language.intents[named]) for language in spoken if named in language.intents)
    return next((_meant(language, Match(intent.name, 1.0)) for language, intent in found), None)


def _typed(bot: Bot, language: Language, text: str) -> Understood:
    ranked = bot.matchers[language.tag].ranked(text, most=MOST_INTENTS)
    if not ranked or ranked[0].score < THRESHOLD:
        return _not_understood(language, *ranked)
    return _meant(language, *ranked)


def _meant(language: Language, match: Match, *others: Match) -> Understood:
    answer = language.intents[match.intent].answer
    return Understood(language, answer, "INTENT", match.intent, match.score, (match, *others))


def _not_understood(language: Language, *ranked: Match) -> Understood:
    score = ranked[0].score if ranked else 0.0
    return Understood(language, language.fallback, "FALLBACK", None, score, ranked)
