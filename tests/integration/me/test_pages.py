"""What people see of their own sessions, in plain words (7-screens.md, 41)."""

from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.names import Role
from portal.accounts.permissions import principal_of
from sessions_app.actions import apply, chats, deeds
from sessions_app.core.commands import USER, ClearHistory, Kind, Say, Sender
from sessions_app.models import ChatSession, Thread
from sessions_app.queries import mine
from tests import cast
from tests.integration.me.conftest import Browser, browser

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def text(emil: Browser, path: str = "/me/sessions/") -> str:
    """What is to be read on a page, each word after the other."""
    answer = emil.client.get(path)
    assert answer.status_code == 200
    inside = answer.text.split("<main", 1)[1].split("</main>", 1)[0]
    words, tag = [], False
    for letter in inside:
        tag = letter == "<" or (tag and letter != ">")
        words.append(" " if tag or letter == ">" else letter)
    return " ".join(unescape("".join(words)).split())


def of(session: ChatSession) -> str:
    return f"/me/sessions/{session.pk}/"


# ── the list
def test_who_has_never_chatted_is_told_what_this_is_and_where_it_begins(emil):
    assert "No sessions yet" in text(emil)
    assert "It begins when you open the chat of an agent while you are signed in here." in text(emil)


@pytest.mark.parametrize("role", Role)
def test_everybody_with_an_account_has_the_page(shop, role):
    somebody = browser(cast.account("somebody", role))
    session = somebody.chatting()
    assert of(session) in somebody.client.get("/me/sessions/").text
    assert "hello" in text(somebody, of(session))


def test_nobody_else_has(client):
    assert client.get("/me/sessions/").headers["Location"] == "/login/?next=/me/sessions/"


def test_a_session_that_waits_says_when_it_ends(shop, emil):
    session = emil.chatting()
    page = emil.client.get("/me/sessions/").text
    assert "Waiting for you – ends" in text(emil)
    assert f'<time datetime="{session.ends_at:%Y-%m-%dT%H:%M:%S.%f}+00:00" data-countdown>' in page


def test_one_that_the_longest_duration_ends_says_so(olga, emil):
    cast.agent("shop", owner=olga, policy={"max_duration": 10 * MINUTE})
    emil.chatting()
    assert "10 minutes is the longest a session lasts; this one ends" in text(emil)


def test_a_paused_one_says_since_when_and_what_is_left(shop, emil):
    session = emil.chatting()
    emil.client.post(of(session) + "pause/", {"seen_state": "live"})
    assert "Paused since" in text(emil)
    assert "minutes" in text(emil).split("goes on with the ")[1][:40]


@pytest.mark.parametrize(
    ("deed", "how"),
    [
        ("user", "You ended it."),
        ("owner", "The people who run Shop ended it."),
        ("admin", "An admin ended it."),
        ("time", "You wrote nothing for 1 hour."),
        ("clear", "You cleared the history."),
    ],
)
def test_an_ended_one_says_how(shop, olga, emil, deed, how):
    session = emil.chatting()
    match deed:
        case "user":
            emil.client.post(of(session) + "end/", {"seen_state": "live"})
        case "owner":
            deeds.end(principal=principal_of(olga), session=session.pk)
        case "admin":
            deeds.end(principal=principal_of(cast.admin()), session=session.pk)
        case "time":
            cast.pass_time(session.pk, 61 * MINUTE)
        case "clear":
            apply([ClearHistory(session=session.pk, actor=USER)])
    assert how in text(emil)
    assert how in text(emil, of(session))


def test_open_ones_come_first_and_pages_go_on_where_they_ended(shop, emil):
    user = emil.chatting().user
    sessions = [cast.chatting(shop, user).pk for _ in range(6)]
    over = sessions[1::2]
    for id in over:
        emil.client.post(f"/me/sessions/{id}/end/", {"seen_state": "live"})
    users = mine.users(emil.account.pk)
    whole = [item.facts.id for item in mine.page(users).items]
    assert whole[4:] == over[::-1], "behind the four that are open, the newest first"
    walked, after = [], None
    while True:
        look = mine.page(users, after=after, limit=2)
        walked += [item.facts.id for item in look.items]
        if look.until is None:
            break
        after = mine.Mark.parse(str(look.until))
    assert walked == whole


