"""The translations that come with Portal: constants of the program, kept as JSON for translators and their tools."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from localization.core.keys import Key

DIRECTORY = Path(__file__).parent.parent / "shipped"


def _read(path: Path) -> Mapping[Key, str]:
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({Key(key): text for key, text in texts.items()})


SHIPPED: Mapping[str, Mapping[Key, str]] = MappingProxyType(
    {path.stem: _read(path) for path in sorted(DIRECTORY.glob("*.json"))}
)
