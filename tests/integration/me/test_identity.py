"""The Portal vouches for who is signed in, on its chat page: what counts, what is refused, and when it ends
(docs/decisions/0026)."""

import base64
import hashlib
import hmac
from datetime import timedelta

import jwt
import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from portal.accounts.names import Role
from portal.agents import auth
from portal.agents.models import Agent
from portal.lib import clock, sealing
from sessions_app.models import ChatUser, Thread, VisitorToken
from sessions_app.queries import visitors
from tests import cast
from tests.integration.api.conftest import Program, refused
from tests.integration.chat.client import Client as Socket
from tests.integration.chat.client import visit
from tests.integration.chat.identities import Site
from tests.integration.me.conftest import Browser, browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def nobody() -> Program:
    return Program()


def own_key() -> bytes:
    return next(auth._own_keys())


def claims_of(identity: str) -> dict[str, object]:
    return jwt.decode(identity, own_key(), algorithms=["HS256"], options={"verify_aud": False})


def altered(identity: str, **changes: object) -> str:
    """As the Portal would sign it if it said something else."""
    return jwt.encode(claims_of(identity) | changes, own_key(), algorithm="HS256")


# ── who one is
@pytest.mark.parametrize("setting", ["none", "optional", "required"])
def test_who_is_signed_in_chats_as_themselves_whatever_the_agent_asks_of_sites(shop, emil, nobody, setting):
    Agent.objects.update(identity=setting)
    answer = nobody.post("/chat/shop", {"identity": emil.identity()})
    assert answer.status_code == 201
    user = ChatUser.objects.get()
    assert (user.account, user.external_id) == (emil.account, f"portal:{emil.account.pk}")
    assert (user.realm, user.name, user.identified) == (shop.realm, "Emil Eriksson", True)


@pytest.mark.parametrize("role", Role)
def test_everybody_with_an_account_does(shop, role):
    somebody = browser(cast.account("somebody", role))
    assert somebody.chat().user.account == somebody.account


def test_nothing_changes_for_who_is_not_signed_in(shop, nobody):
    page = Client().get("/chat/shop/")
    assert "identity=" not in page.text
    assert "Cache-Control" not in page.headers
    assert nobody.post("/chat/shop").status_code == 201
    Agent.objects.update(identity="required")
    refused(nobody.post("/chat/shop"), 401, "unauthenticated")


def test_a_page_that_vouches_is_kept_nowhere(shop, emil):
    assert "no-store" in emil.client.get("/chat/shop/").headers["Cache-Control"]


def test_the_session_key_is_not_to_be_read_in_the_page(shop, emil):
    key = emil.client.session.session_key
    assert key not in emil.client.get("/chat/shop/").text
    assert key not in str(claims_of(emil.identity()))


def test_one_is_one_user_in_each_realm(shop, emil):
    cast.agent("billing", realm=shop.realm)
    cast.agent("helpdesk", realm="another")
    users = [emil.chat(slug).user for slug in ("shop", "billing", "helpdesk")]
    assert users[0] == users[1] != users[2]
    assert {user.account for user in users} == {emil.account}


def test_devices_share_the_thread(shop, emil):
    assert emil.chat() == browser(emil.account).chat()


def test_an_anonymous_visitors_chat_becomes_theirs(shop, emil, nobody):
    before = nobody.post("/chat/shop").body
    cast.say(Thread.objects.get(pk=before["thread"]), "Before I signed in")
    thread = emil.chat(visitor_token=before["visitor_token"])
    assert str(thread.pk) == before["thread"]
    assert thread.user.account == emil.account
    assert visitors.user_of(before["visitor_token"]) is None


def test_the_name_is_that_of_today_and_one_that_cannot_be_printed_does_no_harm(shop, emil):
    emil.chat()
    emil.account.first_name, emil.account.last_name = "Emil\n\x07", "x" * 150
    emil.account.save()
    assert emil.chat().user.name == f"Emil {'x' * 150}"
    assert ChatUser.objects.count() == 1


def test_when_the_account_is_removed_the_chat_stays_and_is_nobodys(shop, emil):
    thread = emil.chat()
    emil.account.delete()
    thread.user.refresh_from_db()
    assert (thread.user.account, thread.user.identified) == (None, True)


# ── what does not count
def by_hs512(identity: str) -> str:
    """The library warns of a key that is too short for it."""
    header = base64.urlsafe_b64encode(b'{"alg":"HS512","typ":"JWT"}').decode().rstrip("=")
    signed = f"{header}.{identity.split('.')[1]}"
    signature = hmac.new(own_key(), signed.encode(), hashlib.sha512).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def bad(emil: Browser) -> dict[str, str]:
    good = emil.identity()
    assert good is not None
    header, payload, signature = good.split(".")
    claims = claims_of(good)
    past = int((clock.now() - timedelta(minutes=2)).timestamp())
    return {
        "another key": jwt.encode(claims, "x" * 32, algorithm="HS256"),
        "alg none": jwt.encode(claims, None, algorithm="none"),
        "another algorithm": by_hs512(good),
        "without a signature": f"{header}.{payload}.",
        "truncated": good[:-4],
        "another payload": f"{header}.{payload[:-4]}abcd.{signature}",
        "expired": altered(good, exp=past),
        "another account": altered(good, sub=str(emil.account.pk + 1)),
        "no account": altered(good, sub="portal:1"),
        "another sign-in": altered(good, sid=sealing.seal("x" * 32)),
        "a sign-in in the clear": altered(good, sid=emil.client.session.session_key),
        "another agent": emil.identity("billing") or "",
    }