def test_the_address_of_a_page_that_is_none_leads_to_the_first(emil):
    for cursor in ("x", "o", "e123", "o\0", "e" + "9" * 60):
        answer = emil.client.get("/me/sessions/", {"cursor": cursor})
        assert answer.headers["Location"] == "/me/sessions/"


def test_sessions_of_every_realm_are_there(shop, emil):
    cast.agent("helpdesk", realm="another")
    emil.chatting("shop")
    emil.chatting("helpdesk")
    assert {"Shop", "Helpdesk"} <= set(text(emil).split())


def test_what_the_agents_have_archived_is_not_listed(shop, emil):
    session = emil.chatting()
    deeds.end(principal=mine.user_of(emil.account.pk, session.pk), session=session.pk)
    ChatSession.objects.update(archived_at=session.started_at)
    assert of(session) not in emil.client.get("/me/sessions/").text
    assert "hello" in text(emil, of(session)), "who has the address can still read it"


def test_the_number_of_queries_does_not_grow_with_the_sessions(shop, emil):
    user = emil.chatting().user
    emil.client.get("/me/sessions/")
    with CaptureQueriesContext(connection) as few:
        emil.client.get("/me/sessions/")
    for _ in range(8):
        cast.say(cast.thread(shop, user))
    with CaptureQueriesContext(connection) as many:
        emil.client.get("/me/sessions/")
    assert len(many) == len(few)


# ── one
def test_the_facts_and_what_was_said(shop, emil):
    session = emil.chatting(text="Where is my order?")
    apply([Say(session=session.pk, actor="portal", sender=Sender.BOT, kind=Kind.TEXT, text="On its <way>.")])
    page = emil.client.get(of(session))
    assert 'role="log"' in page.text
    assert "On its &lt;way&gt;." in page.text
    assert '<p lang="en" dir="auto">Where is my order?</p>' in page.text
    assert "Where is my order?" in text(emil, of(session))


def test_what_is_in_another_language_says_so(shop, emil):
    cast.agent("arabic", languages=["ar"], default_language="ar")
    session = emil.chatting("arabic", "أين طلبي")
    apply([Say(session=session.pk, actor="portal", sender=Sender.BOT, kind=Kind.TEXT, text="في الطريق")])
    assert '<p lang="ar" dir="rtl">في الطريق</p>' in emil.client.get(of(session)).text


def test_what_they_have_cleared_stays_hidden(shop, emil):
    session = emil.chatting(text="my secret")
    apply([ClearHistory(session=session.pk, actor=USER)])
    page = text(emil, of(session))
    assert "my secret" not in page
    assert "Nothing of it is in your view any more" in page
    assert "my secret" not in emil.client.get(of(session) + "lines/").text


def test_a_long_transcript_comes_in_pieces(shop, emil):
    session = emil.chatting(text="line 1")
    apply(
        [
            Say(session=session.pk, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text=f"line {n}")
            for n in range(2, 252)
        ]
    )
    first = emil.client.get(of(session)).text
    assert ("line 200<" in first, "line 201<" in first) == (True, False)
    assert f'href="{of(session)}?after=200"' in first
    second = emil.client.get(of(session), {"after": "200"}).text
    assert ("line 200<" in second, "line 201<" in second, "line 251<" in second) == (False, True, True)


@pytest.mark.parametrize("after", ["x", "-1", "²", "9" * 30, "\0"])
def test_a_place_in_it_that_is_none_is_the_beginning(shop, emil, after):
    session = emil.chatting()
    assert "hello" in emil.client.get(of(session), {"after": after}).text


