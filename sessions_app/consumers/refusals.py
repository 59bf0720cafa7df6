"""What the user of a chat is told when something is not done."""

from dataclasses import dataclass

from localization import queries as texts
from localization.core.keys import Key
from localization.core.placeholders import fill
from sessions_app.actions import Outcome
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import Agent

NOT_THERE = "The chat cannot be handed on to that agent. Nothing was changed."
SENTENCES = {
    Refusal.SESSION_ENDED: "The session has ended. Write a message to begin a new one.",
    Refusal.SESSION_PAUSED: "The session is paused. Resume it first.",
    Refusal.AGENT_DISABLED: "This chat is closed at the moment.",
    Refusal.STATE_CHANGED: "The session has changed meanwhile.",
    Refusal.NOT_FOUND: "There is no such chat.",
    Refusal.INVALID: "This chat does not have that language.",
    Refusal.LIVE_CHAT_RUNNING: "Somebody is talking with you. Wait until they are done.",
}


@dataclass
class Refused(Exception):
    """Not done, and nothing changed. `code` is one of the API's; `open_sessions` take all the places there are."""

    code: str
    detail: str
    open_sessions: tuple[str, ...] = ()


def of(refusal: Refusal, outcome: Outcome, *, language: str | None = None) -> Refused:
    """In the words of the agent where it has some, in the `language` asked for or that of the chat."""
    taken = tuple(str(session) for session in outcome.open_sessions)
    return Refused(refusal.value, _detail(refusal, outcome, language), taken)


def _detail(refusal: Refusal, outcome: Outcome, language: str | None) -> str:
    if refusal is Refusal.SESSION_LIMIT_REACHED and outcome.thread is not None:
        agent = outcome.thread.agent
        spoken = agent.spoken(language) or (outcome.session.language if outcome.session else agent.default_language)
        return _localized(agent, spoken)
    if refusal is Refusal.TRANSFER_IMPOSSIBLE and outcome.open_sessions:
        return "You have the maximum number of open sessions with that agent. End one of them first."
    return SENTENCES.get(refusal) or outcome.why or f"It was not done: {refusal.value}."


def _localized(agent: Agent, language: str) -> str:
    text = texts.resolve(agent_id=agent.id, key=Key.SESSION_LIMIT_REACHED, language=language).text
    return fill(text, {"agent": agent.name})
