"""What the API shows and what is stored, compared with the model."""

from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.integration.machine.commands import Model
from tests.integration.machine.model import Session, Thread
from tests.integration.machine.world import World, code_of, iso


class Agreement(RuleBasedStateMachine):
    """The machine without its commands."""

    world: World
    model: Model
    counts: dict[tuple[str, str], int]

    @invariant()
    def agree_in_everything(self) -> None:
        if not hasattr(self, "world"):
            return
        self.model.pass_until(self.world.now())
        found = {item["id"]: item for version in ("LIVE", "DRAFT") for item in self.everything(version)}
        assert set(found) == {session.id for session in self.model.sessions}
        for session in self.model.sessions:
            self.check_session(session, found[session.id])
        for thread in self.model.threads:
            self.check_thread(thread)
        self.check_places()
        answering = {agent.slug for agent in self.model.agents.values() if agent.answers}
        self.world.check_rows(found, answering)

    def everything(self, version: str) -> list[dict[str, Any]]:
        return [item for archived in (False, True) for item in self.listed(version=version, archived=archived)]

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.world.owner.get("/sessions", **{"state": "any", "limit": 500} | query)
        assert code_of(answer) is None
        assert answer.body["next_cursor"] is None
        items: list[dict[str, Any]] = answer.body["items"]
        return items

    def check_session(self, session: Session, found: dict[str, Any]) -> None:
        expected = {
            "agent": session.agent.slug,
            "thread": session.thread.id,
            "state": session.state,
            "version": session.version,
            "started_at": iso(session.started_at),
            "last_interaction_at": iso(session.last_interaction_at),
            "idle_at": iso(session.idle_at) if session.runs else None,
            "ends_at": iso(session.ends_at) if session.runs else None,
            "ended_at": iso(session.ended_at),
            "end_reason": session.end_reason,
            "silent": session.silent,
            "paused_at": iso(session.paused_at),
            "live_chat": session.live_chat is not None,
            "user_turns": session.user_turns,
            "interactions": session.interactions,
            "conversations": session.conversations,
            "policy_version": session.policy.number,
            "model_override": session.override,
            "transferred_from": session.transferred_from,
            "transferred_to": session.transferred_to,
            "pending_transfer": session.pending_to.slug if session.pending_to else None,
            "actions": self.actions(session),
        }
        assert {name: found[name] for name in expected} == expected
        assert found["messages"] == session.messages
        assert session.erased_at or found["data_bytes"] == session.data_bytes
        archived_at = found["archived_at"]
        assert archived_at is None or archived_at >= str(iso(session.archived_at)), (found, session.archived_at)

    @staticmethod
    def actions(session: Session) -> list[str]:
        """What the owner may do."""
        talking, paused = session.live_chat is not None, session.state == "paused"
        may = {
            "end": session.is_open,
            "resume": paused,
            "pause": session.runs and not talking,
            "extend": session.runs,
            "transfer": session.is_open,
            "take_over": session.runs and not talking,
            "hand_back": talking,
            "cancel_transfer": session.pending_to is not None,
        }
        return [action for action, can in may.items() if can]

    def check_thread(self, thread: Thread) -> None:
        """The transcript has no gap. What time has ended since nobody looked is written when somebody does."""
        stored = self.world.transcript(thread.id)
        assert [line[0] for line in stored] == list(range(1, len(stored) + 1))
        expected = [
            (line.session.id.removeprefix("emulator-"), line.sender, line.kind, line.at, line.held, line.after_end)
            for line in thread.lines
        ]
        found = [(str(line[1]), *line[2:]) for line in stored]
        assert found == expected[: len(found)]
        assert all(line.kind == "divider" for line in thread.lines[len(found) :])
        assert sum(session.is_open for session in thread.sessions) <= 1

    def check_places(self) -> None:
        """A limit that is lowered ends nobody; nobody gets a place above it."""
        for user in self.world.users:
            for agent in self.model.agents.values():
                taken, key = len(self.model.places(user, agent)), (user, agent.slug)
                limit = agent.policy.limit
                assert limit is None or taken <= max(limit, self.counts.get(key, 0))
                self.counts[key] = taken

    def check_timeline(self, session: Session) -> None:
        answer = self.world.owner.get(f"/sessions/{session.id}/events", limit=500)
        self.model.pass_until(self.world.now())
        told = [(e["type"], e["at"]) for e in answer.body["items"] if e["type"].startswith("session.")]
        expected = [(type, iso(at)) for type, at in session.events]
        assert _lived(told) == _lived(expected)
        assert {type for type, _ in told} == {type for type, _ in expected}


def _lived(events: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What happened to the session. When it is archived and erased after its end may be later than its own policy says:
    of several newer versions that came meanwhile only the latest counts."""
    return [event for event in events if event[0] not in ("session.archived", "session.erased")]
