"""The script a new scripted agent begins with, so that its chat answers before anybody has written a line."""

import json

DEFAULT_EVENT = "WELCOME"

_TEMPLATE = """\
# What this bot says. One section per language; a language that is missing here is answered in the default language.
languages:
  {language}:
    events:
      {event}:
        replies:
          - text: {greeting}
            buttons:
              - {{text: {question}, postback: about}}
    intents:
      about:
        phrases:
          - what can you do
          - help
        replies:
          - {about}
      goodbye:
        phrases:
          - bye
          - goodbye
        replies:
          - {goodbye}
        ends_session: true
    fallback:
      replies:
        - {fallback}
"""


def starter(*, name: str, language: str, event: str) -> str:
    """A script with a greeting, two intents and a fallback. `event` is that of the intent prompt, or empty."""
    return _TEMPLATE.format(
        language=_quoted(language),
        event=_quoted(event or DEFAULT_EVENT),
        greeting=_quoted(f"Hello, this is {_plain(name)}. What can I do for you?"),
        question=_quoted("What can you do?"),
        about=_quoted("Not much yet: my script is still the one I was made with."),
        goodbye=_quoted("Goodbye!"),
        fallback=_quoted("I did not understand that. Could you say it in other words?"),
    )


def _quoted(text: str) -> str:
    """As JSON writes it, which YAML reads; but not its two halves of a sign beyond U+FFFF."""
    return json.dumps(text, ensure_ascii=False)


def _plain(name: str) -> str:
    """Braces are placeholders in a script."""
    return name.replace("{", "(").replace("}", ")")
