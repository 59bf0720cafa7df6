"""What tests do to the audit log, and what somebody does who owns the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from portal.accounts.models import Account
from portal.agents.models import Agent
from portal.audit import actions as audit
from portal.audit.models import Entry


def record(number: int = 1, *, by: Account | None = None, agent: Agent | None = None, **values: Any) -> list[Entry]:
    """So many deeds, each with words of every kind."""
    about = {
        "verb": "policy.changed",
        "reason": "Too long.",
        "before": {"warn_before": 60},
        "after": {"warn_before": 30},
    }
    for count in range(number):
        audit.record(
            **{**about, "subject": f"policy v{count}", **values},
            account_id=by.pk if by else None,
            agent_id=agent.pk if agent else None,
        )
    return list(Entry.objects.order_by("-pk")[:number])[::-1]


@contextmanager
def triggers_off() -> Iterator[None]:
    """As the owner of the database can."""
    with transaction.atomic():
        execute("SET CONSTRAINTS ALL IMMEDIATE")
        execute("SET LOCAL session_replication_role = replica")
        yield
        execute("SET LOCAL session_replication_role = origin")


def execute(sql: str, *parameters: Any) -> int:
    """How many rows that was about."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount


def tamper(sql: str, *parameters: Any) -> None:
    with triggers_off():
        assert execute(sql, *parameters), "nothing was changed"
