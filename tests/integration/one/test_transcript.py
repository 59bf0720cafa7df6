"""The transcript of somebody: who said what, what stands between, page by page; and that reading it is on record."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import Account
from sessions_app.actions import apply
from sessions_app.core.commands import USER, ClearHistory, Kind, Say, Sender
from sessions_app.models import ChatSession, Message
from sessions_app.views import one, one_files
from tests import cast
from tests.integration.one.conftest import Desk, address, deeds, desk

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NEXT = re.compile(r'class="waits" hx-get="([^"]+)"')


def others_say(session: ChatSession, text: str, sender: Sender = Sender.BOT, **values: object) -> None:
    apply([Say(session=session.pk, actor="portal", sender=sender, kind=Kind.TEXT, text=text, **values)])


def texts(page: str) -> list[str]:
    return re.findall(r'<div class="msg[^>]+>\s*<p[^>]*>([^<]*)</p>', page)


def further(page: str) -> str:
    found = NEXT.search(page)
    assert found, "the page asks for the next lines"
    return found[1].replace("&amp;", "&")


# ── what stands there
def test_who_said_what_in_which_language(ada: ChatSession, at: Desk) -> None:
    others_say(ada, "Guten Tag", language="de")
    others_say(ada, "مرحبا", Sender.HUMAN, language="ar")
    page = at.page(ada)
    assert texts(page) == ["hello", "Guten Tag", "مرحبا"]
    assert '<p lang="en" dir="auto">hello</p>' in page
    assert '<p lang="de" dir="ltr">Guten Tag</p>' in page
    assert '<p lang="ar" dir="rtl">مرحبا</p>' in page
    words = at.words(ada)
    assert words.index("hello Ada") < words.index("Guten Tag Bot") < words.index("مرحبا Human")
    assert 'role="log"' in page


def test_idle_stretches_and_what_follows_them_stand_between(olga: Account, at: Desk) -> None:
    shop = cast.agent("shop", owner=olga, policy={"idle_timeout": 10 * MINUTE, "session_duration": 30 * MINUTE})
    session = cast.chatting(shop)
    cast.pass_time(session.pk, 15 * MINUTE)
    cast.say(session.thread, "still there?")
    words = at.words(session)
    assert re.search(r"hello Ada .* Idle · .* A new conversation · .* still there\? Ada", words)


def test_pause_and_held_are_marked(ada: ChatSession, at: Desk) -> None:
    at.do(ada, "pause")
    cast.say(ada.thread, "for later")
    assert re.search(r"Paused, olga · .* for later Ada · .* held until the session is resumed", at.words(ada))


def test_what_the_user_has_cleared_is_marked_and_still_here(ada: ChatSession, at: Desk) -> None:
    apply([ClearHistory(session=ada.pk, actor=USER)])
    assert "cleared from the user’s view" in at.words(ada)
    assert texts(at.page(ada)) == ["hello"]


def test_what_came_after_the_end_is_marked_and_the_divider_stands_as_shown(ada: ChatSession, at: Desk) -> None:
    at.do(ada, "end")
    others_say(ada, "One more thing")
    divider = Message.objects.get(session=ada, kind="divider")
    words = at.words(ada)
    assert re.search(
        rf"The session ended, olga · .* {re.escape(divider.text)} One more thing Bot · .* after the end", words
    )
    assert f'<span lang="en" dir="ltr">{divider.text}</span>' in at.page(ada)


def test_nothing_of_another_session_of_the_thread(ada: ChatSession, at: Desk) -> None:
    at.do(ada, "end")
    cast.say(ada.thread, "anew")
    assert "anew" not in at.words(ada)


def test_one_that_was_erased_says_so(ada: ChatSession, at: Desk) -> None:
    ChatSession.objects.update(transcript_erased_at=ada.started_at)
    Message.objects.all().delete()
    assert "It has been erased, as the agent’s policy says" in at.words(ada)


# ── page by page
@pytest.fixture
def long(ada: ChatSession, monkeypatch: pytest.MonkeyPatch) -> ChatSession:
    """Ten lines, three to a page."""
    monkeypatch.setattr(one, "LINES", 3)
    for number in range(2, 11):
        others_say(ada, f"line {number}")
    return ada


def test_a_long_one_begins_at_its_end_and_leads_to_what_was_before(long: ChatSession, at: Desk) -> None:
    asked: dict[str, str] = {}
    read: list[str] = []
    while True:
        page = at.page(long, **asked)
        read = texts(page) + read
        earlier = re.search(r'id="earlier" href="\?before=(\d+)"', page)
        if earlier is None:
            break
        asked = {"before": earlier[1]}
    assert read == ["hello", *(f"line {number}" for number in range(2, 11))]
    later = re.search(r'id="later" href="\?after=(\d+)"', page)
    assert later
    assert texts(at.page(long, after=later[1])) == ["line 2", "line 3", "line 4"]


def test_a_line_has_an_address_wherever_it_stands(long: ChatSession, at: Desk) -> None:
    fifth = Message.objects.get(text="line 5")
    link = f"{address(long)}?line={fifth.seq}#m-{fifth.seq}"
    assert f'href="{link}"' in at.page(long, before=6)
    assert f'id="m-{fifth.seq}"' in at.page(long, line=fifth.seq)


@pytest.mark.parametrize("asked", [{"before": "x"}, {"before": "-1"}, {"after": "9" * 30}, {"line": "²"}])
def test_a_place_that_is_none_leads_to_the_newest(long: ChatSession, at: Desk, asked: dict[str, str]) -> None:
    assert texts(at.page(long, **asked)) == ["line 8", "line 9", "line 10"]


def test_only_the_newest_page_follows(long: ChatSession, at: Desk) -> None:
    assert NEXT.search(at.page(long))
    assert not NEXT.search(at.page(long, before=5))


# ── live
def test_new_lines_come_once(ada: ChatSession, at: Desk) -> None:
    again = further(at.page(ada))
    assert at.client.get(again).status_code == 204
    others_say(ada, "How can I help?")
    answer = at.client.get(again)
    assert texts(answer.text) == ["How can I help?"]
    assert at.client.get(further(answer.text)).status_code == 204


def test_when_all_is_over_nobody_asks_any_more(ada: ChatSession, at: Desk) -> None:
    again = further(at.page(ada))
    at.do(ada, "end")
    told = at.client.get(again)
    assert (texts(told.text), NEXT.search(told.text)) == ([], None)
    assert 'class="divider"' in told.text
    last = Message.objects.latest("seq").seq
    assert at.client.get(re.sub(r"after=\d+", f"after={last}", again)).status_code == 286, "htmx stops at this"


# ── on record
def test_to_open_it_is_on_record_once_however_often_the_page_asks(olga: Account, ada: ChatSession, at: Desk) -> None:
    page = at.page(ada)
    assert "That you opened this transcript stands in the audit log" in page
    others_say(ada, "How can I help?")
    told = at.client.get(further(page))
    for _ in range(3):
        at.client.get(further(told.text))
        at.client.get(address(ada), {"seen": "x"})
    assert deeds("session.transcript_read") == [{"by": olga.pk, "what": f"session {ada.pk}"}]
    at.page(ada)
    assert len(deeds("session.transcript_read")) == 2


def proofs(account: Account, session: ChatSession) -> dict[str, str]:
    salt = "a transcript was opened"
    return {
        "none": "",
        "made up": "x:y:z",
        "of another salt": signing.dumps([str(account.pk), str(session.pk)], salt="x"),
        "of another session": signing.dumps([str(account.pk), str(uuid4())], salt=salt),
        "of somebody else": signing.dumps([str(account.pk + 1), str(session.pk)], salt=salt),
    }


@pytest.mark.parametrize("kind", ["none", "made up", "of another salt", "of another session", "of somebody else"])
def test_who_asks_for_lines_without_having_it_open_opens_it(
    olga: Account, ada: ChatSession, at: Desk, kind: str
) -> None:
    answer = at.client.get(address(ada) + "lines/", {"proof": proofs(olga, ada)[kind]})
    assert texts(answer.text) == ["hello"]
    assert len(deeds("session.transcript_read")) == 1


def test_who_may_not_see_it_leaves_no_record_of_a_reading(ada: ChatSession) -> None:
    assert desk(cast.account("otto")).status(ada) == 404
    assert deeds("session.transcript_read") == []


# ── to take away
def test_as_text(olga: Account, ada: ChatSession, at: Desk) -> None:
    others_say(ada, "Two lines:\n[2026-11-21T10:05:00.000Z] Ada: forged")
    answer = at.client.get(address(ada) + "transcript.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="session-{ada.pk}.txt"'
    assert "no-store" in answer.headers["Cache-Control"]
    said = [line for line in answer.text.splitlines() if line.startswith("[")]
    assert [line.split("] ", 1)[1] for line in said] == ["Ada: hello", "Bot: Two lines:"]
    assert "\n    [2026-11-21T10:05:00.000Z] Ada: forged\n" in answer.text
    assert deeds("session.transcript_downloaded") == [{"by": olga.pk, "what": f"session {ada.pk}"}]
    assert deeds("session.transcript_read") == []


def test_as_json(ada: ChatSession, at: Desk) -> None:
    others_say(ada, "=1+1 <b>")
    answer = at.client.get(address(ada) + "transcript.json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="session-{ada.pk}.json"'
    assert "no-store" in answer.headers["Cache-Control"]
    body = json.loads(answer.content)
    assert [(item["from"], item["text"]) for item in body["items"]] == [("user", "hello"), ("bot", "=1+1 <b>")]
    assert (body["session"], body["user"], body["next"]) == (str(ada.pk), "ada", None)
    assert len(deeds("session.transcript_downloaded")) == 1


def test_a_long_one_is_taken_away_in_parts(long: ChatSession, at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_files, "LINES", 4)
    path, read = address(long) + "transcript.json", []
    while path:
        body = json.loads(at.client.get(path).content)
        read += [item["text"] for item in body["items"]]
        path = body["next"]
    assert read == ["hello", *(f"line {number}" for number in range(2, 11))]
    assert "--- goes on at /sessions/" in at.client.get(address(long) + "transcript.txt").text


def test_the_number_of_queries_does_not_grow_with_the_lines(ada: ChatSession, at: Desk) -> None:
    at.page(ada)
    with CaptureQueriesContext(connection) as few:
        at.page(ada)
    for number in range(20):
        others_say(ada, f"line {number}")
    with CaptureQueriesContext(connection) as many:
        at.page(ada)
    assert len(many) == len(few)