def test_a_session_goes_on_with_another_agent_and_says_where(shop, emil):
    cast.agent("billing")
    type(shop).objects.filter(slug="shop").update(transfer_targets=["billing"])
    session = emil.chatting()
    emil.client.post(of(session) + "transfer/", {"seen_state": "live", "to": "billing"})
    assert "Handed on to Billing , which waits until" in text(emil)
    later = cast.say(session.thread, "anybody there?").session
    assert f'href="/me/sessions/{later.id}/"' in emil.client.get(of(session)).text
    assert f'href="{of(session)}"' in emil.client.get(f"/me/sessions/{later.id}/").text


# ── keeping itself current
def asked_again(page: str) -> str:
    return unescape(page.split('hx-get="', 1)[1].split('"', 1)[0])


@pytest.mark.parametrize("which", ["list", "one"])
def test_asked_again_it_answers_with_nothing_until_something_has_changed(shop, emil, which):
    session = emil.chatting()
    again = asked_again(emil.client.get("/me/sessions/" if which == "list" else of(session)).text)
    assert emil.client.get(again).status_code == 204
    emil.client.post(of(session) + "pause/", {"seen_state": "live"})
    news = emil.client.get(again)
    assert news.status_code == 200
    assert "Paused since" in news.text
    assert "<html" not in news.text
    assert emil.client.get(asked_again(news.text)).status_code == 204


def test_a_warning_comes_and_offers_to_keep_chatting(shop, emil):
    session = emil.chatting()
    again = asked_again(emil.client.get("/me/sessions/").text)
    assert "Keep chatting" not in text(emil)
    cast.pass_time(session.pk, timedelta(minutes=59, seconds=10))
    assert "Keep chatting" in emil.client.get(again).text


def test_when_it_ends_the_page_of_one_is_loaded_anew(shop, emil):
    session = emil.chatting()
    again = asked_again(emil.client.get(of(session)).text)
    apply([ClearHistory(session=session.pk, actor=USER)])
    assert emil.client.get(again).headers["HX-Refresh"] == "true"


def test_new_lines_come_by_themselves(shop, emil):
    session = emil.chatting()
    page = emil.client.get(of(session)).text
    again = asked_again(page.split('class="waits"', 1)[1])
    assert emil.client.get(again).status_code == 204
    apply([Say(session=session.pk, actor="portal", sender=Sender.BOT, kind=Kind.TEXT, text="news")])
    news = emil.client.get(again).text
    assert ("news" in news, "hello" in news) == (True, False)
    assert emil.client.get(asked_again(news)).status_code == 204


# ── whose they are
def test_what_is_not_theirs_is_not_there(shop, emil, dora):
    session, other = emil.chatting(), dora.chatting()
    visitor = chats.visit(agent=shop, user_id=None, secret=None)
    anonymous = cast.say(Thread.objects.get(pk=visitor.thread_id)).session.id
    assert of(other) not in emil.client.get("/me/sessions/").text
    for id in (other.pk, anonymous, uuid4()):
        for path in ("", "lines/"):
            assert emil.client.get(f"/me/sessions/{id}/{path}").status_code == 404
        for deed in ("end", "pause", "resume", "extend", "transfer", "transfer/cancel"):
            assert emil.client.post(f"/me/sessions/{id}/{deed}/", {"seen_state": "live"}).status_code == 404
    other.refresh_from_db()
    assert other.state == "live"
    assert emil.client.get(of(session)).status_code == 200


def test_to_run_the_agent_makes_its_sessions_nobodys_own(shop, olga, emil):
    session = emil.chatting()
    for who in (browser(olga), browser(cast.admin())):
        assert of(session) not in who.client.get("/me/sessions/").text
        assert who.client.get(of(session)).status_code == 404


def test_an_account_that_is_off_comes_to_nothing(shop, emil):
    session = emil.chatting()
    emil.account.is_active = False
    emil.account.save()
    assert emil.client.get(of(session)).status_code == 302
