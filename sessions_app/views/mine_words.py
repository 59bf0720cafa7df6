"""A session in the words of the person whose it is (7-screens.md, 41)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from localization.core import languages
from portal.accounts.permissions import Verb, allows, visitor
from portal.lib import durations
from sessions_app.core import deadlines
from sessions_app.core.facts import EndReason, Facts, State
from sessions_app.core.why import possible
from sessions_app.queries import mine
from sessions_app.queries.mine import Look, Party
from sessions_app.queries.shown import Shown

STATES = {
    State.LIVE: gettext_lazy("going on"),
    State.IDLE: gettext_lazy("going on, and you had not written for a while"),
    State.PAUSED: gettext_lazy("paused"),
    State.ENDED: gettext_lazy("ended"),
}


class Target(NamedTuple):
    """An agent that the session can be handed on to; `why_not` where it cannot be now."""

    slug: str
    name: str
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One session as its page and the list show it."""

    shown: Shown
    agents: Mapping[str, Party]
    talker: str = ""

    @property
    def id(self) -> str:
        return self.shown.id

    @property
    def facts(self) -> Facts:
        return self.shown.facts

    @property
    def agent(self) -> str:
        return self.shown.agent_name

    @property
    def chat(self) -> str:
        """Where they write to it; "" where nobody can at the moment."""
        known = self.agents.get(self.shown.agent_slug)
        return reverse("chat", args=[known.slug]) if known is not None and known.active and not self.over else ""

    @property
    def over(self) -> bool:
        return mine.is_over(self.shown)

    @property
    def running(self) -> bool:
        return self.facts.state in (State.LIVE, State.IDLE)

    @property
    def language(self) -> str:
        """By name."""
        return languages.names(self.facts.language).english

    @property
    def goes_to(self) -> str:
        """The agent that is to pick up, by name."""
        slug = self.shown.pending_to
        return "" if slug is None else self.agents[slug].name if slug in self.agents else slug

    @property
    def answering(self) -> bool:
        busy_until = self.facts.busy_until
        return bool(self.facts.unanswered) and busy_until is not None and busy_until > self.shown.now

    @property
    def capped(self) -> str:
        """The longest that a session may last, where that is what ends this one."""
        return "" if self._by_inactivity else durations.words(self.facts.policy.max_duration)

    @property
    def warned(self) -> bool:
        """It is about to end, and to write or to keep it is what helps (2-lifecycle.md, "What the user sees")."""
        policy = self.facts.policy
        warn_for = min(policy.warn_before, policy.session_duration / 2)
        return self.running and self._by_inactivity and deadlines.ends_at(self.facts) - self.shown.now <= warn_for

    @property
    def _by_inactivity(self) -> bool:
        return deadlines.limit_reached(self.facts) is EndReason.EXPIRED

    @property
    def left(self) -> str:
        """What a paused session will have left when it is resumed."""
        paused_at = self.facts.paused_at
        return durations.words(deadlines.ends_at(self.facts) - paused_at) if paused_at else ""

    @property
    def given_up_at(self) -> datetime:
        return deadlines.given_up_at(self.facts)

    @property
    def how(self) -> str:
        """How it ended."""
        return _how(self.facts, self.agent)

    @property
    def targets(self) -> list[Target]:
        """In the order in which the agent offers them. One that is gone is none."""
        known = (self.agents[slug] for slug in self.shown.targets if slug in self.agents)
        return [_target(party) for party in known]

    @property
    def deeds(self) -> frozenset[str]:
        """What they can do to it now."""
        who = visitor(self.facts.user)
        if not allows(who, Verb.CONTROL_SESSION, agent_id=self.facts.agent, user_id=self.facts.user):
            return frozenset()
        return frozenset(self._deeds())

    def _deeds(self) -> Iterator[str]:
        for name in possible(self.facts):
            unfit = {"transfer": not self.targets, "extend": not self.warned, "model": True, "take_over": True}
            if not unfit.get(name):
                yield name

    @property
    def version(self) -> str:
        """What changes with what is to be read here, the clocks apart."""
        facts = self.facts
        now = (facts.state, self.shown.pending_to, self.answering, self.warned)
        return ":".join(map(str, (self.id, facts.row_version, *now)))


def cards(look: Look) -> list[Card]:
    return [
        Card(shown=item, agents=look.agents, talker=look.talkers.get(item.facts.live_chat_by or "", ""))
        for item in look.items
    ]


def _target(party: Party) -> Target:
    return Target(party.slug, party.name, "" if party.active else _("closed at the moment"))


def _how(facts: Facts, agent: str) -> str:
    policy, about = facts.policy, {"agent": agent}
    match facts.end_reason:
        case EndReason.EXPIRED:
            return _("You wrote nothing for %(time)s.") % {"time": durations.words(policy.session_duration)}
        case EndReason.MAX_DURATION:
            return _("%(time)s is the longest a session lasts.") % {"time": durations.words(policy.max_duration)}
        case EndReason.RETENTION:
            time = durations.words(policy.session_data_retention, days=True)
            return _("It was paused, and nobody touched it for %(time)s.") % {"time": time}
        case None:
            return ""
        case other:
            return str(HOW[other]) % about


HOW = {
    EndReason.USER_ENDED: gettext_lazy("You ended it."),
    EndReason.OWNER_ENDED: gettext_lazy("The people who run %(agent)s ended it."),
    EndReason.ADMIN_ENDED: gettext_lazy("An admin ended it."),
    EndReason.BOT_ENDED: gettext_lazy("%(agent)s said that the talk was over."),
    EndReason.TRANSFERRED: gettext_lazy("It was handed on to another agent."),
    EndReason.HISTORY_CLEARED: gettext_lazy("You cleared the history."),
    EndReason.DISPLACED: gettext_lazy("A newer session of yours with %(agent)s took its place."),
    EndReason.ERASED: gettext_lazy("What was known of you was erased."),
}
