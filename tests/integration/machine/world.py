"""The real Portal under the machine: whom it calls as, and the instants at which things happened there."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.db.models import F

from portal.lib import clock
from portal.rest.problems import CODES
from sessions_app.actions import chats
from sessions_app.core import replay
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Event as Told
from sessions_app.core.decision import Message as Said
from sessions_app.core.policy import WhenFull
from sessions_app.models import ChatSession, ChatUser, Event, Message, PolicyVersion, Thread, Turn
from sessions_app.queries import facts
from tests import cast
from tests.integration.api import documented
from tests.integration.api.conftest import Program, program, refused
from tests.integration.machine.model import Agent, Policy

DISPLACING, REFUSING = Policy(limit=2, displaces=True), Policy(limit=1, override=True)
PRESET = {"prompt_kind": "preset", "prompt_text": "Hi"}
NUMBERS = count(1)  # every run of the machine has people and agents of its own
PATIENCE_SECONDS = 30
SCRIPT = """
languages:
  en:
    events:
      WELCOME: {replies: [Welcome!]}
    intents:
      goodbye: {phrases: [goodbye], replies: [Bye!], ends_session: true}
    fallback: {replies: [What?]}
"""


class World:
    """Three agents of one owner in one realm, two visitors, an admin."""

    def __init__(self) -> None:
        number = next(NUMBERS)
        self.realm = f"machine-{number}"
        owner, admin = cast.account(f"olga-{number}"), cast.admin(f"root-{number}")
        shop, desk, bot = f"shop-{number}", f"desk-{number}", f"bot-{number}"
        values = {"owner": owner, "realm": self.realm, "languages": ["en"], "models": ["small", "large"]}
        values |= {"sensitive_variables": ["card"]}
        made = [
            cast.agent(shop, transfer_targets=[desk], policy=rows_of(DISPLACING), **values),
            cast.agent(desk, transfer_targets=[shop, bot], policy=rows_of(REFUSING), **PRESET, **values),
            cast.agent(bot, platform="scripted", script=SCRIPT, prompt_kind="intent", prompt_event="WELCOME", **values),
        ]
        self.agents = {
            shop: Agent(shop, targets=(desk,), policy=DISPLACING),
            desk: Agent(desk, prompt="preset", targets=(shop, bot), policy=REFUSING),
            bot: Agent(bot, answers=True, prompt="intent"),
        }
        self.pks = {agent.slug: agent.pk for agent in made}
        self.owner, self.admin = program(owner), program(admin)
        opened = [chats.visit(agent=made[0], user_id=None, secret=None) for _ in range(2)]
        self.users = [ChatUser.objects.get(pk=one.user_id).external_id for one in opened]
        self.visitors = [Program(one.visitor_token) for one in opened]
        self.threads = [str(one.thread_id) for one in opened]
        self.versions: dict[str, tuple[int, dict[str, Any]]] = {}
        self.client_ids = count(1)

    # ── instants, to the microsecond ─────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def now() -> datetime:
        return clock.now()

    @staticmethod
    def last_event() -> int:
        return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    @staticmethod
    def happened(session: str, type: str, *, after: int) -> datetime | None:
        """When the newest event of that type happened, if it was written since."""
        found = Event.objects.filter(session=_uuid(session), type=f"session.{type}", pk__gt=after)
        return found.order_by("-pk").values_list("at", flat=True).first()

    @staticmethod
    def said_at(message: str) -> datetime:
        at, received_at = Message.objects.values_list("at", "received_at").get(pk=message)
        return received_at or at

    @staticmethod
    def saved_at(slug: str, number: int) -> datetime:
        return PolicyVersion.objects.get(agent__slug=slug, number=number).saved_at

    # ── the bot ──────────────────────────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def answers(thread: str, *, after: int) -> list[tuple[datetime, bool]]:
        """What the bot has answered in the thread since that `seq`, once it has answered everything: when, and whether
        it said goodbye."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while Turn.objects.filter(session__thread=thread).exists():
            assert time.monotonic() < deadline, "The bot does not answer."
            time.sleep(0.01)
        found = Message.objects.filter(thread=thread, seq__gt=after, answers__isnull=False)
        return [(at, text == "Bye!") for at, text in found.order_by("seq").values_list("at", "text")]

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def pass_time(sessions: Iterable[str], by: timedelta) -> None:
        for session in sessions:
            cast.pass_time(_uuid(session), by)

    # ── what is stored ───────────────────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def transcript(thread: str) -> list[tuple[Any, ...]]:
        names = ("seq", "session_id", "sender", "kind", "at", "held", "after_end")
        return list(Message.objects.filter(thread=thread).order_by("seq").values_list(*names))

    @staticmethod
    def last_seq(thread: str) -> int:
        return Thread.objects.filter(pk=thread).values_list("last_seq", flat=True).first() or 0

    def check_rows(self, sessions: Iterable[str], answering: set[str]) -> None:
        """A row that has changed has a higher version, and its history replays to it."""
        rows = ChatSession.objects.filter(pk__in=map(_uuid, sessions)).values(*facts.COLUMNS, slug=F("agent__slug"))
        for row in rows:
            slug, id = row.pop("slug"), str(row["id"])
            number, before = self.versions.get(id, (0, {}))
            if row == before:
                continue
            assert row["row_version"] > number or _only_time(row, before), (row, before)
            self.versions[id] = row["row_version"], row
            _check_replay(row, answers=slug in answering)


