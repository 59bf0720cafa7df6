"""What the agents' own bots would have said then."""

from datetime import timedelta
from random import Random

from sessions_app.actions.imports import Answered, Bot
from sessions_app.engines import scripted
from sessions_app.engines.turn import Turn


def answering(rng: Random) -> Bot:
    """A scripted bot that takes a second or two."""

    def answer(turn: Turn) -> Answered:
        return Answered(scripted.answer(turn), timedelta(seconds=rng.uniform(0.3, 1.8)))

    return answer
