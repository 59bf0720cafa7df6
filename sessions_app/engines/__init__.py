"""Bot engines, one module per platform, loaded on first use so that a copy pays only for the platforms it runs."""

from importlib import import_module
from typing import cast

from portal.agents.core.platforms import Platform
from sessions_app.engines.turn import Engine, EngineUnavailable

_MODULES = {Platform.SCRIPTED: "sessions_app.engines.scripted"}


def engine_for(platform: str) -> Engine | None:
    """The engine that answers for a platform, or None where nothing is called (`external`: its back end answers).

    Raises EngineUnavailable for a platform that Portal cannot reach; ValueError for a word that is no platform.
    """
    known = Platform(platform)
    if not known.answers:
        return None
    if known not in _MODULES:
        raise EngineUnavailable(f"Portal cannot reach {known.label} bots yet.")
    return cast(Engine, import_module(_MODULES[known]))
