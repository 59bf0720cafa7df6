"""Who stands before a page of an agent, asked anew for every request: not visible is 404, not allowed is 403."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from portal.accounts import auth
from portal.accounts.permissions import Principal, Verb, agents_q, allows
from portal.accounts.views.doors import refusals as refusals
from portal.agents.models import Agent


def agent_for(request: HttpRequest, slug: str, verb: Verb) -> Agent:
    """The agent, if whoever asks may do `verb` to it."""
    principal = auth.principal(request)
    if "\0" in slug:  # a query may hold one, and the database takes none
        raise Http404
    agent = Agent.objects.filter(agents_q(principal, Verb.SEE_AGENT), slug=slug).first()
    if agent is None:
        raise Http404
    if not allows(principal, verb, agent_id=agent.pk):
        raise PermissionDenied
    return agent


def operator(request: HttpRequest) -> Principal:
    """Whoever asks, if they run agents or may build one."""
    principal = auth.principal(request)
    if not principal.owns and not allows(principal, Verb.CREATE_AGENT):
        raise PermissionDenied
    return principal
