"""The coverage board: agents × languages."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from localization import queries
from localization.core.keys import MESSAGES
from localization.views import desk
from portal.accounts import auth, permissions
from portal.accounts.permissions import Verb
from portal.agents.models import Agent

AGENTS_PER_PAGE = 50


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Every agent whose messages this person edits, and how well each of their languages is covered."""
    principal = auth.principal(request)
    agents = Agent.objects.filter(permissions.agents_q(principal, Verb.EDIT_MESSAGES))
    page = Paginator(agents, AGENTS_PER_PAGE).get_page(request.GET.get("page"))
    covered = queries.coverage({agent: desk.editable_languages(principal, agent) for agent in page})
    context = {
        "page": page,
        "previous": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next": f"?page={page.next_page_number()}" if page.has_next() else "",
        "coverage": covered.items(),
        "messages_each": len(MESSAGES),
    }
    return render(request, "localization/board.html", context)
