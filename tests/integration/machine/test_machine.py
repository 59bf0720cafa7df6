"""The whole API against the model: random commands, random time, and after each the two agree in everything."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from sessions_app.actions import sweeping
from tests.integration.api.conftest import Program
from tests.integration.machine.agreement import Agreement
from tests.integration.machine.commands import Model
from tests.integration.machine.model import Agent, Policy, Refused, Session, Thread
from tests.integration.machine.world import World, code_of, settings_of

MINUTES = [timedelta(minutes=minutes) for minutes in (1, 7, 12, 30, 31, 61, 240)]
LONG = timedelta(days=31)
SOON = timedelta(seconds=60)  # a deadline this near is let pass before anything is done: nothing depends on speed
STEPS = Counter[str]()
AT_LEAST = 200
THREADS = 6  # in a run: few enough that what is done to one has to do with what was done to it before


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([*[usual] * 3, *others])


who = st.sampled_from(["owner", "admin", "visitor"])
staff = st.sampled_from(["owner", "admin"])
# Which thread, the newest first, and how many sessions ago: mostly the same ones, so that one thing leads to another.
places = st.tuples(st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 4, 5]), st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2]))
slugs = st.integers(0, 2)
policies = st.builds(
    Policy,
    duration=st.sampled_from([timedelta(minutes=m) for m in (5, 30, 60)]),
    idle=st.sampled_from([timedelta(minutes=m) for m in (2, 10, 60)]),
    cap=st.sampled_from([timedelta(minutes=m) for m in (20, 90, 240)]),
    limit=st.sampled_from([None, 1, 2]),
    displaces=st.booleans(),
    override=st.booleans(),
    clears=st.booleans(),
    reach=st.sampled_from(["running", "running", "new"]),
)
KINDS: dict[str, dict[str, Any]] = {
    "text": {"kind": "text", "text": "hello"},
    "goodbye": {"kind": "text", "text": "goodbye"},
    "event": {"kind": "event", "event": "ping"},
    "postback": {"kind": "postback", "text": "Track it"},
    "upload": {"kind": "upload", "payload": {"name": "photo.jpg"}},
}
kinds = st.sampled_from(["text", "text", "text", *KINDS])
addresses = st.tuples(places, st.sampled_from(["session", "thread", "user"]), kinds, st.booleans())
OTHERS: dict[str, dict[str, Any]] = {
    "bot": {"kind": "text", "text": "On its way", "from": "bot"},
    "human": {"kind": "text", "text": "Let me look", "from": "human"},
    "preset": {"kind": "preset", "text": "Anything else?"},
}


Step = Callable[..., None]
COMMANDS: dict[str, tuple[Step, st.SearchStrategy[dict[str, Any]], int]] = {}


def command(*, weight: int = 1, **strategies: st.SearchStrategy[Any]) -> Callable[[Step], Step]:
    """One of the commands that the machine chooses from, by their weight. A rule for each would be chosen otherwise:
    Hypothesis leaves many rules out of each run, and all of them have to meet here."""

    def known(step: Step) -> Step:
        COMMANDS[step.__name__] = step, st.fixed_dictionaries(strategies), weight
        return step

    return known


def any_command() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    names = [name for name, (_, _, weight) in COMMANDS.items() for _ in range(weight)]
    return st.sampled_from(names).flatmap(lambda name: st.tuples(st.just(name), COMMANDS[name][1]))


class Lifecycle(Agreement):
    """Each rule calls the API, does the same to the model, and compares the two answers."""

    @initialize()
    def begin(self) -> None:
        self.world, self.model = World(), Model()
        self.model.agents = self.world.agents
        shop = next(iter(self.world.agents.values()))
        for id, user in zip(self.world.threads, self.world.users, strict=True):
            self.model.threads.append(Thread(id, user, shop))
        self.mark = 0
        self.counts: dict[tuple[str, str], int] = {}
        for number in range(2):
            self.start_in_a_thread((number, 0), "visitor", draft=False, prompt=False)
            self.set_variable((number, 0), "card", 3)

    @rule(
        chosen=st.deferred(any_command),
        later=st.sampled_from([*[timedelta(0)] * 30, *MINUTES, LONG]),
        of=st.none() | st.integers(0, 63),
        swept=st.booleans(),
    )
    def step(self, chosen: tuple[str, dict[str, Any]], later: timedelta, of: int | None, swept: bool) -> None:
        """Time passes, for one chat or for all; the sweep comes by or not: nobody can tell. Then a command."""
        for thread in self.model.threads if of is None else [self.thread((of, 0))]:
            self.pass_time(thread, later)
        if swept:
            sweeping.sweep()
        name, values = chosen
        STEPS[name] += 1
        COMMANDS[name][0](self, **values)

    # ── starting ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @command(user=mostly(0, 1), agent=mostly(0, 1, 2), draft=mostly(False, True), prompt=st.booleans())
    def start_in_a_new_thread(self, user: int, agent: int, draft: bool, prompt: bool) -> None:
        if len(self.model.threads) < THREADS:
            self.start_in_one(Thread("", self.world.users[user], self.agent(agent)), draft, prompt)
        else:
            self.start_in_a_thread((user, 0), "owner", draft, prompt)

    def start_in_one(self, thread: Thread, draft: bool, prompt: bool) -> None:
        self.ready()
        body = {"agent": thread.agent.slug, "user": {"id": thread.user}, "prompt": prompt}
        version = "DRAFT" if draft else "LIVE"
        answer = self.world.owner.post("/sessions", body | {"version": version})
        thread.id = answer.body.get("thread", "")
        self.agree(answer, lambda: self.started(answer, thread, version, prompt))

    @command(place=places, by=st.sampled_from(["owner", "visitor"]), draft=mostly(False, True), prompt=st.booleans())
    def start_in_a_thread(self, place: tuple[int, int], by: str, draft: bool, prompt: bool) -> None:
        self.ready()
        thread = self.thread(place)
        version = "DRAFT" if draft and by == "owner" else "LIVE"
        body = {"agent": thread.agent.slug, "thread": thread.id, "prompt": prompt}
        if by == "owner":
            body |= {"user": {"id": thread.user}, "version": version}
        answer = self.caller(by, thread).post("/sessions", body)
        self.agree(answer, lambda: self.started(answer, thread, version, prompt))

    def started(self, answer: Any, thread: Thread, version: str, prompt: bool) -> bool:
        new = answer.body.get("id", "")
        at = self.at(new, "started")
        done = self.model.start(thread, new, at, version=version, prompt=prompt, displaced_at=self.displaced_at)
        assert answer.status_code == (201 if done else 200)
        if thread not in self.model.threads:
            self.model.threads.append(thread)
        return done

    # ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @command(weight=4, place=places, by=st.sampled_from(["owner", "visitor"]), named=st.booleans())
    def user_says(self, place: tuple[int, int], by: str, named: bool) -> None:
        self.say(place, by, "text", named=named)

    @command(place=places, by=st.sampled_from(["owner", "visitor"]), kind=kinds)
    def user_sends(self, place: tuple[int, int], by: str, kind: str) -> None:
        self.say(place, by, kind, named=False)

    def say(self, place: tuple[int, int], by: str, kind: str, *, named: bool) -> None:
        session = self.ready_with(place)
        body = KINDS[kind] | ({"client_id": f"c-{next(self.world.client_ids)}"} if named else {})
        answer = self.caller(by, session.thread).post(f"/sessions/{session.id}/messages", body)
        self.agree(answer, lambda: self.user_said(answer, session, body))
        if named and answer.status_code == 200:
            again = self.caller(by, session.thread).post(f"/sessions/{session.id}/messages", body | {"text": "again"})
            assert again.body["message"]["id"] == answer.body["message"]["id"]

    def user_said(self, answer: Any, session: Session, body: dict[str, Any]) -> None:
        message = answer.body.get("message", {"session": ""})
        at = self.world.said_at(message["id"]) if "id" in message else self.world.now()
        took = self.model.user_says(
            session.thread, body["kind"], at, new=message["session"], displaced_at=self.displaced_at
        )
        assert message["session"] == took.id
        before = answer.body.get("previous_session")
        assert (before["id"] if before else None) == (None if took is session else session.id)

    @command(place=places, sender=st.sampled_from(sorted(OTHERS)))
    def others_say(self, place: tuple[int, int], sender: str) -> None:
        session = self.ready_with(place)
        answer = self.world.owner.post(f"/sessions/{session.id}/messages", OTHERS[sender])
        message = answer.body["message"]
        at = self.world.said_at(message["id"])
        from_ = "bot" if sender == "preset" else sender
        self.agree(answer, lambda: self.model.others_say(session, from_, message["kind"], at))

    @command(items=st.lists(addresses, min_size=1, max_size=4))
    def interactions(self, items: list[tuple[tuple[int, int], str, str, bool]]) -> None:
        self.ready()
        addressed = [(self.thread(place), *rest) for place, *rest in items]
        body = [self.item(thread, to, kind, dated) for thread, to, kind, dated in addressed]
        answer = self.world.owner.post("/interactions", {"items": body})
        assert code_of(answer) is None
        for (thread, to, kind, _), item, sent in zip(addressed, answer.body["items"], body, strict=True):
            taker = self.latest_thread(thread) if to == "user" else thread
            self.agree_item(item, taker, KINDS[kind]["kind"], sent)
        self.answered()

    def item(self, thread: Thread, to: str, kind: str, dated: bool) -> dict[str, Any]:
        latest = thread.latest
        assert latest is not None
        address = {
            "session": {"session": latest.id},
            "thread": {"agent": thread.agent.slug, "thread": thread.id},
            "user": {"agent": thread.agent.slug, "user": thread.user},
        }[to]
        return KINDS[kind] | address | ({"at": "2026-01-02T03:04:05.678Z"} if dated else {})

    def agree_item(self, item: dict[str, Any], thread: Thread, kind: str, sent: dict[str, Any]) -> None:
        at = self.world.said_at(item["message"]) if item["message"] else self.world.now()
        dated = datetime.fromisoformat(sent["at"]) if "at" in sent else None
        try:
            took = self.model.user_says(
                thread, kind, at, new=item["session"] or "", displaced_at=self.displaced_at, dated=dated
            )
            expected = ("ok", None, thread.id, took.id)
        except Refused as refusal:
            expected = ("refused", refusal.code, None, None)
        assert (item["result"], item["code"], item["thread"], item["session"]) == expected

    def latest_thread(self, thread: Thread) -> Thread:
        same = [t for t in self.model.threads if (t.user, t.agent) == (thread.user, thread.agent)]
        return same[-1]

    # ── deeds ────────────────────────────────────────────────────────────────────────────────────────────────────────
    @command(place=places, by=who)
    def pause(self, place: tuple[int, int], by: str) -> None:
        self.deed(place, by, "POST", "pause", "paused", self.model.pause)

    @command(place=places, by=who)
    def resume(self, place: tuple[int, int], by: str) -> None:
        self.deed(place, by, "POST", "resume", "resumed", self.model.resume)

    @command(place=places, by=who)
    def extend(self, place: tuple[int, int], by: str) -> None:
        self.deed(place, by, "POST", "extend", "extended", self.model.extend)

    @command(place=places, by=who)
    def end(self, place: tuple[int, int], by: str) -> None:
        reason = {"owner": "owner_ended", "admin": "admin_ended", "visitor": "user_ended"}[by]
        self.deed(place, by, "POST", "end", "ended", lambda s, at: self.model.end(s, at, reason=reason))

    @command(place=places, by=staff)
    def take_over(self, place: tuple[int, int], by: str) -> None:
        take_over = self.model.take_over
        self.deed(place, by, "POST", "live-chat", "live_chat_started", lambda s, at: take_over(s, at, by=by))

    @command(place=places, by=staff)
    def hand_back(self, place: tuple[int, int], by: str) -> None:
        self.deed(place, by, "DELETE", "live-chat", "live_chat_ended", self.model.hand_back)

    @command(place=places, by=who)
    def cancel_transfer(self, place: tuple[int, int], by: str) -> None:
        self.deed(place, by, "DELETE", "transfer", "transfer_cancelled", self.model.cancel)

    @command(weight=3, place=places, by=who, to=slugs)
    def transfer(self, place: tuple[int, int], by: str, to: int) -> None:
        target, by_user = self.agent(to), by == "visitor"
        self.deed(
            *(place, by, "POST", "transfer", "transferred"),
            lambda s, at: self.model.transfer(s, target, at, by_user=by_user, displaced_at=self.displaced_at),
            {"agent": target.slug},
        )

    @command(place=places, model=st.sampled_from(["small", "large", "huge", None]))
    def set_model(self, place: tuple[int, int], model: str | None) -> None:
        set_model = self.model.set_model
        self.deed(
            *(place, "admin", "PUT", "model", "model_changed"), lambda s, at: set_model(s, model, at), {"model": model}
        )

    @command(weight=3, place=places, name=st.sampled_from(["basket", "card"]), size=st.integers(1, 30))
    def set_variable(self, place: tuple[int, int], name: str, size: int) -> None:
        value = f"{next(self.world.client_ids)}" * size
        set_variable = self.model.set_variable
        self.deed(
            *(place, "owner", "PATCH", "data", "data_changed"),
            lambda s, at: set_variable(s, name, value, at),
            {name: value},
        )

    @command(place=places)
    def clear_history(self, place: tuple[int, int]) -> None:
        session = self.ready_with(place)
        answer = self.caller("visitor", session.thread).post(f"/sessions/{session.id}/clear-history")
        new = answer.body.get("id", "")
        at = self.at(new, "started")
        self.agree(answer, lambda: self.model.clear(session, new, at, self.displaced_at))

    @command(
        picked=st.lists(places, min_size=1, max_size=4),
        action=st.sampled_from(["pause", "resume", "extend", "end"]),
        by=who,
    )
    def bulk(self, picked: list[tuple[int, int]], action: str, by: str) -> None:
        self.ready()
        chosen = {session.id: session for session in map(self.session, picked)}
        visitor_of = next(iter(chosen.values())).thread
        answer = self.caller(by, visitor_of).post("/sessions/bulk", {"action": action, "ids": list(chosen)})
        assert [item["id"] for item in answer.body["items"]] == list(chosen)
        for item in answer.body["items"]:
            mine = by != "visitor" or chosen[item["id"]].thread.user == visitor_of.user
            found = self.one_of_many(chosen[item["id"]], action, by) if mine else ("denied", "not_found")
            assert (item["result"], item["reason"]) == found
        self.answered()

    def one_of_many(self, session: Session, action: str, by: str) -> tuple[str, str | None]:
        type = {"pause": "paused", "resume": "resumed", "extend": "extended", "end": "ended"}[action]
        at = self.at(session.id, type)
        reason = {"owner": "owner_ended", "admin": "admin_ended", "visitor": "user_ended"}[by]
        commands: dict[str, Callable[[], bool]] = {
            "pause": lambda: self.model.pause(session, at),
            "resume": lambda: self.model.resume(session, at),
            "extend": lambda: self.model.extend(session, at),
            "end": lambda: self.model.end(session, at, reason=reason),
        }
        try:
            return ("ok", None) if commands[action]() else ("already", None)
        except Refused as refusal:
            return "skipped", refusal.code

    # ── agents and their policies ────────────────────────────────────────────────────────────────────────────────────
    @command(agent=slugs, policy=policies)
    def change_policy(self, agent: int, policy: Policy) -> None:
        self.ready()
        chosen = self.agent(agent)
        answer = self.world.owner.put(f"/agents/{chosen.slug}/session-policy", settings_of(policy))
        assert code_of(answer) is None, answer.body
        before = chosen.policy
        same = replace(policy, number=before.number, reach=before.reach) == before
        farther = before.reach == "new" and policy.reach == "running"
        number = before.number + (not same or farther)
        assert answer.body["version"] == number
        if number != before.number:
            since = self.world.saved_at(chosen.slug, number)
            self.model.change_policy(chosen, replace(policy, number=number), since)

    @command(agent=slugs, active=st.sampled_from([True, True, False]))
    def switch_off_or_on(self, agent: int, active: bool) -> None:
        self.ready()
        chosen = self.agent(agent)
        chosen.active = active
        status = "active" if chosen.active else "disabled"
        assert self.world.owner.call("PATCH", f"/agents/{chosen.slug}", {"status": status}).status_code == 200

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    @command(place=places, by=st.sampled_from(MINUTES), caller=staff)
    def fast_forward(self, place: tuple[int, int], by: timedelta, caller: str) -> None:
        session = self.ready_with(place)
        seconds = int(by.total_seconds())
        answer = self.caller(caller, session.thread).post(f"/sessions/{session.id}/fast-forward", {"by": seconds})
        if session.version == "LIVE":
            assert code_of(answer) == "invalid"
            return
        assert code_of(answer) is None, answer.body
        sessions = session.thread.sessions
        for moved in sessions[: sessions.index(session) + 1]:
            moved.move(by)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────
    @command(place=places)
    def read(self, place: tuple[int, int]) -> None:
        """The timeline is complete. A user sees what they have not cleared, and no query made in their name."""
        session = self.ready_with(place)
        self.check_timeline(session)
        answer = self.caller("visitor", session.thread).get(f"/sessions/{session.id}/messages", limit=500)
        lines = list(enumerate(session.thread.lines, start=1))
        seen = [seq for seq, line in lines if line.session is session and seq > session.thread.cleared]
        seen = [seq for seq in seen if (lines[seq - 1][1].sender, lines[seq - 1][1].kind) != ("portal", "event")]
        assert [line["seq"] for line in answer.body["items"]] == seen

    @command(state=st.sampled_from(["open", "live", "idle", "paused", "ended"]))
    def list_by_state(self, state: str) -> None:
        self.ready()
        self.model.pass_until(self.world.now())
        found = {item["id"] for item in self.listed(state=state)}
        wanted = ("live", "idle", "paused") if state == "open" else (state,)
        listed = [s for s in self.model.sessions if s.state in wanted and s.version == "LIVE"]
        certain = {s.id for s in listed if s.archived_at is None}
        assert certain <= found <= {s.id for s in listed}

    # ── on the way ───────────────────────────────────────────────────────────────────────────────────────────────────
    def ready(self) -> None:
        """Time has had its effect, no deadline is near."""
        for thread in self.model.threads:
            while any(is_near(at, self.world.now()) for session in thread.sessions for at in session.deadlines()):
                self.pass_time(thread, SOON)
        self.model.pass_until(self.world.now())
        self.mark = self.world.last_event()

    def ready_with(self, place: tuple[int, int]) -> Session:
        self.ready()
        return self.session(place)

    def pass_time(self, thread: Thread, by: timedelta) -> None:
        self.world.pass_time([session.id for session in thread.sessions], by)
        for session in thread.sessions:
            session.move(by)

    def thread(self, place: tuple[int, int]) -> Thread:
        return self.model.threads[-1 - place[0] % len(self.model.threads)]

    def session(self, place: tuple[int, int]) -> Session:
        sessions = self.thread(place).sessions
        return sessions[-1 - min(place[1], len(sessions) - 1)]

    def agent(self, number: int) -> Agent:
        return list(self.model.agents.values())[number]

    def caller(self, by: str, thread: Thread) -> Program:
        if by == "visitor":
            return self.world.visitors[self.world.users.index(thread.user)]
        return self.world.owner if by == "owner" else self.world.admin

    def at(self, session: str, type: str) -> datetime:
        """When what was just done to the session was done; now, if nothing was."""
        return (session and self.world.happened(session, type, after=self.mark)) or self.world.now()

    def displaced_at(self, session: Session) -> datetime:
        at = self.world.happened(session.id, "ended", after=self.mark)
        assert at is not None, f"{session.id} should have been displaced"
        return at

    def deed(
        self,
        place: tuple[int, int],
        by: str,
        method: str,
        path: str,
        type: str,
        command: Callable[[Session, datetime], bool],
        body: Any = None,
    ) -> None:
        session = self.ready_with(place)
        answer = self.caller(by, session.thread).call(method, f"/sessions/{session.id}/{path}", body)
        self.agree(answer, lambda: command(session, self.at(session.id, type)))

    def agree(self, answer: Any, command: Callable[[], Any]) -> None:
        """The command is done, or refused with the same code."""
        expected, taken = None, ()
        try:
            command()
        except Refused as refusal:
            expected, taken = refusal.code, refusal.open_sessions
        assert code_of(answer) == expected, answer.body
        if expected == "session_limit_reached":
            assert set(answer.body["open_sessions"]) == set(taken)
        self.answered()

    def answered(self) -> None:
        """What the bot has said meanwhile."""
        for thread in self.model.threads:
            if thread.asked:
                answers = self.world.answers(thread.id, after=len(thread.lines))
                assert len(answers) == len(thread.asked)
                for at, goodbye in answers:
                    self.model.answer(thread, at, goodbye=goodbye)


def is_near(at: datetime, now: datetime) -> bool:
    return now < at < now + SOON


@pytest.mark.django_db(transaction=True)
def test_the_api_does_what_the_document_says(capsys: pytest.CaptureFixture[str]) -> None:
    STEPS.clear()
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=8,
            stateful_step_count=35,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # to shrink what fails takes many minutes; the steps are printed as they are
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        print("\n" + ", ".join(f"{name} {times}" for name, times in STEPS.most_common()))
    assert sum(STEPS.values()) >= AT_LEAST
