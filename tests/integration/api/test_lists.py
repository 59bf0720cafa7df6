"""Lists: filters, pages that do not shift, and queries that do not grow with rows (3-api.md)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.actions import deeds
from sessions_app.models import ChatSession
from tests import cast
from tests.integration.api.conftest import program, refused

pytestmark = pytest.mark.django_db


def ids(response):
    return [item["id"] for item in response.body["items"]]


@pytest.fixture
def five(shop):
    """Five sessions of five users, the newest first."""
    made = [cast.chatting(shop, cast.user(f"user-{number}")) for number in range(5)]
    return [str(session.pk) for session in reversed(made)]


# ── filters
def test_open_sessions_are_listed_newest_first(owner, olga, five):
    deeds.end(principal=cast.principal(olga), session=ChatSession.objects.get(pk=five[1]).pk)
    deeds.pause(principal=cast.principal(olga), session=ChatSession.objects.get(pk=five[2]).pk)

    listed = owner.get("/sessions")
    assert list(listed.body) == ["items", "next_cursor", "server_now"]
    assert ids(listed) == [five[0], *five[2:]]
    assert ids(owner.get("/sessions", state="any")) == five
    assert ids(owner.get("/sessions", state="ended")) == [five[1]]
    assert ids(owner.get("/sessions", state="paused")) == [five[2]]


def test_states_are_those_of_this_instant(owner, five):
    cast.pass_time(ChatSession.objects.get(pk=five[0]).pk, timedelta(minutes=40))
    cast.pass_time(ChatSession.objects.get(pk=five[1]).pk, timedelta(hours=2))
    assert ids(owner.get("/sessions", state="idle")) == [five[0]]
    assert ids(owner.get("/sessions", state="ended")) == [five[1]]
    assert ids(owner.get("/sessions", state="live")) == five[2:]


def test_filters_narrow_the_list(owner, olga, shop):
    other = cast.agent("other", owner=olga)
    owner = program(olga)
    ada = cast.user("ada", name="Ada Lovelace")
    mine = cast.start(cast.thread(shop, ada), channel="whatsapp", language="de")
    theirs = cast.start(cast.thread(other, cast.user("bert")))
    after, before = theirs.started_at.isoformat(), mine.started_at.isoformat()

    only_mine = (
        *({"agent": "shop"}, {"user": "ada"}, {"channel": "whatsapp"}, {"language": "de"}, {"q": "ada"}),
        *({"q": "Ada L"}, {"q": str(mine.pk)}, {"started_before": after}),
    )
    for query in only_mine:
        assert ids(owner.get("/sessions", **query)) == [str(mine.pk)], query
    assert ids(owner.get("/sessions", started_after=after)) == [str(theirs.pk)]
    assert ids(owner.get("/sessions", started_after=before, user="bert", agent="other")) == [str(theirs.pk)]
    assert ids(owner.get("/sessions", archived="true", state="any")) == []
    assert ids(owner.get("/sessions", end_reason="expired", state="any")) == []


def test_an_empty_filter_is_none(owner, five):
    empty = dict.fromkeys(("agent", "state", "user", "channel", "end_reason", "started_after", "q", "cursor"), "")
    assert ids(owner.get("/sessions", **empty)) == five


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "asleep"}, "state"),
        ({"end_reason": "boredom"}, "end_reason"),
        ({"version": "BETA"}, "version"),
        ({"agent": "nowhere"}, "agent"),
        ({"archived": "perhaps"}, "archived"),
        ({"started_after": "yesterday"}, "started_after"),
        ({"started_after": "2026-11-21T10:05:00"}, "started_after"),
        ({"user": "x" * 201}, "user"),
        ({"q": "a\0b"}, "q"),
        ({"sate": "ended"}, "query"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"cursor": "MDE5OQ"}, "cursor"),
        ({"cursor": "x" * 501}, "cursor"),
    ],
)
def test_an_unknown_filter_or_value_is_refused(owner, five, query, field):
    assert list(refused(owner.get("/sessions", **query), 422, "invalid")["errors"]) == [field]


def test_the_agent_of_somebody_else_is_no_filter(owner, stranger):
    refused(stranger.get("/sessions", agent="shop"), 422, "invalid")


def test_a_visitor_may_filter_by_the_agent_they_chat_with(visitor):
    assert ids(visitor.get("/sessions", agent="shop")) == [visitor.session]


# ── pages
def test_pages_do_not_shift_when_something_is_written_meanwhile(owner, shop, five):
    first = owner.get("/sessions", limit=2)
    cast.chatting(shop, cast.user("late"))  # a new one at the top
    cast.say(ChatSession.objects.get(pk=five[4]).thread)  # and an old one touched
    second = owner.get("/sessions", limit=2, cursor=first.body["next_cursor"])
    third = owner.get("/sessions", limit=2, cursor=second.body["next_cursor"])

    assert [*ids(first), *ids(second), *ids(third)] == five
    assert third.body["next_cursor"] is None


def test_sessions_of_the_same_instant_are_all_listed_once(owner, five):
    ChatSession.objects.update(started_at="2026-11-21T10:05:00.123456Z")
    seen, cursor = [], ""
    while cursor is not None:
        page = owner.get("/sessions", limit=1, cursor=cursor, state="any")
        seen, cursor = [*seen, *ids(page)], page.body["next_cursor"]
    assert sorted(seen) == sorted(five)


def test_agents_come_in_pages_by_slug(admin):
    for slug in ("zebra", "apple", "mango"):
        cast.agent(slug)
    first = admin.get("/agents", limit=3).body
    second = admin.get("/agents", limit=3, cursor=first["next_cursor"]).body
    assert [agent["slug"] for agent in (*first["items"], *second["items"])] == ["apple", "mango", "shop", "zebra"]
    assert second["next_cursor"] is None
    refused(admin.get("/agents", cursor="AGE"), 422, "invalid")


# ── queries
@pytest.mark.parametrize(("path", "most"), [("/sessions", 5), ("/agents", 6), ("/sessions/#/messages", 9)])
def test_the_number_of_queries_does_not_grow_with_rows(owner, olga, shop, path, most):
    session = cast.chatting(shop, cast.user("ada"))
    path = path.replace("#", str(session.pk))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert owner.get(path).status_code == 200
        return len(captured)

    queries()  # what is kept for good, as versions of policies are
    few = queries()
    for number in range(10):
        cast.chatting(shop, cast.user(f"user-{number}"))
        cast.say(session.thread, "and again")
        cast.own(olga, cast.agent(f"agent-{number}"))
    assert queries() == few <= most
