"""All messages of an agent in its languages, and how well agents are covered: one query, however many there are."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from localization.core import fallback, languages
from localization.core.fallback import ENGLISH, Resolved
from localization.core.keys import MESSAGES, Key
from localization.core.shipped import SHIPPED
from localization.models import MessageText
from localization.queries.rows import LanguageCoverage, Row, Section
from portal.agents.models import Agent


@dataclass(slots=True)
class _Stored:
    """What the database has of one agent: the latest row of each message and language."""

    agent: Agent
    rows: Mapping[tuple[str, str], MessageText]
    own: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        for (key, language), row in self.rows.items():
            if row.text is not None:
                self.own[key][language] = row.text

    def resolve(self, key: Key, language: str, *, without: str = "") -> Resolved:
        return fallback.resolve(
            own={tag: text for tag, text in self.own[key].items() if tag != without},
            default_language=self.agent.default_language,
            shipped=SHIPPED,
            key=key,
            language=language,
        )

    def source(self, key: Key, language: str) -> Resolved:
        """Translators work from the agent's default language, and that one from English."""
        if language == self.agent.default_language:
            return Resolved(SHIPPED[ENGLISH][key], ENGLISH, "shipped_english")
        return self.resolve(key, self.agent.default_language)

    def row(self, key: Key, language: str) -> Row:
        stored = self.rows.get((key, language))
        return Row(
            agent=self.agent,
            message=MESSAGES[key],
            language=languages.names(language),
            own=stored.text if stored else None,
            version=stored.version if stored else 0,
            resolved=self.resolve(key, language),
            fallback=self.resolve(key, language, without=language),
            source=self.source(key, language),
            updated_at=stored.updated_at if stored else None,
            updated_by=stored.updated_by.name if stored and stored.updated_by else "",
        )


def _stored(agents: Iterable[Agent]) -> dict[int, _Stored]:
    by_id = {agent.pk: agent for agent in agents}
    found: defaultdict[int, dict[tuple[str, str], MessageText]] = defaultdict(dict)
    for each in MessageText.objects.filter(agent_id__in=by_id).select_related("updated_by"):
        found[each.agent_id][each.key, each.language] = each
    return {pk: _Stored(agent, found[pk]) for pk, agent in by_id.items()}


def matrix(agent: Agent, *, languages_shown: Sequence[str] | None = None) -> list[Section]:
    """Every message of an agent in its languages, or in those of them that are asked for. One query."""
    stored = _stored([agent])[agent.pk]
    shown = agent.languages if languages_shown is None else languages_shown
    return [Section(MESSAGES[key], [stored.row(key, language) for language in shown]) for key in MESSAGES]


def row(agent: Agent, *, key: Key, language: str) -> Row:
    """One message in one language. One query."""
    return _stored([agent])[agent.pk].row(key, language)


def coverage(agents: Mapping[Agent, Sequence[str]]) -> dict[Agent, list[LanguageCoverage]]:
    """For each agent, in the languages given with it, how its messages are covered. One query for all."""
    stored = _stored(agents)
    return {agent: [_covered(stored[agent.pk], language) for language in shown] for agent, shown in agents.items()}


def _covered(stored: _Stored, language: str) -> LanguageCoverage:
    counts = Counter(stored.row(key, language).status for key in MESSAGES)
    return LanguageCoverage(languages.names(language), counts["own"], counts["shipped"], counts["missing"])