BAD = (
    *("another key", "alg none", "another algorithm", "without a signature", "truncated", "another payload"),
    *("expired", "another account", "no account", "another sign-in", "a sign-in in the clear", "another agent"),
)


@pytest.mark.parametrize("setting", ["none", "optional"])
@pytest.mark.parametrize("what", BAD)
def test_a_bad_one_is_refused_and_makes_nobody(shop, emil, nobody, what, setting):
    cast.agent("billing", realm=shop.realm)
    cast.account("dora", Role.USER)
    identity = bad(emil)[what]
    Agent.objects.update(identity=setting)
    problem = refused(nobody.post("/chat/shop", {"identity": identity}), 422, "invalid")
    assert problem["errors"]["identity"]
    assert not ChatUser.objects.exists()


def test_a_site_that_signs_the_same_words_speaks_of_a_user_of_its_own(shop, emil, nobody):
    identity = Site(shop).sign(claims_of(emil.identity()))
    assert nobody.post("/chat/shop", {"identity": identity}).status_code == 201
    user = ChatUser.objects.get()
    assert (user.account, user.external_id) == (None, str(emil.account.pk))


def test_it_lasts_an_hour_at_most(shop, emil):
    ahead = int(claims_of(emil.identity())["exp"]) - clock.now().timestamp()
    assert 0 < ahead <= 3600


def test_an_account_that_is_off_is_nobody(shop, emil, nobody):
    identity = emil.identity()
    emil.account.is_active = False
    emil.account.save()
    refused(nobody.post("/chat/shop", {"identity": identity}), 422, "invalid")
    assert "identity=" not in emil.client.get("/chat/shop/").text


def test_a_changed_password_ends_it(shop, emil, nobody):
    identity = emil.identity()
    emil.account.set_password("another fine long one")
    emil.account.save()
    refused(nobody.post("/chat/shop", {"identity": identity}), 422, "invalid")


def test_a_key_that_was_in_use_until_lately_still_counts(shop, emil, nobody, settings):
    identity, old = emil.identity(), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one, as long as it has to be", [old]
    assert nobody.post("/chat/shop", {"identity": identity}).status_code == 201
    settings.SECRET_KEY_FALLBACKS = []
    refused(nobody.post("/chat/shop", {"identity": identity}), 422, "invalid")


# ── signing out
def enter(emil: Browser, nobody: Program) -> str:
    token: str = nobody.post("/chat/shop", {"identity": emil.identity()}).body["visitor_token"]
    return token


def test_signing_out_takes_identity_and_token_along(shop, emil, nobody):
    identity, token = emil.identity(), enter(emil, nobody)
    assert visitors.user_of(token) is not None
    emil.sign_out()
    assert visitors.user_of(token) is None
    refused(nobody.post("/chat/shop", {"visitor_token": token, "identity": identity}), 401, "unauthenticated")
    refused(nobody.post("/chat/shop", {"identity": identity}), 422, "invalid")
    refused(Program(token).get("/sessions"), 401, "unauthenticated")


def test_a_token_of_an_account_is_nothing_without_its_identity(shop, emil, nobody):
    """The cookie may be gone from the browser, and the sign-in still be there."""
    token = enter(emil, nobody)
    refused(nobody.post("/chat/shop", {"visitor_token": token}), 401, "unauthenticated")
    again = nobody.post("/chat/shop", {"visitor_token": token, "identity": emil.identity()})
    assert (again.status_code, again.body["visitor_token"]) == (200, token)


def test_the_next_person_at_the_browser_is_themselves(shop, emil, dora, nobody):
    token = enter(emil, nobody)
    cast.say(Thread.objects.get(), "mine")
    thread = dora.chat(visitor_token=token)
    assert thread.user.account == dora.account
    assert Thread.objects.get(user__account=emil.account).last_seq == 1
    assert visitors.user_of(token) is None, "it was left in a browser that is another's now"


def test_a_sign_in_that_has_expired_or_was_ended_elsewhere_ends_it(shop, emil, nobody):
    token = enter(emil, nobody)
    Session.objects.update(expire_date=clock.now())
    assert visitors.user_of(token) is None
    assert not visitors.valid([bytes(known.digest) for known in VisitorToken.objects.all()])


def test_an_account_that_is_switched_off_ends_it(shop, emil, nobody):
    token = enter(emil, nobody)
    emil.account.is_active = False
    emil.account.save()
    assert visitors.user_of(token) is None


def test_other_visitors_keep_theirs(shop, emil, nobody):
    visitor = nobody.post("/chat/shop").body["visitor_token"]
    emil.chat()
    emil.sign_out()
    assert nobody.post("/chat/shop", {"visitor_token": visitor}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_an_open_connection_ends_when_its_person_signs_out(site):
    cast.agent("shop")
    emil = browser(cast.account("emil", Role.USER))
    opened = visit(site, "shop", identity=emil.identity())
    with Socket(site, opened["visitor_token"]) as chat:
        chat.until("ready")
        emil.sign_out()
        assert chat.closed() == 4401


@pytest.mark.django_db(transaction=True)
def test_the_portal_vouches_over_the_socket_too(site):
    agent = cast.agent("shop")
    emil = browser(cast.account("emil", Role.USER))
    visitor = visit(site, agent.slug)
    with Socket(site, visitor["visitor_token"]) as chat:
        chat.until("ready")
        chat.until("ack", client_id=chat.say("hello"))
        chat.until("ack", client_id=chat.send("identify", identity=emil.identity()))
        assert chat.until("ready")["thread"] == visitor["thread"]
    assert Thread.objects.get().user.account == emil.account
