"""The one permission function, and that its query twin says the same (1-product.md, "Permissions")."""

from dataclasses import replace
from itertools import product

import pytest

from portal.accounts.names import Role
from portal.accounts.permissions import (
    ANONYMOUS,
    MATRIX,
    OF_ROLES,
    NotAllowed,
    NotVisible,
    Principal,
    Verb,
    agents_q,
    allows,
    bound,
    demand,
    principal_of,
    visitor,
)
from portal.agents.models import Agent
from sessions_app.models import ChatSession
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, Principal]:
    """Everybody who may ask, in relation to the agent `shop` and the user ada."""
    olga, otto, tara = cast.account("olga"), cast.account("otto"), cast.account("tara", Role.TRANSLATOR)
    shop, helpdesk = cast.agent("shop", owner=olga), cast.agent("helpdesk", owner=otto)
    cast.translate(tara, shop, "de")
    ada, bob = cast.user("ada"), cast.user("bob")
    for agent, who in product((shop, helpdesk), (ada, bob)):
        cast.chatting(agent, who)
    return {
        "admin": principal_of(cast.admin()),
        "own owner": principal_of(olga),
        "other owner": principal_of(otto),
        "translator": principal_of(tara),
        "end user": principal_of(cast.account("emil", Role.USER)),
        "own user": visitor(ada.pk),
        "other user": visitor(bob.pk),
        "anonymous": ANONYMOUS,
        "reader": principal_of(olga, read_only=True),
        "back end": replace(principal_of(olga), backend=True),
        "bound here": bound(principal_of(olga), [shop.pk]),
        "bound elsewhere": bound(principal_of(olga), [helpdesk.pk]),
        "admin bound here": bound(principal_of(cast.account("ruth", Role.ADMIN)), [shop.pk]),
        "admin bound elsewhere": bound(principal_of(cast.account("rene", Role.ADMIN)), [helpdesk.pk]),
        "translator bound elsewhere": bound(principal_of(tara), [helpdesk.pk]),
    }


STAFF = {"admin", "own owner", "bound here", "admin bound here"}
PEOPLE = {"admin", "own owner", "other owner", "translator", "end user"}
# Who may do what to a session of ada with shop.
ALLOWED = {
    Verb.SEE_AGENT: STAFF | {"translator", "reader", "back end"},  # name and languages
    Verb.SEE_SESSIONS: STAFF | {"reader"},
    Verb.SEE_SESSION: STAFF | {"own user", "reader", "back end"},
    Verb.CONTROL_SESSION: STAFF | {"own user"},
    Verb.TAKE_OVER: STAFF,
    Verb.OVERRIDE_MODEL: {"admin", "admin bound here"},
    Verb.SESSION_DATA: STAFF | {"reader", "back end"},
    Verb.EDIT_SESSION_DATA: STAFF | {"back end"},
    Verb.EMULATE: STAFF,
    Verb.START_FOR_USER: STAFF | {"back end"},
    Verb.CHAT: {"own user"},
    Verb.EDIT_AGENT: STAFF,
    Verb.EDIT_MESSAGES: STAFF | {"translator"},
    Verb.SEE_MEMBERS: STAFF | {"reader"},
    Verb.EDIT_MEMBERS: STAFF,
    Verb.CREATE_AGENT: {"admin", "own owner", "other owner"},
    Verb.SEE_TOKENS: PEOPLE | {"reader"},  # their own
    Verb.EDIT_TOKENS: PEOPLE,
    Verb.SEE_PEOPLE: {"admin"},
    Verb.EDIT_PEOPLE: {"admin"},
    Verb.OPEN_AUDIT: {"admin", "own owner", "other owner", "translator", "reader"},
    Verb.SEE_AUDIT: STAFF | {"reader"},
    Verb.SEE_OWN_EDITS: STAFF | {"reader", "translator"},
    Verb.VERIFY_AUDIT: {"admin"},
    Verb.BACK_OFFICE: {"admin"},
}


def test_every_verb_has_its_row():
    assert set(ALLOWED) == set(Verb)
    assert set(MATRIX) == set(Verb) - set(OF_ROLES)


@pytest.mark.parametrize("verb", list(Verb))
def test_the_table_of_permissions_holds(people, verb):
    session = ChatSession.objects.get(agent__slug="shop", user__external_id="ada")
    may = {
        name
        for name, principal in people.items()
        if allows(principal, verb, agent_id=session.agent_id, user_id=session.user_id)
    }
    assert may == ALLOWED[verb]


@pytest.mark.parametrize("verb", list(MATRIX))
def test_the_query_twin_says_the_same_about_every_session_and_agent(people, verb):
    for name, principal in people.items():
        twin = agents_q(principal, verb, agent="agent_id", user="user_id")
        by_query = set(ChatSession.objects.filter(twin).values_list("pk", flat=True))
        asked = {
            s.pk for s in ChatSession.objects.all() if allows(principal, verb, agent_id=s.agent_id, user_id=s.user_id)
        }
        assert by_query == asked, (name, verb)
        agents = set(Agent.objects.filter(agents_q(principal, verb)).values_list("pk", flat=True))
        assert agents == {a.pk for a in Agent.objects.all() if allows(principal, verb, agent_id=a.pk)}, (name, verb)


def test_a_translator_edits_the_assigned_languages_only(people):
    shop = Agent.objects.get(slug="shop")
    assert allows(people["translator"], Verb.EDIT_MESSAGES, agent_id=shop.pk, language="de")
    assert not allows(people["translator"], Verb.EDIT_MESSAGES, agent_id=shop.pk, language="en")


def test_who_cannot_see_is_told_there_is_nothing_and_who_can_that_it_is_not_allowed(people):
    shop = Agent.objects.get(slug="shop")
    with pytest.raises(NotVisible):
        demand(people["other owner"], Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=shop.pk)
    with pytest.raises(NotAllowed):
        demand(people["translator"], Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=shop.pk)
    for limited in ("reader", "back end"):
        with pytest.raises(NotAllowed):
            demand(people[limited], Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=shop.pk)
    for limited in ("bound elsewhere", "admin bound elsewhere", "translator bound elsewhere"):
        with pytest.raises(NotVisible):
            demand(people[limited], Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=shop.pk)
    demand(people["own owner"], Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=shop.pk)


def test_an_account_that_is_switched_off_is_nobody():
    account = cast.admin()
    account.is_active = False
    assert principal_of(account) == ANONYMOUS
