"""The visits of a week to one agent, thread by thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from portal.demo.agents import DemoAgent
from portal.demo.history import plots, rhythm, talk
from portal.demo.history.diary import Diary
from portal.demo.history.guests import Guest, guests
from portal.demo.history.plots import Plot, Visit
from sessions_app.actions.imports import PastChat, PastPolicy
from sessions_app.core import commands as c
from sessions_app.core.facts import EndReason
from sessions_app.core.policy import Policy

DAYS = 7
FEWEST_GUESTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """`accounts` are the ids of the demo's accounts by user name, `policies` the versions in force, in order."""

    agent: DemoAgent
    now: datetime
    rng: Random
    accounts: Mapping[str, int]
    policies: Sequence[PastPolicy]

    def chats(self, visits: int) -> list[PastChat]:
        """So many visits that began in the week, and a few that are under way."""
        crowd = guests(self.agent, number=max(visits // 2, FEWEST_GUESTS), rng=self.rng)
        for at in rhythm.arrivals(now=self.now, days=DAYS, number=visits, rng=self.rng):
            self._visit(crowd, at, self.rng.choices(list(plots.SHARES), list(plots.SHARES.values()))[0])
        for plot in plots.UNDER_WAY:
            begun = self.rng.uniform(0.1, 0.7) * self._policy(self.now).session_duration
            self._visit(crowd, self.now - begun, plot)
        return [PastChat(user=guest.user, steps=tuple(guest.steps)) for guest in crowd if guest.steps]

    def _visit(self, crowd: Sequence[Guest], at: datetime, plot: Plot) -> None:
        guest = self._guest(crowd, at)
        diary = Diary(at, self.rng, self._actor(self.agent.owner))
        channel = self.rng.choice(self.agent.channels)
        diary.do(c.Start(actor=c.USER, language=guest.language, locale=guest.locale, channel=channel))
        plot(self._beginning(diary, guest.language))
        guest.steps += [step for step in diary.steps if step[0] <= self.now]

    def _guest(self, crowd: Sequence[Guest], at: datetime) -> Guest:
        """Somebody who is not chatting then; the first come most often."""
        free = [guest for guest in crowd if guest.is_free(at)]
        return free[int(self.rng.random() ** 1.5 * len(free))]

    def _beginning(self, diary: Diary, language: str) -> Visit:
        return Visit(
            diary=diary,
            policy=self._policy(diary.at),
            questions=talk.questions(self.agent, language, self.rng),
            thanks=talk.thanks(self.agent, language, self.rng),
            goodbye=talk.goodbye(self.agent, language, self.rng),
            staff=(
                (self._actor(self.agent.owner), EndReason.OWNER_ENDED),
                (self._actor("root"), EndReason.ADMIN_ENDED),
            ),
        )

    def _policy(self, at: datetime) -> Policy:
        return next(past.policy for past in reversed(self.policies) if past.saved_at <= at)

    def _actor(self, username: str) -> str:
        return c.account_actor(self.accounts[username])
