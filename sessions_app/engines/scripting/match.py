"""Which intent a text means, and how surely.

A score is the share of what counts that a text and a training phrase have in common: 1 means all of it, 0 nothing.
Features found in few intents count for more than those found in many, parts of words for less than whole ones. What
the text has beyond the phrase weighs less than what it lacks of it, since people add “hello, could you please”.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sessions_app.engines.scripting import words
from sessions_app.engines.scripting.script import Intent

THRESHOLD = 0.46
_PART = 0.4
_LACKING = 0.5
_BEYOND = 0.3


@dataclass(frozen=True, slots=True)
class Match:
    intent: str
    score: float


class Matcher:
    """Made once per language of a script. Asking costs what the text has in common with phrases, not what they are."""

    def __init__(self, intents: Iterable[Intent]) -> None:
        self._phrases = [(intent.name, words.features(p.text)) for intent in intents for p in intent.phrases]
        self._intents = len({name for name, _ in self._phrases})
        self._holders: dict[str, list[int]] = defaultdict(list)
        for number, (_, features) in enumerate(self._phrases):
            for feature in features:
                self._holders[feature].append(number)
        self._weights = {feature: self._weight(feature) for feature in self._holders}
        self._totals = [self._total(features) for _, features in self._phrases]

    def ranked(self, text: str, *, most: int) -> list[Match]:
        """The likeliest intents, however unlikely, best first; of equals the one written first. Empty without anything
        in common."""
        features = words.features(text)
        total = self._total(features)
        scores = [(-self._score(shared, number, total), number) for number, shared in self._common(features).items()]
        best: dict[str, float] = {}
        for score, number in sorted(scores):
            best.setdefault(self._phrases[number][0], -score)
        return [Match(intent, score) for intent, score in best.items()][:most]

    def best(self, text: str) -> Match | None:
        """The likeliest intent, or None."""
        return next(iter(self.ranked(text, most=1)), None)

    def _common(self, features: frozenset[str]) -> dict[int, float]:
        """By phrase, the weight of what it shares. In a fixed order, since sums of floats depend on theirs."""
        common: dict[int, float] = defaultdict(float)
        for feature in sorted(features & self._weights.keys()):
            for number in self._holders[feature]:
                common[number] += self._weights[feature]
        return common

    def _score(self, shared: float, number: int, total: float) -> float:
        lacking = max(0.0, self._totals[number] - shared)
        beyond = max(0.0, total - shared)
        return round(shared / (shared + _LACKING * lacking + _BEYOND * beyond), 4)

    def _total(self, features: frozenset[str]) -> float:
        return math.fsum(self._weights.get(feature) or self._weight(feature) for feature in features)

    def _weight(self, feature: str) -> float:
        """Rarity over intents, so that ten ways to ask for a price do not make “price” a common word."""
        intents = {self._phrases[number][0] for number in self._holders.get(feature, ())}
        rarity = math.log(1 + self._intents / max(1, len(intents)))
        return rarity * (_PART if feature.startswith(words.PART) else 1)
