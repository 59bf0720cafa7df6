"""What people do to their own sessions on their pages."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from portal.accounts.permissions import principal_of
from portal.agents.models import Agent, Status
from sessions_app.actions import deeds
from sessions_app.models import ChatSession, Event
from tests import cast
from tests.integration.me.conftest import Browser, browser

pytestmark = pytest.mark.django_db
DEEDS = ("end", "pause", "resume", "extend", "transfer", "transfer/cancel")


def do(emil: Browser, session: ChatSession, deed: str, seen: str = "live", **more: str) -> str:
    """What they are told."""
    answer = emil.client.post(f"/me/sessions/{session.pk}/{deed}/", {"seen_state": seen} | more)
    assert answer.status_code == 302
    session.refresh_from_db()
    (told,) = (str(message) for message in get_messages(answer.wsgi_request))
    emil.client.get("/me/sessions/")
    return told


@pytest.fixture
def billing(shop) -> Agent:
    """The shop hands its users on to it."""
    Agent.objects.filter(pk=shop.pk).update(transfer_targets=["billing"])
    return cast.agent("billing", realm=shop.realm)


def test_pause_and_resume(shop, emil):
    session = emil.chatting()
    assert do(emil, session, "pause") == "The session with Shop is paused. It does not end before you resume it."
    assert session.state == "paused"
    assert do(emil, session, "resume", "paused") == "The session with Shop goes on with the time that was left."
    assert session.state == "live"


def test_end_with_a_reason_as_its_user(shop, emil):
    session = emil.chatting()
    assert do(emil, session, "end", reason="  done, thanks\0 ") == "The session with Shop has ended."
    assert (session.state, session.end_reason) == ("ended", "user_ended")
    event = Event.objects.get(session=session, type="session.ended")
    assert (event.actor, event.detail["given"]) == ("user", "done, thanks")


def test_an_admin_ends_their_own_as_its_user_too(shop):
    root = browser(cast.admin())
    session = root.chatting()
    do(root, session, "end")
    assert session.end_reason == "user_ended"


def test_keep_chatting(shop, emil):
    session = emil.chatting()
    cast.pass_time(session.pk, timedelta(minutes=59, seconds=30))
    session.refresh_from_db()
    before = session.ends_at
    assert "begins anew" in do(emil, session, "extend", "idle")
    assert session.ends_at - before > timedelta(minutes=59)


def test_transfer_to_an_agent_that_is_offered_and_call_it_off(shop, billing, emil):
    session = emil.chatting()
    told = do(emil, session, "transfer", to="billing")
    assert told == "The session with Shop has ended, and Billing answers when you write in the chat."
    assert (session.end_reason, session.pending_to) == ("transferred", billing)
    assert do(emil, session, "transfer/cancel", "ended").startswith("It is called off. Shop answers")
    assert session.pending_to is None


@pytest.mark.parametrize("to", ["helpdesk", "nowhere", "", "shop", "bil\0ling-", "billing-is-closed"])
def test_to_no_other(shop, billing, emil, to):
    cast.agent("helpdesk")
    cast.agent("billing-is-closed", status=Status.DISABLED)
    Agent.objects.filter(pk=shop.pk).update(transfer_targets=["billing", "billing-is-closed", "shop"])
    session = emil.chatting()
    before = session.row_version
    assert do(emil, session, "transfer", to=to).startswith("Nothing was done")
    assert (session.state, session.row_version) == ("live", before)


def test_not_where_there_is_no_room(shop, emil):
    Agent.objects.filter(pk=shop.pk).update(transfer_targets=["billing"])
    cast.agent("billing", realm=shop.realm, policy={"max_concurrent_per_user": 1})
    emil.chatting("billing")
    session = emil.chatting()
    assert "as many sessions open with that agent as it allows" in do(emil, session, "transfer", to="billing")
    assert session.state == "live"


def test_a_choice_shows_what_is_closed_and_cannot_choose_it(shop, billing, emil):
    emil.chatting()
    Agent.objects.filter(pk=billing.pk).update(status=Status.DISABLED)
    page = emil.client.get("/me/sessions/").text
    assert '<option value="billing" disabled>Billing (closed at the moment)</option>' in page


# ── what has moved on
def test_a_stale_page_does_nothing_and_is_told(shop, olga, emil):
    session = emil.chatting()
    deeds.pause(principal=principal_of(olga), session=session.pk)
    assert do(emil, session, "pause", "live") == (
        "Nothing was done: you saw the session going on, and by now it is paused."
    )
    assert do(emil, session, "end", "live").startswith("Nothing was done: you saw the session going on")
    assert session.state == "paused"


def test_to_end_what_has_ended_is_no_error(shop, olga, emil):
    session = emil.chatting()
    deeds.end(principal=principal_of(olga), session=session.pk)
    assert do(emil, session, "end") == "Nothing had to be done: it was so already."
    assert session.end_reason == "owner_ended"


def test_a_pause_waits_while_a_human_talks(shop, olga, emil):
    session = emil.chatting()
    deeds.take_over(principal=principal_of(olga), session=session.pk)
    assert "somebody is talking with you" in do(emil, session, "pause")
    page = emil.client.get("/me/sessions/").text
    assert "olga</bdi></b> is talking with you" in page
    assert f'id="pause-{session.pk}"' not in page


def test_a_transfer_that_has_been_picked_up_is_not_called_off(shop, billing, emil):
    session = emil.chatting()
    do(emil, session, "transfer", to="billing")
    cast.say(session.thread, "anybody there?")
    assert do(emil, session, "transfer/cancel", "ended").startswith("Nothing was done")


# ── how it is asked
@pytest.mark.parametrize("deed", DEEDS)
def test_by_a_form_of_the_portal_only(shop, emil, deed):
    session = emil.chatting()
    path = f"/me/sessions/{session.pk}/{deed}/"
    assert emil.client.get(path).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(emil.account)
    assert strict.post(path, {"seen_state": "live"}).status_code == 403
    session.refresh_from_db()
    assert session.state == "live"


@pytest.mark.parametrize("state", ["asleep", "LIVE", "\0"])
def test_a_state_that_no_page_shows_is_a_bad_request(shop, emil, state):
    session = emil.chatting()
    answer = emil.client.post(f"/me/sessions/{session.pk}/end/", {"seen_state": state})
    assert answer.status_code == 400


def test_one_comes_back_to_where_one_was(shop, emil):
    session = emil.chatting()
    path = f"/me/sessions/{session.pk}/"
    there = emil.client.post(path + "pause/", {"seen_state": "live", "back": "one"})
    assert there.headers["Location"] == path
    elsewhere = emil.client.post(path + "resume/", {"seen_state": "paused", "back": "https://evil.example/"})
    assert elsewhere.headers["Location"] == "/me/sessions/"
