"""A session's timeline as a page: in plain words, for whoever runs the agent, page by page, and current."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from sessions_app.actions import apply, deeds
from sessions_app.core.commands import ChangeData, account_actor
from sessions_app.models import ChatSession, Event, Message, Thread
from sessions_app.views import timeline, timeline_words
from tests import cast

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}"


@pytest.fixture
def session(shop: Agent) -> ChatSession:
    """Ada's, with one turn in it."""
    return cast.chatting(shop, cast.user("ada"))


@pytest.fixture
def owner(olga: Account) -> Client:
    return cast.sign_in(Client(), olga)


def path(session: ChatSession, query: str = "") -> str:
    return f"/sessions/{session.pk}/timeline/{query}"


# ── words
def test_every_type_of_event_that_is_written_has_its_words():
    written = set()
    for source in (Path(settings.ROOT) / "sessions_app").rglob("*.py"):
        written |= set(re.findall(r'\.note\(\s*\w+,\s*"([a-z_.]+)"', source.read_text()))
    assert len(written) > 15
    assert written <= timeline_words.EVENTS.keys()


def test_every_cause_that_is_written_has_its_words():
    written = set()
    for folder in ("core", "actions", "consumers"):
        for source in (Path(settings.ROOT) / "sessions_app" / folder).rglob("*.py"):
            written |= set(re.findall(r'\bcause(?:: str)? ?= ?"([a-z_]+)"', source.read_text()))
    assert len(written) > 12
    assert written <= timeline_words.CAUSES.keys()


def test_a_line_says_what_who_why_and_under_which_policy(owner, session, olga):
    deeds.pause(principal=cast.principal(olga), session=session.pk, reason="lunch")
    page = owner.get(path(session))
    started, _said, paused = page.context["items"]
    assert (started.what, started.actor, started.cause) == ("The session began", "Ada, the user", "the user wrote")
    assert (paused.what, paused.actor, paused.given, paused.version) == ("Paused", olga.name, "lunch", 1)
    assert f'href="/agents/{session.agent.slug}/session-policy/?before=2#versions-title"' in page.text
    assert f'href="/sessions/{session.pk}/#m-1"' in page.text


def test_time_and_the_policy_are_actors_too(owner, session):
    cast.pass_time(session.pk, session.ends_at - session.started_at)
    ended = next(item for item in owner.get(path(session)).context["items"] if item.what == "Ended")
    assert (ended.actor, ended.cause) == ("the clock", "Expired")


def test_whose_account_is_gone_has_no_name(owner, session, olga):
    apply([ChangeData(session=session.pk, actor=account_actor(olga.pk + 1000), patch={"a": 1})])
    assert owner.get(path(session)).context["items"][-1].actor == "an account that is gone"


def test_the_heading_says_whose_it_is_how_it_stands_and_why(owner, session):
    page = owner.get(path(session)).text
    assert "<bdi>Ada</bdi>" in page
    assert "with Shop" in page
    assert re.search(r"Ends \d\d:\d\d:\d\d UTC after 1 hour without an interaction \(policy v1\)", page)


def test_the_words_of_the_talk_are_not_on_it(owner, shop):
    outcome = cast.say(cast.thread(shop), "my secret")
    assert outcome.session is not None
    assert "my secret" not in owner.get(f"/sessions/{outcome.session.id}/timeline/").text


def test_hostile_names_stay_text(owner, shop, olga):
    session = cast.chatting(shop, cast.user("eve", name=HOSTILE))
    apply([ChangeData(session=session.pk, actor=account_actor(olga.pk), patch={HOSTILE: 1})])
    deeds.pause(principal=cast.principal(olga), session=session.pk, reason=HOSTILE)
    page = owner.get(path(session)).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}") >= 4


# ── rights
def test_who_does_not_see_the_session_finds_nothing(session, shop):
    otto, tara = cast.account("otto"), cast.account("tara", Role.TRANSLATOR)
    cast.agent("helpdesk", owner=otto)
    cast.translate(tara, shop, "de")
    for stranger in (otto, tara):
        assert cast.sign_in(Client(), stranger).get(path(session)).status_code == 404


