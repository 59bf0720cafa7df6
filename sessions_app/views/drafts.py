"""Agents in the making: what was typed in each step, kept in the signed-in person's web session until it is one.

The draft's id is in the address, so that two agents can be built in two tabs, and going back, reloading or coming
back later finds everything as it was typed, whether or not it was right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import HttpRequest, QueryDict
from django.utils.crypto import get_random_string

MOST_DRAFTS = 10  # the oldest makes room
LONGEST_ID = 12
KEY = "agents_in_the_making"

Typed = Mapping[str, list[str]]


@dataclass(slots=True)
class Draft:
    """Step → field → what was typed there."""

    id: str
    steps: dict[str, Typed] = field(default_factory=dict)

    def typed(self, step: str) -> QueryDict | None:
        """What was sent in a step, as it came; None before that."""
        if step not in self.steps:
            return None
        data = QueryDict(mutable=True)
        for name, values in self.steps[step].items():
            data.setlist(name, list(values))
        return data


def new_id() -> str:
    return get_random_string(LONGEST_ID)


def find(request: HttpRequest, id: str) -> Draft:
    """The draft of that id; one in which nothing has been typed when there is none, or none any more."""
    return Draft(id, dict(request.session.get(KEY, {}).get(id, {})))


def keep(request: HttpRequest, draft: Draft, step: str) -> None:
    """Keep what was sent in this step."""
    sent = {name: values for name, values in request.POST.lists() if name not in ("csrfmiddlewaretoken", "go")}
    draft.steps[step] = sent
    kept = {id: steps for id, steps in request.session.get(KEY, {}).items() if id != draft.id}
    newest = [*kept.items(), (draft.id, draft.steps)][-MOST_DRAFTS:]
    request.session[KEY] = dict(newest)


def forget(request: HttpRequest, draft: Draft) -> None:
    request.session[KEY] = {id: steps for id, steps in request.session.get(KEY, {}).items() if id != draft.id}
