"""Texts for chats: by the five steps, in one query."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from localization.core import fallback
from localization.core.fallback import ENGLISH, Resolved
from localization.core.keys import Key
from localization.core.shipped import SHIPPED
from localization.models import MessageText

Request = tuple[int, Key, str]  # agent id, key, language asked for


def resolve(*, agent_id: int, key: Key, language: str) -> Resolved:
    """The text of one message for a reader of `language`, by the five steps. One query."""
    return resolve_many([(agent_id, key, language)])[agent_id, key, language]


def resolve_many(requests: Iterable[Request]) -> dict[Request, Resolved]:
    """The texts of many messages of many agents, by request. One query, however many there are; none for none."""
    asked = set(requests)
    if not asked:
        return {}
    own: defaultdict[tuple[int, str], dict[str, str]] = defaultdict(dict)
    defaults: dict[int, str] = {}
    for agent_id, key, language, text, default in _own_texts(asked):
        own[agent_id, key][language] = text
        defaults[agent_id] = default
    return {
        (agent_id, key, language): fallback.resolve(
            own=own[agent_id, key],
            # An agent without a text of its own has none in its default language either.
            default_language=defaults.get(agent_id, ENGLISH),
            shipped=SHIPPED,
            key=key,
            language=language,
        )
        for agent_id, key, language in asked
    }


def _own_texts(asked: Iterable[Request]) -> Iterator[tuple[int, str, str, str, str]]:
    """(agent id, key, language, text, the agent's default language) of all texts that could answer."""
    agents, keys = {agent_id for agent_id, _, _ in asked}, {key for _, key, _ in asked}
    rows = MessageText.objects.filter(agent_id__in=agents, key__in=keys, text__isnull=False)
    for agent_id, key, language, text, default in rows.values_list(
        "agent_id", "key", "language", "text", "agent__default_language"
    ):
        yield agent_id, key, language, text or "", default
