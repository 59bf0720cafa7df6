"""How visits go. Each plot is a way in which a session comes to its end, or does not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from portal.demo.helpdesk import Line
from portal.demo.history.diary import Diary
from sessions_app.core import commands as c
from sessions_app.core.facts import EndReason
from sessions_app.core.policy import Policy

MINUTE = timedelta(minutes=1)
STOPPED_BECAUSE = ("Test of our own", "Asked us by phone instead", "Abusive language", "Opened twice")


@dataclass(slots=True)
class Visit:
    """What a plot knows: who may stop it, under which policy it began, what there is to say."""

    diary: Diary
    policy: Policy
    questions: Iterator[Line]
    thanks: Line
    goodbye: Line
    staff: tuple[tuple[str, EndReason], ...]

    def talk(self, *, least: int = 1, most: int = 4) -> None:
        for _ in range(self.diary.rng.randint(least, most)):
            self.diary.wait(4, 75)
            self.diary.say(next(self.questions))


Plot = Callable[[Visit], None]


def looked(_visit: Visit) -> None:
    """Opens the chat and says nothing: the session expires silently."""


def left(visit: Visit) -> None:
    visit.talk(most=5)


def ended(visit: Visit) -> None:
    visit.talk()
    visit.diary.wait(10, 120)
    visit.diary.do(c.End(actor=c.USER, end_reason=EndReason.USER_ENDED))


def said_goodbye(visit: Visit) -> None:
    visit.talk()
    for line in (visit.thanks, visit.goodbye):
        visit.diary.wait(5, 40)
        visit.diary.say(line)


def returned(visit: Visit) -> None:
    """Comes back to a session that is idle, and begins its second conversation."""
    visit.talk(most=3)
    visit.diary.wait(visit.policy.idle_timeout, visit.policy.session_duration)
    visit.talk(most=2)


def came_late(visit: Visit) -> None:
    """Writes after the end: answered in a new session."""
    visit.talk(most=3)
    visit.diary.wait(visit.policy.session_duration + MINUTE, 3 * visit.policy.session_duration)
    visit.talk(most=3)


def paused(visit: Visit) -> None:
    """Pauses, perhaps writes meanwhile, and goes on with what was left of the time."""
    visit.talk(most=3)
    visit.diary.wait(10, 60)
    visit.diary.do(c.Pause(actor=c.USER))
    visit.diary.wait(3 * MINUTE, 90 * MINUTE)
    if visit.diary.rng.random() < 0.4:
        visit.diary.say(Line(next(visit.questions).text))
        visit.diary.wait(1 * MINUTE, 20 * MINUTE)
    visit.diary.do(c.Resume(actor=c.USER))
    visit.talk(most=2)


def cleared(visit: Visit) -> None:
    visit.talk(most=3)
    visit.diary.wait(5, 60)
    visit.diary.do(c.ClearHistory(actor=c.USER))
    visit.talk(most=2)


def stopped(visit: Visit) -> None:
    """Somebody who runs the agent ends it."""
    visit.talk(most=3)
    visit.diary.wait(30, 300)
    actor, why = visit.diary.rng.choice(visit.staff)
    reason = visit.diary.rng.choice(STOPPED_BECAUSE)
    visit.diary.do(c.End(actor=actor, end_reason=why, reason=reason))


def stayed(visit: Visit) -> None:
    """Goes on until the session reaches its longest duration."""
    last = visit.diary.at + visit.policy.max_duration
    visit.talk(most=2)
    while visit.diary.at < last:
        visit.diary.say(next(visit.questions))
        visit.diary.wait(visit.policy.idle_timeout * 0.3, visit.policy.session_duration * 0.8)


SHARES: dict[Plot, int] = {
    left: 34,
    looked: 16,
    ended: 14,
    said_goodbye: 14,
    returned: 8,
    came_late: 4,
    paused: 4,
    cleared: 3,
    stopped: 3,
    stayed: 2,
}
# How those go on who are there when the demo begins.
UNDER_WAY: tuple[Plot, ...] = (left, returned, paused, left, looked, said_goodbye)
