"""Who is at which agent's messages, and what they may touch there: asked anew for every request."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django_htmx.middleware import HtmxDetails

from localization import queries
from localization.core.keys import Key
from localization.queries import Row
from portal.accounts import auth, permissions
from portal.accounts.permissions import Principal, Verb
from portal.agents.models import Agent


class HtmxRequest(HttpRequest):
    """A request that has passed django-htmx's middleware, as all have."""

    htmx: HtmxDetails


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at the messages of an agent: the languages they edit, and the one they look at, if only one."""

    principal: Principal
    agent: Agent
    editable: Sequence[str]
    only: str

    @property
    def shown(self) -> Sequence[str]:
        return [self.only] if self.only else self.editable


def desk_of(request: HttpRequest, slug: str) -> Desk:
    """404 for an agent this person does not see, 403 for one whose messages are not theirs."""
    principal = auth.principal(request)
    agent = get_object_or_404(Agent.objects.filter(permissions.agents_q(principal, Verb.SEE_AGENT)), slug=slug)
    if not permissions.allows(principal, Verb.EDIT_MESSAGES, agent_id=agent.pk):
        raise PermissionDenied
    editable = editable_languages(principal, agent)
    asked = request.POST.get("only") or request.GET.get("language") or ""
    return Desk(principal, agent, editable, asked if asked in editable else "")


def editable_languages(principal: Principal, agent: Agent) -> list[str]:
    return [
        language
        for language in agent.languages
        if permissions.allows(principal, Verb.EDIT_MESSAGES, agent_id=agent.pk, language=language)
    ]


def row_at(desk: Desk, key: str, language: str) -> Row:
    """404 for a text the agent does not have, 403 for a language that somebody else translates."""
    if key not in list(Key) or language not in desk.agent.languages:
        raise Http404
    if language not in desk.editable:
        raise PermissionDenied
    return queries.row(desk.agent, key=Key(key), language=language)