def _only_time(row: dict[str, Any], before: dict[str, Any]) -> bool:
    """`pass_time` moves instants behind Portal's back."""
    return all(value == before[name] or isinstance(value, datetime) for name, value in row.items())


def _check_replay(row: dict[str, Any], *, answers: bool) -> None:
    present = facts.facts_from(row, facts.policies([row["policy_id"]]))
    again = replay.replay(present, events=_events(row["id"]), messages=_messages(row["id"]), answers=answers)
    assert replay.same(again, present), (again, present)


def _events(session: UUID) -> list[Told]:
    names = ("seq", "at", "type", "actor", "cause", "policy_version", "detail")
    rows = Event.objects.filter(session=session).order_by("pk").values(*names)
    return [Told(session=session, **row) for row in rows]


def _messages(session: UUID) -> list[Said]:
    names = ("id", "seq", "at", "sender", "kind", "text", "event", "payload", "language", "client_id", "held")
    rows = Message.objects.filter(session=session).order_by("seq")
    rows = rows.values(*names, "after_end", "interaction", "answers", "received_at")
    return [
        Said(**row | {"session": session, "sender": Sender(row["sender"]), "kind": Kind(row["kind"])}) for row in rows
    ]


def _uuid(session: str) -> UUID:
    return UUID(session.removeprefix("emulator-"))


def iso(instant: datetime | None) -> str | None:
    """As the API writes it: cut to the millisecond."""
    return instant and instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def code_of(response: Any) -> str | None:
    """The code of a refusal, which is held to the contract and to the document; None where it was done."""
    assert response.status_code < 500, response.content
    if response.status_code < 400:
        return None
    code: str = response.body["code"]
    refused(response, CODES[code][0], code)
    assert code in documented.codes(response)
    return code


def rows_of(policy: Policy) -> dict[str, Any]:
    """What of it differs from the defaults, for the cast."""
    when_full = WhenFull.END_LONGEST_IDLE if policy.displaces else WhenFull.REFUSE
    full = {"max_concurrent_per_user": policy.limit, "when_full": when_full}
    return full | {"allow_model_override": policy.override}


def settings_of(policy: Policy) -> dict[str, Any]:
    """The policy as the API takes it."""
    return {
        "session_duration": int(policy.duration.total_seconds()),
        "idle_timeout": int(policy.idle.total_seconds()),
        "max_duration": int(policy.cap.total_seconds()),
        "max_concurrent_per_user": policy.limit,
        "when_full": "end_longest_idle" if policy.displaces else "refuse",
        "allow_model_override": policy.override,
        "end_behavior": "clear_history" if policy.clears else "keep_history",
        "reach": policy.reach,
    }
