"""That nothing is half-changed: what holds of an agent's rows after any fault, asked of the database itself."""

from typing import Any

from django.db import connection

from portal.agents.models import Agent
from sessions_app.core import decision, replay
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.facts import Facts
from sessions_app.models import ChatSession, Event, Message
from sessions_app.queries import agents, facts

EVENT = ("seq", "at", "type", "actor", "cause", "policy_version", "detail")
LINE = ("id", "seq", "at", "sender", "kind", "text", "language", "held", "interaction", "answers")
# Each gives the ids of what breaks the rule that it is named for.
RULES = {
    "a thread's lines are numbered 1, 2, 3 … without a gap": """
        SELECT t.id FROM chat_thread t LEFT JOIN chat_message m ON m.thread_id = t.id WHERE t.agent_id = %(agent)s
        GROUP BY t.id HAVING count(m.id) <> t.last_seq OR coalesce(max(m.seq), 0) <> t.last_seq
            OR coalesce(min(m.seq), 1) <> 1""",
    "a session counts its messages": """
        SELECT s.id FROM chat_session s LEFT JOIN chat_message m ON m.session_id = s.id AND m.kind <> 'divider'
        WHERE s.agent_id = %(agent)s GROUP BY s.id HAVING count(m.id) <> s.messages""",
    "a session counts its interactions and its user's turns": """
        SELECT s.id FROM chat_session s LEFT JOIN chat_message m ON m.session_id = s.id AND m.interaction
        WHERE s.agent_id = %(agent)s GROUP BY s.id
        HAVING count(m.id) <> s.interactions OR count(m.id) FILTER (WHERE m.sender = 'user') <> s.user_turns""",
    "a session starts once": """
        SELECT s.id FROM chat_session s LEFT JOIN chat_event e ON e.session_id = s.id AND e.type = 'session.started'
        WHERE s.agent_id = %(agent)s GROUP BY s.id HAVING count(e.id) <> 1""",
    "an ended session has ended once, then and for that reason; an open one has not": """
        SELECT s.id FROM chat_session s LEFT JOIN chat_event e ON e.session_id = s.id AND e.type = 'session.ended'
        WHERE s.agent_id = %(agent)s GROUP BY s.id
        HAVING count(e.id) <> (s.state = 'ended')::int OR max(e.at) IS DISTINCT FROM s.ended_at
            OR max(e.detail->>'reason') IS DISTINCT FROM s.end_reason""",
    "a session has one divider at most": """
        SELECT session_id FROM chat_message m JOIN chat_session s ON s.id = m.session_id
        WHERE s.agent_id = %(agent)s AND m.kind = 'divider' GROUP BY session_id HAVING count(*) > 1""",
    "who has expired had the whole session duration": """
        SELECT s.id FROM chat_session s JOIN session_policy_version p ON p.id = s.policy_id
        WHERE s.agent_id = %(agent)s AND s.end_reason = 'expired'
            AND s.ended_at < greatest(s.inactive_since + p.session_duration, s.policy_effective_at)""",
    "nothing is a turn of a session after its end": """
        SELECT m.id FROM chat_message m JOIN chat_session s ON s.id = m.session_id
        WHERE s.agent_id = %(agent)s AND m.interaction AND m.at >= s.ended_at""",
    "a turn that waits for the bot is one of an unanswered message": """
        SELECT t.message_id FROM chat_turn t JOIN chat_session s ON s.id = t.session_id
        JOIN chat_message a ON a.answers = t.message_id WHERE s.agent_id = %(agent)s""",
    "a message is answered once": """
        SELECT m.answers FROM chat_message m JOIN chat_session s ON s.id = m.session_id
        WHERE s.agent_id = %(agent)s AND m.answers IS NOT NULL GROUP BY m.answers HAVING count(*) > 1""",
}


def broken(*agents: Agent) -> dict[str, list[str]]:
    """Rule → what breaks it; empty when everything is whole."""
    return {rule: ids for agent in agents for rule, ids in _broken(agent).items() if ids}


def _broken(agent: Agent) -> dict[str, list[str]]:
    found = {rule: _ids(rows, agent) for rule, rows in RULES.items()}
    return found | {"the history of a session replays to its facts": _not_replayed(agent)}


def _ids(rows: str, agent: Agent) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(rows, {"agent": agent.pk})
        return [str(id) for (id,) in cursor.fetchall()]


def _not_replayed(agent: Agent) -> list[str]:
    answers = agents.for_lifecycle([agent.pk])[agent.pk].answers
    rows = list(ChatSession.objects.filter(agent=agent).values(*facts.COLUMNS))
    policies = facts.policies(row["policy_id"] for row in rows)
    known = [facts.facts_from(row, policies) for row in rows]
    return [str(one.id) for one in known if not replay.same(_replayed(one, answers=answers), one)]


def _replayed(session: Facts, *, answers: bool) -> Facts:
    events = Event.objects.filter(session=session.id).order_by("id").values(*EVENT)
    lines = Message.objects.filter(session=session.id).order_by("seq").values(*LINE)
    return replay.replay(
        session,
        events=[decision.Event(session=session.id, **row) for row in events],
        messages=[_line(session, **row) for row in lines],
        answers=answers,
    )


def _line(session: Facts, *, sender: str, kind: str, **values: Any) -> decision.Message:
    return decision.Message(session=session.id, sender=Sender(sender), kind=Kind(kind), **values)
