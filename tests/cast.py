"""The people and agents that tests talk about, and time at their command."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client

from portal.accounts.models import Account, Grant
from portal.accounts.names import GrantRole, Role
from portal.accounts.permissions import Principal, principal_of
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from sessions_app.actions import Outcome, apply, policies
from sessions_app.core.commands import USER, Kind, Say, Sender, Start
from sessions_app.core.policy import default_policy
from sessions_app.models import ChatSession, ChatUser, Thread

PASSWORD = "correct horse battery staple"


def account(username: str, role: Role = Role.OWNER, **values: Any) -> Account:
    return Account.objects.create_user(username, password=PASSWORD, role=role, **values)


def admin(username: str = "root") -> Account:
    return account(username, Role.ADMIN)


def sign_in(client: Client, account: Account) -> Client:
    """As through the form, a moment ago: nothing is asked of them once more."""
    client.force_login(account)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(account.pk)
    session.save()
    return client


def agent(
    slug: str = "shop", *, owner: Account | None = None, policy: dict[str, Any] | None = None, **values: Any
) -> Agent:
    """An agent with version 1 of its policy: the platform's defaults, changed by `policy`. External unless said
    otherwise, so that nothing answers by itself."""
    values = {
        "name": slug.title(),
        "platform": Platform.EXTERNAL,
        "languages": ["en", "de"],
        "default_language": "en",
        "prompt_kind": "none",
        "realm": "test",
    } | values
    made = Agent.objects.create(slug=slug, **values)
    policies.first_version(agent=made, policy=replace(default_policy(Platform(made.platform)), **(policy or {})))
    if owner is not None:
        own(owner, made)
    return made


def own(owner: Account, agent: Agent) -> None:
    Grant.objects.create(account=owner, agent=agent, role=GrantRole.OWNER)


def translate(translator: Account, agent: Agent, *languages: str) -> None:
    Grant.objects.create(account=translator, agent=agent, role=GrantRole.TRANSLATOR, languages=list(languages))


def user(external_id: str = "ada", *, realm: str = "test", name: str = "") -> ChatUser:
    return ChatUser.objects.create(realm=realm, external_id=external_id, name=name or external_id.title())


def thread(agent: Agent, who: ChatUser | None = None) -> Thread:
    return Thread.objects.create(agent=agent, user=who or user())


def principal(account: Account) -> Principal:
    return principal_of(account)


def start(thread: Thread, **values: Any) -> ChatSession:
    """Open the chat of a thread."""
    (outcome,) = apply([Start(thread=thread.pk, actor=USER, **values)])
    assert outcome.session is not None
    return ChatSession.objects.get(pk=outcome.session.id)


def say(thread: Thread, text: str = "hello", **values: Any) -> Outcome:
    (outcome,) = apply([Say(thread=thread.pk, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text=text, **values)])
    return outcome


def chatting(agent: Agent, who: ChatUser | None = None) -> ChatSession:
    """A session in which the user has said something."""
    outcome = say(thread(agent, who))
    assert outcome.session is not None
    return ChatSession.objects.get(pk=outcome.session.id)


INSTANTS = {
    "chat_session": (
        *("policy_effective_at", "started_at", "inactive_since", "last_interaction_at", "paused_at", "busy_until"),
        *("touched_at", "live_chat_since", "pending_until", "idle_at", "ends_at", "due_at", "ended_at"),
        *("archived_at", "data_erased_at", "transcript_erased_at"),
    ),
    "chat_message": ("at", "received_at"),
    "chat_event": ("at",),
}


def pass_time(session: UUID, by: timedelta) -> None:
    """As if `by` had passed for this session: all its instants move into the past, and nothing looks at it."""
    keys = {"chat_session": "id"}
    with connection.cursor() as cursor:
        for table, instants in INSTANTS.items():
            moved = ", ".join(f"{name} = {name} - %(by)s" for name in instants)
            cursor.execute(
                f"UPDATE {table} SET {moved} WHERE {keys.get(table, 'session_id')} = %(session)s",
                {"by": by, "session": session},
            )
