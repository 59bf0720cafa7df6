"""Which text a user sees: five steps, first hit wins (1-product.md, "Localization")."""

from collections.abc import Mapping
from dataclasses import dataclass

from localization.core import languages
from localization.core.keys import Key
from localization.core.languages import Direction

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A text, the language it is written in (not the one asked for), and the step that gave it.

    `source` is `own:<tag>`, `shipped:<tag>`, `own_default:<tag>` or `shipped_english` (3-api.md, "resolve").
    """

    text: str
    language: str
    source: str

    @property
    def step(self) -> str:
        """`own`, `shipped`, `own_default` or `shipped_english`."""
        return self.source.partition(":")[0]

    @property
    def direction(self) -> Direction:
        return languages.direction(self.language)


def resolve(
    *,
    own: Mapping[str, str],
    default_language: str,
    shipped: Mapping[str, Mapping[Key, str]],
    key: Key,
    language: str,
) -> Resolved:
    """The text of `key` for a reader of `language`. Never fails: at the end there is English.

    `own` are the agent's own texts of this key by language; `shipped` all shipped texts by language, then key.
    """
    lineage = languages.lineage(language)
    for tag in lineage:  # 1 the exact tag, 2 its parents
        if tag in own:
            return Resolved(own[tag], tag, f"own:{tag}")
    for tag in lineage:  # 3
        if key in shipped.get(tag, {}):
            return Resolved(shipped[tag][key], tag, f"shipped:{tag}")
    if default_language in own:  # 4
        return Resolved(own[default_language], default_language, f"own_default:{default_language}")
    return Resolved(shipped[ENGLISH][key], ENGLISH, "shipped_english")  # 5
