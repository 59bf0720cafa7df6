"""What is said in a visit, line by line."""

from collections.abc import Iterator
from itertools import chain, cycle
from random import Random

from portal.demo.agents import DemoAgent
from portal.demo.helpdesk import CASES, THANKS, Line
from portal.demo.phrases import phrasebooks


def questions(agent: DemoAgent, language: str, rng: Random) -> Iterator[Line]:
    """One after the other, without end."""
    if not agent.answers:
        return cycle(chain.from_iterable(rng.sample(CASES, len(CASES))))
    asked = phrasebooks(agent.settings.script)[language].talk(rng, questions=8)
    return cycle(Line(text) for text in asked)


def thanks(agent: DemoAgent, language: str, rng: Random) -> Line:
    return _small_talk(agent, language, rng, "thanks")


def goodbye(agent: DemoAgent, language: str, rng: Random) -> Line:
    """A scripted bot ends the session then."""
    return _small_talk(agent, language, rng, "goodbye")


def _small_talk(agent: DemoAgent, language: str, rng: Random, intent: str) -> Line:
    if not agent.answers:
        return Line(rng.choice(THANKS))
    return Line(phrasebooks(agent.settings.script)[language].say(intent, rng))
