"""What is kept of a bot's reply beside its messages: for `internal.nlp` and the dialog states (3-api.md)."""

from dataclasses import asdict
from typing import Any

from sessions_app.core import internal
from sessions_app.engines.turn import Reply, Turn

SPOKEN = ("text", "postback")  # kinds with words of the user; a button says what is on it


def of(turn: Turn, reply: Reply) -> dict[str, Any]:
    """For `commands.Answer.understood`. A bot that failed has understood nothing: give it an empty Reply."""
    ranked = [(guess.name, guess.score) for guess in reply.intents]
    if not ranked and reply.intent is not None:
        ranked = [(reply.intent, 1.0 if reply.score is None else reply.score)]
    return internal.understood(
        expression=turn.text if turn.kind in SPOKEN and turn.text else None,
        intent=reply.intent,
        score=reply.score,
        entities=reply.entities,
        intents=ranked,
        sentiment=(reply.sentiment.name, reply.sentiment.score) if reply.sentiment else None,
        dialogstate=asdict(reply.dialogstate) if reply.dialogstate else None,
    )
