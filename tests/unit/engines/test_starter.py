"""The script a new scripted agent begins with."""

import pytest

from sessions_app.engines.scripting import grammar
from sessions_app.engines.scripting.starter import starter


@pytest.mark.parametrize(
    "name", ["Shop", "Tom & Jerry's “best”", "{name}", 'a "quoted" \\ name', "Ärzte: #1 – 🎉", "- x"]
)
@pytest.mark.parametrize(("language", "event"), [("en", "WELCOME"), ("pt-BR", "hello.there"), ("no", "")])
def test_it_is_ready_as_it_stands(name: str, language: str, event: str) -> None:
    script = starter(name=name, language=language, event=event)
    assert grammar.validate(script, default_language=language, prompt_event=event or None) == []
