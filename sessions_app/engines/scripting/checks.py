"""What only shows when a script is seen whole: things named that are not there, phrases that cannot be told apart."""

from collections.abc import Iterator

from sessions_app.engines.scripting import words
from sessions_app.engines.scripting.script import Button, Language, Script
from sessions_app.engines.scripting.source import Problem


def problems(script: Script, *, default_language: str | None, prompt_event: str | None) -> Iterator[Problem]:
    """Names are looked up as the engine does it: in the language, its parents, then the agent's default language."""
    for language in script.languages.values():
        spoken = script.spoken(language=language.tag, default=default_language or language.tag)
        yield from _buttons(language, spoken)
        yield from _phrases(language)
        if prompt_event and not any(prompt_event in found.events for found in spoken):
            yield Problem(language.line, f"The agent's prompt is the event “{prompt_event}”, which {_absent(spoken)}.")
    if default_language and not script.spoken(language=default_language, default=default_language):
        yield Problem(1, f"The agent's default language “{default_language}” is not in the script.")


def _buttons(language: Language, spoken: list[Language]) -> Iterator[Problem]:
    for answer in language.answers():
        for message in answer.messages:
            for button in message.buttons:
                yield from _targets(button, spoken)


def _targets(button: Button, spoken: list[Language]) -> Iterator[Problem]:
    if button.event and not any(button.event in language.events for language in spoken):
        yield Problem(button.line, f"The button sends the event “{button.event}”, which {_absent(spoken)}.")
    if button.postback and not any(button.postback in language.intents for language in spoken):
        yield Problem(button.line, f"The button names the intent “{button.postback}”, which {_absent(spoken)}.")


def _absent(spoken: list[Language]) -> str:
    return f"is not in {' or '.join(f'“{language.tag}”' for language in spoken)}"


def _phrases(language: Language) -> Iterator[Problem]:
    owners: dict[frozenset[str], str] = {}
    for intent in language.intents.values():
        for phrase in intent.phrases:
            features = words.features(phrase.text)
            if not features and phrase.text:
                yield Problem(phrase.line, f"The phrase “{phrase.text}” has no letters or digits to recognise it by.")
            if features and owners.setdefault(features, intent.name) != intent.name:
                yield Problem(phrase.line, f"The phrase “{phrase.text}” belongs to “{owners[features]}” already.")
