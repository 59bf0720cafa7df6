"""Changing what users read: the right is asked, the text is checked, the deed is kept in the audit log."""

from dataclasses import dataclass

from django.db import transaction

from localization import queries
from localization.core import checks
from localization.core.checks import Finding
from localization.core.keys import Key
from localization.models import MessageText
from localization.queries import Row
from portal.accounts import permissions
from portal.accounts.permissions import Principal, Verb
from portal.agents.models import Agent
from portal.audit import actions as audit
from portal.lib import clock


class TextRefused(ValueError):
    """The text cannot be saved. `findings` say why, one sentence each."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(" ".join(map(str, findings)))
        self.findings = findings


class TextChanged(ValueError):
    """Somebody else changed the text after this one was read. `theirs` is how it stands now."""

    def __init__(self, theirs: Row) -> None:
        super().__init__("The text was changed meanwhile.")
        self.theirs = theirs


@dataclass(frozen=True, slots=True)
class _Change:
    """One edit under way, with the agent's row locked."""

    principal: Principal
    agent: Agent
    now: Row

    def write(self, verb: str, text: str | None) -> Row:
        """Store the new text, or null for none, and say so in the audit log."""
        key, language = self.now.message.key, self.now.language.tag
        MessageText.objects.update_or_create(
            agent=self.agent,
            key=key,
            language=language,
            defaults={
                "text": text,
                "version": self.now.version + 1,
                "updated_at": clock.now(),
                "updated_by_id": self.principal.account_id,
            },
        )
        audit.record(
            verb,
            account_id=self.principal.account_id,
            agent_id=self.agent.pk,
            subject=f"message {key}/{language}",
            before={"text": self.now.own},
            after={"text": text},
        )
        return queries.row(self.agent, key=key, language=language)


@transaction.atomic
def save_text(
    *, principal: Principal, agent: Agent, key: Key, language: str, text: str, expected_version: int | None
) -> Row:
    """Make `text` the agent's own. Returns the row as it stands then, with its warnings.

    `expected_version` is the version the writer saw (0: there was none), or None to write whatever is there. The same
    text again changes nothing. Raises NotVisible, NotAllowed, TextRefused, TextChanged.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    change = _begin(principal, agent, key, language)
    refusals = checks.refusals(change.now.candidate(text))
    if refusals:
        raise TextRefused(refusals)
    if change.now.own == text:
        return change.now
    _insist(change.now, expected_version)
    return change.write("message.edited", text)


@transaction.atomic
def revert_text(*, principal: Principal, agent: Agent, key: Key, language: str, expected_version: int | None) -> Row:
    """Take the agent's own text away, so that the fallback is shown. Without one, nothing changes.

    Raises NotVisible, NotAllowed, TextChanged.
    """
    change = _begin(principal, agent, key, language)
    if change.now.own is None:
        return change.now
    _insist(change.now, expected_version)
    return change.write("message.reverted", None)


def _begin(principal: Principal, agent: Agent, key: Key, language: str) -> _Change:
    permissions.demand(principal, Verb.EDIT_MESSAGES, see=Verb.SEE_AGENT, agent_id=agent.pk, language=language)
    # Writers of one agent queue here, and its languages stay as they are; starting sessions does not wait (NO KEY).
    locked = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    return _Change(principal, locked, queries.row(locked, key=key, language=language))


def _insist(now: Row, expected_version: int | None) -> None:
    if expected_version is not None and expected_version != now.version:
        raise TextChanged(now)
