"""A scripted bot as values: languages with intents, events and a fallback, each with an answer."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A choice under a message. Pressed, it sends an event or names an intent, whichever of the two is set."""

    text: str
    event: str | None
    postback: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; one of its variants is said."""

    variants: tuple[str, ...]
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    messages: tuple[Message, ...] = ()
    ends_session: bool = False
    wants_human: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    name: str
    phrases: tuple[Phrase, ...]
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Everything the bot understands and says in one language. tag: as the author wrote it."""

    tag: str
    line: int
    intents: Mapping[str, Intent]
    events: Mapping[str, Answer]
    fallback: Answer

    def answers(self) -> tuple[Answer, ...]:
        return (*(intent.answer for intent in self.intents.values()), *self.events.values(), self.fallback)


@dataclass(frozen=True, slots=True)
class Script:
    """languages: by tag in small letters, since tags are the same in any case."""

    languages: Mapping[str, Language]

    def spoken(self, *, language: str, default: str) -> list[Language]:
        """The languages to answer in, best first: the exact tag, its parents, the same of the agent's default."""
        tags = [*_with_parents(language), *_with_parents(default)]
        return [self.languages[tag] for tag in dict.fromkeys(tags) if tag in self.languages]


def _with_parents(tag: str) -> list[str]:
    parts = tag.casefold().split("-")
    return ["-".join(parts[:end]) for end in range(len(parts), 0, -1)]
