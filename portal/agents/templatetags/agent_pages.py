"""`{% agent_tabs agent as tabs %}`: the pages of an agent that whoever asks may open."""

from django import template
from django.template import Context

from portal.accounts import auth
from portal.agents import queries
from portal.agents.models import Agent
from portal.agents.queries import Tab

register = template.Library()


@register.simple_tag(takes_context=True)
def agent_tabs(context: Context, agent: Agent) -> list[Tab]:
    return queries.tabs(auth.principal(context["request"]), agent.pk)