@pytest.mark.parametrize("id", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_what_is_no_session_is_not_there(owner, session, id):
    assert owner.get(f"/sessions/{id}/timeline/").status_code == 404


def test_the_tabs_are_those_that_one_may_open(owner, session):
    page = owner.get(path(session)).text
    tabs = page.split('<nav class="tabs"', 1)[1].split("</nav>", 1)[0]
    assert 'aria-current="page">Timeline' in tabs
    assert f'href="/sessions/{session.pk}/data/"' in tabs


# ── pages
@pytest.fixture
def long_one(session: ChatSession, monkeypatch: pytest.MonkeyPatch) -> ChatSession:
    """Of twelve lines, on pages of five."""
    monkeypatch.setattr(timeline, "LINES", 5)
    thread = Thread.objects.get(pk=session.thread_id)
    for number in range(10):
        cast.say(thread, f"{number}")
    return session


def test_a_long_one_is_read_page_by_page_and_no_line_is_lost(owner, long_one):
    address, places = path(long_one), []
    while address:
        page = owner.get(address).context
        places += [item.place for item in page["items"]]
        address = page["next"]
    lines = Event.objects.filter(session=long_one).count() + Message.objects.filter(session=long_one).count()
    assert len(places) == len(set(places)) == lines == 12
    assert places == sorted(places)


def test_the_latest_lines_are_one_step_away(owner, long_one):
    latest = owner.get(owner.get(path(long_one)).context["latest"]).context
    assert [item.message for item in latest["items"]] == [7, 8, 9, 10, 11]
    assert latest["next"] == ""


def test_a_place_that_no_page_has_given_out_leads_to_the_beginning(owner, session):
    for nonsense in ("x", "1", "1.2.3", "-1.0", "9" * 40 + ".1"):
        assert owner.get(path(session, f"?after={nonsense}")).headers["Location"] == path(session)


def test_the_page_asks_no_more_queries_for_a_longer_talk(owner, session):
    with CaptureQueriesContext(connection) as few:
        owner.get(path(session))
    thread = Thread.objects.get(pk=session.thread_id)
    for number in range(30):
        cast.say(thread, f"{number}")
    with CaptureQueriesContext(connection) as many:
        owner.get(path(session))
    assert len(many) <= len(few)


# ── current
def test_whoever_has_the_page_gets_what_is_new_and_nothing_where_nothing_is(owner, session, olga):
    again = owner.get(path(session)).context["again"]
    assert owner.get(again).status_code == 204

    deeds.pause(principal=cast.principal(olga), session=session.pk)
    news = owner.get(again)
    assert [item.what for item in news.context["items"]] == ["Paused"]
    assert "<html" not in news.text
    assert 'hx-swap-oob="true"' in news.text
    assert owner.get(news.context["again"]).status_code == 204


def test_with_the_filter_the_page_goes_on_from_what_it_has_not_shown(owner, session, olga):
    again = owner.get(path(session, "?moved=1")).context["again"]
    apply([ChangeData(session=session.pk, actor=account_actor(olga.pk), patch={"a": 1})])
    news = owner.get(again)
    assert news.context["items"] == []
    assert owner.get(news.context["again"]).status_code == 204


def test_nobody_asks_about_a_session_that_is_over(owner, session, olga):
    deeds.end(principal=cast.principal(olga), session=session.pk)
    assert owner.get(path(session)).context["again"] == ""


def test_the_day_is_told_where_it_changes(owner, session):
    thread = Thread.objects.get(pk=session.thread_id)
    cast.say(thread)
    Event.objects.filter(session=session).update(at=session.started_at - timedelta(days=2))
    Message.objects.filter(session=session).update(at=session.started_at)
    page = owner.get(path(session)).context
    assert [item.day for item in page["items"]] == [True, True, False]

    cast.say(thread)
    Message.objects.filter(session=session).update(at=session.started_at)
    assert [item.day for item in owner.get(page["again"]).context["items"]] == [False]
