"""What translators look at: one message in one language, one message in all, one language of an agent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from django.utils.translation import gettext

from localization.core import checks, languages
from localization.core.checks import Finding
from localization.core.fallback import Resolved
from localization.core.keys import Message
from localization.core.languages import LanguageNames
from portal.agents.models import Agent

Status = Literal["own", "shipped", "missing"]

_STATUS_OF_STEP: Mapping[str, Status] = {"own": "own", "shipped": "shipped"}


@dataclass(frozen=True)
class Row:
    """One message in one language of an agent, as its page and the API show it.

    `own` is the agent's own text or None, `version` counts its changes from 0 (never had one), `resolved` is what
    users read, `fallback` what they would read without the own text, `source` what a translator translates from.
    """

    agent: Agent
    message: Message
    language: LanguageNames
    own: str | None
    version: int
    resolved: Resolved
    fallback: Resolved
    source: Resolved
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def place(self) -> str:
        """The id of this row on a page."""
        return f"{self.message.key}-{self.language.tag}"

    @property
    def status(self) -> Status:
        """Whether readers of the language get words of their language, and whose."""
        return _STATUS_OF_STEP.get(self.resolved.step, "missing")

    @property
    def written_in(self) -> LanguageNames:
        """The language of what users read."""
        return languages.names(self.resolved.language)

    @property
    def translated_from(self) -> LanguageNames:
        return languages.names(self.source.language)

    @cached_property
    def warnings(self) -> tuple[Finding, ...]:
        """What to look at again in the agent's own text; Portal's texts are not the translator's to mend."""
        return () if self.own is None else checks.warnings(self.candidate(self.own))

    @property
    def remarks(self) -> list[str]:
        """The warnings as sentences."""
        return [sentence(finding) for finding in self.warnings]

    def candidate(self, text: str) -> checks.Candidate:
        """This row with another text, to be judged."""
        return checks.Candidate(
            key=self.message.key,
            language=self.language.tag,
            text=text,
            agent_languages=self.agent.languages,
            source=self.source.text,
            source_language=self.source.language,
        )


def sentence(finding: Finding) -> str:
    """What was found, in the language of whoever looks at the page."""
    return gettext(finding.template) % finding.values


@dataclass(frozen=True, slots=True)
class Section:
    """One message in all languages asked for."""

    message: Message
    rows: Sequence[Row]

    @property
    def counts(self) -> Mapping[Status, int]:
        return Counter(row.status for row in self.rows)


@dataclass(frozen=True, slots=True)
class LanguageCoverage:
    """How many of the messages a reader of one language gets from the agent, from Portal, or in another language."""

    language: LanguageNames
    own: int
    shipped: int
    missing: int

    @property
    def covered(self) -> int:
        return self.own + self.shipped
