"""The grammar of a script: languages with intents, events and a fallback.

languages:
  en:
    events:
      WELCOME:
        replies:
          - one_of: ["Hello {name}!", "Good to see you, {name}!", "Hello!"]
          - text: What can I do for you?
            buttons:
              - {text: Opening hours, postback: opening_hours}
    intents:
      opening_hours:
        phrases: [when are you open, opening hours]
        replies: ["We are open from nine to six."]
      goodbye:
        phrases: [bye, see you]
        replies: [Goodbye!]
        ends_session: true
    fallback:
      replies: ["I did not understand that."]
"""

import re
from dataclasses import dataclass

from sessions_app.engines.scripting import answers, checks, source
from sessions_app.engines.scripting.reading import Item, Reader
from sessions_app.engines.scripting.script import Answer, Intent, Language, Phrase, Script
from sessions_app.engines.scripting.source import Problem

MAX_PHRASE = 500
MAX_PROBLEMS = 100

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_NAME = re.compile(r"[^\W_][\w.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Parsed:
    """script: what could be read; fit for use only when there are no problems."""

    script: Script
    problems: tuple[Problem, ...]


def validate(text: str, *, default_language: str | None = None, prompt_event: str | None = None) -> list[Problem]:
    """What an author has to mend, in the order of lines; nothing when the bot is ready.

    Given the agent's default language and the event of its intent prompt, the script must have those as well.
    """
    parsed = parse(text)
    if not parsed.script.languages:
        return list(parsed.problems)
    found = checks.problems(parsed.script, default_language=default_language, prompt_event=prompt_event)
    return sorted([*parsed.problems, *found])[:MAX_PROBLEMS]


def parse(text: str) -> Parsed:
    """The script, and what is wrong with its grammar. Never raises: a text that is no YAML is a problem as well."""
    reader = Reader()
    try:
        root = source.nodes(text)
    except source.Unreadable as unreadable:
        return Parsed(Script({}), (unreadable.problem,))
    script = _script(reader, Item(1, root))
    return Parsed(script, tuple(sorted(reader.problems)[:MAX_PROBLEMS]))


def _script(reader: Reader, root: Item) -> Script:
    fields = reader.fields(root, of="The script", known=("languages",), needs=("languages",))
    found = reader.fields(fields["languages"], of="“languages”") if "languages" in fields else {}
    languages: dict[str, Language] = {}
    for tag, item in found.items():
        _add_language(reader, languages, tag, item)
    if not languages and not reader.problems:
        reader.note(1, "“languages” has no language.")
    return Script(languages)


def _add_language(reader: Reader, languages: dict[str, Language], tag: str, item: Item) -> None:
    if not _TAG.fullmatch(tag):
        reader.note(item.line, f"“{tag[:100]}” is no language tag; write it as in en, pt-BR or zh-Hant.")
    elif tag.casefold() in languages:
        reader.note(item.line, f"The language “{tag}” is there twice.")
    else:
        languages[tag.casefold()] = _language(reader, tag, item)


def _language(reader: Reader, tag: str, item: Item) -> Language:
    of = f"The language “{tag}”"
    fields = reader.fields(item, of=of, known=("events", "intents", "fallback"), needs=("fallback",))
    return Language(
        tag=tag,
        line=item.line,
        intents=_intents(reader, fields.get("intents")),
        events=_events(reader, fields.get("events")),
        fallback=answers.read(reader, fields["fallback"], of="“fallback”") if "fallback" in fields else Answer(),
    )


def _intents(reader: Reader, item: Item | None) -> dict[str, Intent]:
    named = _named(reader, item, of="“intents”")
    return {name: _intent(reader, name, at) for name, at in named.items()}


def _events(reader: Reader, item: Item | None) -> dict[str, Answer]:
    named = _named(reader, item, of="“events”")
    return {name: answers.read(reader, at, of=f"The event “{name}”") for name, at in named.items()}


def _named(reader: Reader, item: Item | None, *, of: str) -> dict[str, Item]:
    found = reader.fields(item, of=of) if item else {}
    for name, at in found.items():
        if not _NAME.fullmatch(name):
            reader.note(at.line, f"“{name[:100]}” is no name: letters, digits, “_”, “-” and “.”, at most 100.")
    return found


def _intent(reader: Reader, name: str, item: Item) -> Intent:
    of = f"The intent “{name}”"
    fields = reader.fields(item, of=of, known=("phrases", *answers.FIELDS), needs=("phrases", "replies"))
    entries = reader.items(fields["phrases"], of="“phrases”") if "phrases" in fields else []
    phrases = tuple(Phrase(text=reader.text(at, of="A phrase", at_most=MAX_PHRASE), line=at.line) for at in entries)
    return Intent(name=name, phrases=phrases, answer=answers.assemble(reader, fields))
