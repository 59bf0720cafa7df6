"""What people say to a scripted bot: its own training phrases, so that it understands them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from sessions_app.engines.scripting import grammar
from sessions_app.engines.scripting.script import Language

SMALL_TALK = frozenset({"greeting", "thanks", "goodbye"})
# What nobody says but in answer to something; asked → answered.
FOLLOW_UPS = {"order_status": "order_number", "products": "products_boots"}


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """One language of one bot: intent → its phrases."""

    phrases: Mapping[str, tuple[str, ...]]

    def talk(self, rng: Random, *, questions: int) -> list[str]:
        """About so many topics, none twice while there are others."""
        topics = [name for name in self.phrases if name not in SMALL_TALK | set(FOLLOW_UPS.values())]
        asked: list[str] = []
        for topic in rng.sample(topics, min(questions, len(topics))):
            asked.append(self.say(topic, rng))
            if FOLLOW_UPS.get(topic) in self.phrases:
                asked.append(self.say(FOLLOW_UPS[topic], rng))
        return asked

    def say(self, intent: str, rng: Random) -> str:
        phrase = rng.choice(self.phrases[intent])
        return phrase[:1].upper() + phrase[1:] if rng.random() < 0.6 else phrase


@lru_cache(maxsize=16)
def phrasebooks(script: str) -> dict[str, Phrasebook]:
    """Language tag → what to say in it."""
    return {language.tag: _of(language) for language in grammar.parse(script).script.languages.values()}


def _of(language: Language) -> Phrasebook:
    return Phrasebook({name: tuple(p.text for p in intent.phrases) for name, intent in language.intents.items()})
