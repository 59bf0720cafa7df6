"""The page of one session: who sees it, what it says, and that it says so when something has changed."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.accounts.permissions import principal_of
from portal.agents.models import Agent
from sessions_app.actions import deeds as done
from sessions_app.models import ChatSession
from tests import cast
from tests.integration.one.conftest import Desk, address, desk

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
AGAIN = re.compile(r'id="head" data-current hx-get="[^"]*seen=([0-9a-f]+)')


def seen(page: str) -> str:
    found = AGAIN.search(page)
    assert found, "the page asks again"
    return found[1]


# ── who sees it
def test_its_agents_owner_and_admins_see_it(ada: ChatSession, at: Desk) -> None:
    assert "Session of Ada" in at.words(ada)
    assert "Session of Ada" in desk(cast.admin()).words(ada)


@pytest.mark.parametrize("path", ["", "lines/", "transcript.txt", "transcript.json", "?seen=x"])
def test_to_others_it_is_not_there(shop: Agent, ada: ChatSession, path: str) -> None:
    otto, tara = cast.account("otto"), cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de")
    assert [desk(otto).status(ada, path), desk(tara).status(ada, path)] == [404, 404]
    assert Client().get(address(ada) + path).headers["Location"].startswith("/login/")


@pytest.mark.parametrize("id", ["nothing", "0199", "emulator-", "emulator-x", "%00", "0" * 200])
def test_what_is_no_id_is_not_there(olga: Account, at: Desk, id: str) -> None:
    assert at.client.get(f"/sessions/{id}/").status_code == 404


def test_a_session_that_is_gone_is_not_there(ada: ChatSession, at: Desk) -> None:
    ChatSession.objects.filter(pk=ada.pk).delete()
    assert at.status(ada) == 404


def test_a_session_of_the_emulator_has_the_address_that_says_so(shop: Agent, at: Desk) -> None:
    draft = cast.start(cast.thread(shop), version="DRAFT")
    there = f"/sessions/emulator-{draft.pk}/"
    assert at.client.get(there).status_code == 200
    assert "session of the emulator" in at.client.get(there).text
    assert at.client.get(f"/sessions/{draft.pk}/").headers["Location"] == there


def test_one_address_each(ada: ChatSession, at: Desk) -> None:
    for other in (f"/sessions/{ada.pk.hex}/", f"/sessions/emulator-{ada.pk}/"):
        assert at.client.get(other).headers["Location"] == address(ada)


# ── what it says
def test_why_it_is_as_it_is_in_one_sentence(ada: ChatSession, at: Desk) -> None:
    assert re.search(r"Ends .+ after 1 hour without an interaction \(policy v1\)\.", at.words(ada))
    cast.pass_time(ada.pk, 61 * MINUTE)
    assert re.search(r"Ended .+: 1 hour without an interaction \(policy v1\)\.", at.words(ada))


def test_state_and_both_countdowns(olga: Account, at: Desk) -> None:
    shop = cast.agent("shop", owner=olga, policy={"idle_timeout": 10 * MINUTE, "session_duration": 30 * MINUTE})
    session = cast.chatting(shop)
    page = at.page(session)
    assert 'class="state live"' in page
    assert page.count(" data-countdown>") == 2, "goes idle, and ends"
    cast.pass_time(session.pk, 15 * MINUTE)
    assert "Idle since" in at.words(session)
    at.do(session, "pause", "idle")
    assert "Left when resumed 15:00" in at.words(session) or "Left when resumed 14:5" in at.words(session)


def test_a_transfer_and_where_it_led(shop: Agent, olga: Account, ada: ChatSession, at: Desk) -> None:
    cast.agent("billing", owner=olga, realm=shop.realm)
    at.do(ada, "transfer", to="billing")
    assert "Billing picks up when the user writes again" in at.words(ada)
    cast.say(ada.thread, "hello billing")
    after = ChatSession.objects.exclude(pk=ada.pk).get()
    assert f'id="went-to" href="{address(after)}"' in at.page(ada)
    assert f'id="came-from" href="{address(ada)}"' in at.page(after)


def test_one_transferred_to_somebody_elses_agent_is_no_link(shop: Agent, ada: ChatSession, at: Desk) -> None:
    cast.agent("helpdesk", owner=cast.account("otto"), realm=shop.realm)
    done.transfer(principal=principal_of(cast.admin()), session=ada.pk, to="helpdesk")
    cast.say(ada.thread, "hello help desk")
    after = ChatSession.objects.exclude(pk=ada.pk).get()
    assert "Transferred to another agent" in at.words(ada)
    assert str(after.pk) not in at.page(ada)


def test_names_and_words_of_users_are_text(shop: Agent, at: Desk) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    session = cast.chatting(shop, cast.user("eve", name=evil))
    cast.say(session.thread, evil)
    page = at.page(session)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 3


# ── asked again
def test_asked_again_it_has_nothing_to_say_until_something_has_changed(ada: ChatSession, at: Desk) -> None:
    known = seen(at.page(ada))
    assert at.client.get(address(ada), {"seen": known}).status_code == 204
    done.pause(principal=principal_of(cast.admin()), session=ada.pk)
    answer = at.client.get(address(ada), {"seen": known})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'class="state paused"' in answer.text
    assert at.client.get(address(ada), {"seen": seen(answer.text)}).status_code == 204


def test_time_alone_changes_it_where_nothing_sweeps(ada: ChatSession, at: Desk) -> None:
    known = seen(at.page(ada))
    cast.pass_time(ada.pk, 61 * MINUTE)
    answer = at.client.get(address(ada), {"seen": known})
    assert 'class="state ended"' in answer.text
    assert "data-current" not in answer.text, "nothing can change it any more"


def test_a_right_that_is_taken_away_holds_at_once(olga: Account, ada: ChatSession, at: Desk) -> None:
    known = seen(at.page(ada))
    olga.grants.all().delete()
    assert at.client.get(address(ada), {"seen": known}).status_code == 404


def test_rows_of_the_sessions_tab_lead_here(ada: ChatSession, at: Desk) -> None:
    assert f'href="{address(ada)}"' in at.client.get("/agents/shop/sessions/").text
