"""What happens after the last message, drawn and in words, from the values of a policy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.lib import durations
from sessions_app.core import policy as core
from sessions_app.core.outlook import Moment, outlook
from sessions_app.core.policy import EndBehavior, Policy
from sessions_app.forms.policy import NOT_YET_ENFORCED, PolicyForm

START = timedelta(hours=10)  # an example has to begin somewhere
LEFT, RIGHT, TAIL = 20, 268, 324  # of the drawing: the message, the end, the stretch after it
APART = 44  # marks whose times would run into each other are moved apart: the drawing is not to scale there
WORDS = {
    "message": _("the user's last message"),
    "warning": _("the user is warned"),
    "idle": _("the session goes idle; the bot is still there"),
    "archived": _("the session leaves the list"),
    "data_erased": _("its data is erased"),
    "transcript_erased": _("its transcript is erased"),
}
ENDS = {
    EndBehavior.KEEP_HISTORY: _("the session ends; a line divides it from the next one"),
    EndBehavior.CLEAR_HISTORY: _("the session ends; the user's view is cleared"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One moment in words: the example's clock, how long after the message, and what happens."""

    name: str
    clock: str
    later: str
    what: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the drawing. `clock` is empty where another mark at the same place says it."""

    name: str
    x: int
    clock: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the bar, and the state a session is in there."""

    state: str
    label: str
    x1: int
    x2: int

    @property
    def middle(self) -> int:
        return (self.x1 + self.x2) // 2


@dataclass(frozen=True, slots=True)
class Drawing:
    lines: Sequence[Line]
    marks: Sequence[Mark]
    stretches: Sequence[Stretch]
    advice: Sequence[str]
    cap: str


def of(form: PolicyForm) -> Drawing:
    """Of the policy typed so far."""
    policy = form.readable
    moments = [moment for moment in outlook(policy) if moment.setting not in NOT_YET_ENFORCED]
    places = _places([m for m in moments if m.name in ("message", "warning", "idle", "ended")])
    return Drawing(
        lines=[_line(moment, policy) for moment in moments],
        marks=_marks(places),
        stretches=list(_stretches({moment.name: x for moment, x in places})),
        advice=[gettext(sentence) for sentence in core.advice(policy, form.platform)],
        cap=durations.words(policy.max_duration),
    )


def _places(moments: Sequence[Moment]) -> list[tuple[Moment, int]]:
    """Each moment with its x: by time where there is room, in order and APART everywhere."""
    instants = sorted({moment.after for moment in moments})
    whole = instants[-1] or timedelta(seconds=1)
    x_of: dict[timedelta, int] = {}
    for index, after in enumerate(instants):
        earliest = LEFT + APART * index
        latest = RIGHT - APART * (len(instants) - 1 - index)
        x_of[after] = max(earliest, min(latest, LEFT + round((RIGHT - LEFT) * (after / whole))))
    return [(moment, x_of[moment.after]) for moment in moments]


def _marks(places: Sequence[tuple[Moment, int]]) -> list[Mark]:
    taken = [x for _, x in places]
    return [
        Mark(moment.name, x, "" if x in taken[:index] else _clock(moment.after))
        for index, (moment, x) in enumerate(places)
    ]


def _stretches(x_of: dict[str, int]) -> Iterator[Stretch]:
    yield Stretch("live", gettext("Live"), x_of["message"], x_of["idle"])
    if x_of["idle"] < x_of["ended"]:
        yield Stretch("idle", gettext("Idle"), x_of["idle"], x_of["ended"])
    yield Stretch("ended", gettext("Ended"), x_of["ended"], TAIL)


def _line(moment: Moment, policy: Policy) -> Line:
    what = ENDS[policy.end_behavior] if moment.name == "ended" else WORDS[moment.name]
    later = durations.words(moment.after, days=moment.after >= timedelta(days=2)) if moment.after else ""
    return Line(moment.name, _clock(moment.after), later, str(what))


def _clock(after: timedelta) -> str:
    """ "10:30"; "10:30 +1 d" on the next day; later than that the time of the day says nothing: "+30 d"."""
    days, rest = divmod(START + after, timedelta(days=1))
    if days > 1:
        return f"+{days} d"
    minutes, seconds = divmod(rest, timedelta(minutes=1))
    clock = f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds.seconds:02}" if seconds else "")
    return f"{clock} +{days} d" if days else clock
