"""`{% session_tabs shown as tabs %}`: the pages of one session that whoever asks may open, in order."""

from typing import NamedTuple

from django import template
from django.template import Context
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts import auth
from portal.accounts.permissions import Verb, allows
from sessions_app.queries.shown import Shown

register = template.Library()


class Tab(NamedTuple):
    """The name of its address, which takes the public id."""

    name: str
    label: Promise
    verb: Verb


TABS = (
    Tab("session", _("Session"), Verb.SEE_SESSION),
    Tab("session-timeline", _("Timeline"), Verb.SEE_SESSIONS),
    Tab("session-data", _("Data"), Verb.SESSION_DATA),
)


@register.simple_tag(takes_context=True)
def session_tabs(context: Context, shown: Shown) -> list[Tab]:
    principal, facts = auth.principal(context["request"]), shown.facts
    return [tab for tab in TABS if allows(principal, tab.verb, agent_id=facts.agent, user_id=facts.user)]
