"""What is done to a session on its own page, and what a human writes there."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.permissions import principal_of
from portal.agents.models import Agent, Status
from sessions_app.actions import deeds as done
from sessions_app.core.facts import State
from sessions_app.models import ChatSession, Event, Message
from tests import cast
from tests.integration.one.conftest import Desk, address, deeds, desk

pytestmark = pytest.mark.django_db
BUTTONS = ("take-over", "hand-back", "resume", "pause", "cancel-transfer", "transfer", "end")


def offered(at: Desk, session: ChatSession) -> set[str]:
    page = at.page(session)
    return {name for name in BUTTONS if f'id="{name}"' in page}


@pytest.fixture
def billing(shop: Agent, olga: Account) -> Agent:
    return cast.agent("billing", owner=olga, realm=shop.realm)


# ── what is offered
def test_what_is_offered_follows_the_state(shop: Agent, billing: Agent, ada: ChatSession, at: Desk) -> None:
    assert offered(at, ada) == {"take-over", "pause", "transfer", "end"}
    at.do(ada, "pause")
    assert offered(at, ada) == {"resume", "transfer", "end"}
    at.do(ada, "resume", "paused")
    at.do(ada, "take_over")
    assert offered(at, ada) == {"hand-back", "transfer", "end"}
    at.do(ada, "hand_back")
    at.do(ada, "transfer", to="billing")
    assert offered(at, ada) == {"cancel-transfer"}
    at.do(ada, "cancel_transfer", "ended")
    assert offered(at, ada) == set()


def test_nowhere_to_go_is_no_transfer(ada: ChatSession, at: Desk) -> None:
    assert offered(at, ada) == {"take-over", "pause", "end"}


def test_an_agent_that_is_closed_cannot_be_chosen(billing: Agent, ada: ChatSession, at: Desk) -> None:
    Agent.objects.filter(pk=billing.pk).update(status=Status.DISABLED)
    assert '<option value="billing" disabled>Billing (closed at the moment)</option>' in at.page(ada)


# ── what is done
def test_end_with_a_reason(ada: ChatSession, at: Desk) -> None:
    assert at.do(ada, "end", reason=" spam\0 ") == "The session has ended."
    assert (ada.state, ada.end_reason) == ("ended", "owner_ended")
    assert Event.objects.get(session=ada, type="session.ended").detail["given"] == "spam"
    assert deeds("session.end") == [{"by": at.account.pk, "what": f"session {ada.pk}"}]


def test_pause_and_resume(ada: ChatSession, at: Desk) -> None:
    assert at.do(ada, "pause") == "The session is paused; both clocks stand."
    assert ada.state == "paused"
    assert at.do(ada, "resume", "paused") == "The session goes on with the time that was left."
    assert ada.state == "live"


def test_transfer_with_a_reason_and_call_it_off(billing: Agent, ada: ChatSession, at: Desk) -> None:
    assert "picks up when the user writes again" in at.do(ada, "transfer", to="billing", reason="money")
    assert (ada.end_reason, ada.pending_to) == ("transferred", billing)
    assert at.do(ada, "cancel_transfer", "ended").startswith("The transfer is cancelled.")
    assert ada.pending_to is None


@pytest.mark.parametrize("to", ["", "nowhere", "shop", "helpdesk", "bil\0ling-"])
def test_to_no_other(shop: Agent, ada: ChatSession, at: Desk, to: str) -> None:
    cast.agent("helpdesk", owner=cast.account("otto"), realm=shop.realm)
    assert at.do(ada, "transfer", to=to).startswith("Nothing was done")
    assert ada.state == "live"


# ── what has moved on
@pytest.mark.parametrize("deed", ["pause", "take_over", "transfer", "end"])
def test_what_has_moved_on_is_not_hit_and_it_is_told(billing: Agent, ada: ChatSession, at: Desk, deed: str) -> None:
    done.pause(principal=principal_of(cast.admin()), session=ada.pk)
    told = at.do(ada, deed, "live", to="billing")
    assert told == "Nothing was done: you saw this session live, and it is paused by now."
    assert (ada.state, ada.live_chat_by) == ("paused", None)


def test_every_form_names_the_state_that_is_shown(billing: Agent, ada: ChatSession, at: Desk) -> None:
    for state, deed in ((State.LIVE, "pause"), (State.PAUSED, "resume")):
        page = at.page(ada)
        assert page.count('name="deed"') == page.count(f'name="seen_state" value="{state.value}"') > 0
        at.do(ada, deed, state.value)


def test_to_end_what_has_ended_is_no_error(ada: ChatSession, at: Desk) -> None:
    at.do(ada, "end")
    assert at.do(ada, "end") == "Nothing had to be done: it was so already."


def test_two_humans_do_not_talk_at_once(ada: ChatSession, at: Desk) -> None:
    done.take_over(principal=principal_of(cast.admin()), session=ada.pk)
    assert at.do(ada, "take_over") == "Nothing was done: a human is talking with the user."
    assert "root talks with the user instead of the bot." in at.words(ada)


# ── how it is asked
def test_by_a_form_of_the_portal_only(ada: ChatSession, at: Desk) -> None:
    strict = cast.sign_in(Client(enforce_csrf_checks=True), at.account)
    for path, fields in (("do/", {"deed": "end", "seen_state": "live"}), ("write/", {"text": "hello"})):
        assert at.client.get(address(ada) + path).status_code == 405
        assert strict.post(address(ada) + path, fields).status_code == 403
    ada.refresh_from_db()
    assert ada.state == "live"


@pytest.mark.parametrize("fields", [{}, {"deed": "burn"}, {"deed": "end", "seen_state": "asleep"}, {"deed": "\0"}])
def test_what_no_form_says_is_a_bad_request(ada: ChatSession, at: Desk, fields: dict[str, str]) -> None:
    assert at.client.post(address(ada) + "do/", fields).status_code == 400


@pytest.mark.parametrize("deed", ["end", "pause", "resume", "take_over", "hand_back", "transfer", "cancel_transfer"])
def test_for_others_there_is_nothing_to_do_it_to(ada: ChatSession, deed: str) -> None:
    otto = desk(cast.account("otto"))
    assert otto.client.post(address(ada) + "do/", {"deed": deed, "to": "shop"}).status_code == 404
    assert otto.write(ada, "hello").status_code == 404
    ada.refresh_from_db()
    assert (ada.state, ada.live_chat_by) == ("live", None)


# ── a live chat
@pytest.fixture
def talking(ada: ChatSession, at: Desk) -> ChatSession:
    """olga has taken over."""
    assert at.do(ada, "take_over") == "You talk with the user now, instead of the bot."
    return ada


def test_only_who_talks_has_a_box_to_write_in(talking: ChatSession, at: Desk) -> None:
    assert 'id="write"' in at.page(talking)
    root = desk(cast.admin())
    assert 'id="write"' not in root.page(talking)
    assert root.write(talking, "me too").status_code == 422
    assert not Message.objects.filter(text="me too").exists()


def test_a_human_writes_and_it_moves_no_clock(talking: ChatSession, at: Desk) -> None:
    before = talking.ends_at
    answer = at.write(talking, " How can I help?\r\nSay. ")
    assert answer.headers["Location"] == f"{address(talking)}#write"
    line = Message.objects.get(sender="human")
    assert (line.text, line.session) == (" How can I help?\nSay. ", talking)
    talking.refresh_from_db()
    assert talking.ends_at == before


def test_the_script_gets_an_empty_box_and_word_of_the_line(talking: ChatSession, at: Desk) -> None:
    answer = at.write(talking, "Hello Ada", htmx=True)
    assert (answer.status_code, "<html" in answer.text, "Hello Ada" in answer.text) == (200, False, False)
    assert "said" in answer.headers["HX-Trigger-After-Settle"]


def test_the_same_form_twice_is_one_message(talking: ChatSession, at: Desk) -> None:
    once = str(uuid4())
    for _ in range(2):
        assert at.write(talking, "Hello Ada", client_id=once).status_code == 302
    assert Message.objects.filter(text="Hello Ada").count() == 1


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(
    ("text", "why"), [("   ", "there is no text"), ("x" * 8001, "at most 8000 characters, this 8001"), ("a\0b", "Null")]
)
def test_what_cannot_be_sent_stays_in_its_box(talking: ChatSession, at: Desk, text: str, why: str, htmx: bool) -> None:
    answer = at.write(talking, text, htmx=htmx)
    assert (answer.status_code, why in answer.text) == (422, True)
    assert f"{text}</textarea>" in answer.text
    assert not Message.objects.filter(sender="human").exists()


@pytest.mark.parametrize("htmx", [True, False])
def test_who_does_not_talk_any_more_keeps_their_text(talking: ChatSession, at: Desk, htmx: bool) -> None:
    done.hand_back(principal=principal_of(cast.admin()), session=talking.pk)
    answer = at.write(talking, "<b>One & more", htmx=htmx)
    assert answer.status_code == 422
    assert "Nothing was sent: you do not talk with the user any more." in answer.text
    assert "&lt;b&gt;One &amp; more</textarea>" in answer.text
    assert not Message.objects.filter(sender="human").exists()


def test_hand_back_even_when_the_session_has_ended_meanwhile(talking: ChatSession, at: Desk) -> None:
    cast.pass_time(talking.pk, timedelta(minutes=61))
    assert offered(at, talking) == {"hand-back"}
    assert at.write(talking, "Still here").status_code == 302
    assert Message.objects.get(sender="human").after_end
    at.do(talking, "hand_back", "live")
    assert talking.live_chat_by is None
