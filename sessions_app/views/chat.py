"""The hosted chat page: the widget on a page of its own, for everybody."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation.trans_real import parse_accept_lang_header

from localization.core.languages import direction, spoken
from portal.accounts.models import Account
from portal.agents import auth
from portal.agents.models import Agent, Status


def hosted(request: HttpRequest, slug: str) -> HttpResponse:
    """In the language that is asked for, else one the browser accepts, else the agent's own. Who is signed in to the
    Portal chats as themselves: the page vouches for them."""
    agent = Agent.objects.filter(slug=slug, status=Status.ACTIVE).first()
    if agent is None:
        raise Http404
    accepted = (tag for tag, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")))
    wanted = (request.GET.get("language"), *accepted)
    language = next((tag for tag in (spoken(tag, agent.languages) for tag in wanted) if tag), agent.default_language)
    context = {"agent": agent, "language": language, "direction": direction(language)}
    return render(request, "chat/hosted.html", context | {"identity": _identity(request, agent)})


def _identity(request: HttpRequest, agent: Agent) -> str | None:
    account, session_key = request.user, request.session.session_key
    if not isinstance(account, Account) or not account.is_active or session_key is None:
        return None
    return auth.vouch(account, agent=agent, session_key=session_key)
