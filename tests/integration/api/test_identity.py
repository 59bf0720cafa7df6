"""A site vouches for its users: what counts, what is refused, and whose chat it then is (docs/chat-protocol.md)."""

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from django.db import connection

from portal.agents.auth import FORGED
from portal.agents.models import IdentitySecret
from sessions_app.models import ChatSession, ChatUser, Thread, VisitorToken
from tests import cast
from tests.integration.api.conftest import Program, refused
from tests.integration.chat.identities import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(shop) -> Site:
    return Site(shop)


def come(nobody: Program, **body: object) -> dict[str, object]:
    response = nobody.post("/chat/shop", body)
    assert response.status_code in (200, 201), response.content
    return response.body


def chat_of(chat: dict[str, object]) -> ChatSession:
    """They say something in it."""
    outcome = cast.say(Thread.objects.get(pk=chat["thread"]))
    return ChatSession.objects.get(pk=outcome.session.id)


# ── whose chat it is
def test_somebody_the_site_vouches_for_is_that_user_of_the_realm(nobody, shop, site):
    identity = site.vouch("u-7", name="Ada", email="ada@example.com", locale="de-AT")
    response = nobody.post("/chat/shop", {"identity": identity})
    assert response.status_code == 201
    assert response.body["language"] == "de"
    user = ChatUser.objects.get()
    assert (user.realm, user.external_id, user.name, user.email) == (shop.realm, "u-7", "Ada", "ada@example.com")
    assert user.identified


def test_their_devices_share_the_latest_thread(nobody, site):
    phone, desk = come(nobody, identity=site.vouch()), come(nobody, identity=site.vouch())
    assert phone["thread"] == desk["thread"]
    assert phone["visitor_token"] != desk["visitor_token"]
    back = nobody.post("/chat/shop", {"visitor_token": desk["visitor_token"], "identity": site.vouch()})
    assert (back.status_code, back.body["visitor_token"]) == (200, desk["visitor_token"])
    assert VisitorToken.objects.count() == 2


def test_what_the_site_says_later_replaces_what_it_said_and_the_rest_stays(nobody, site):
    come(nobody, identity=site.vouch(name="Ada", email="ada@example.com"))
    come(nobody, identity=site.vouch(name="Ada Lovelace"))
    user = ChatUser.objects.get()
    assert (user.name, user.email) == ("Ada Lovelace", "ada@example.com")


def test_a_visitor_who_is_identified_takes_their_chat_along(nobody, site):
    visitor = come(nobody)
    session = chat_of(visitor)
    known = come(nobody, visitor_token=visitor["visitor_token"], identity=site.vouch(name="Ada"))
    session.refresh_from_db()
    assert known["thread"] == visitor["thread"]
    assert (session.user.external_id, session.thread.user.external_id) == ("u-7", "u-7")
    assert (session.state, session.row_version) == ("live", 2)


def test_nothing_is_merged(nobody, site):
    phone = come(nobody, identity=site.vouch())
    earlier = chat_of(phone)
    visitor = come(nobody)
    later = chat_of(visitor)
    known = come(nobody, visitor_token=visitor["visitor_token"], identity=site.vouch())
    assert known["thread"] == str(later.thread_id), "the latest"
    assert {earlier.thread_id, later.thread_id} == set(
        Thread.objects.filter(user__external_id="u-7").values_list("pk", flat=True)
    )
    earlier.refresh_from_db()
    assert earlier.state == "live"


def test_a_chat_in_which_nothing_was_said_does_not_take_the_place_of_theirs(nobody, site):
    """Whoever opens the page before they are signed in has an empty thread that is newer than their chat."""
    chat_of(phone := come(nobody, identity=site.vouch()))
    visitor = come(nobody)
    assert come(nobody, visitor_token=visitor["visitor_token"], identity=site.vouch())["thread"] == phone["thread"]


def test_the_token_of_before_is_not_the_identified_user(nobody, site):
    """Or whoever had put it into the browser would be them."""
    visitor = come(nobody)
    chat_of(visitor)
    known = come(nobody, visitor_token=visitor["visitor_token"], identity=site.vouch())
    assert known["visitor_token"] != visitor["visitor_token"]
    refused(nobody.post("/chat/shop", {"visitor_token": visitor["visitor_token"]}), 401, "unauthenticated")
    with_old = Program(token=visitor["visitor_token"])
    refused(with_old.get("/sessions"), 401, "unauthenticated")


def test_of_somebody_else_who_was_signed_in_here_nothing_goes_along(nobody, site):
    ada = come(nobody, identity=site.vouch("ada"))
    session = chat_of(ada)
    grace = come(nobody, visitor_token=ada["visitor_token"], identity=site.vouch("grace"))
    session.refresh_from_db()
    assert session.user.external_id == "ada"
    assert grace["thread"] != ada["thread"]
    refused(nobody.post("/chat/shop", {"visitor_token": ada["visitor_token"]}), 401, "unauthenticated")


def test_the_limit_of_open_sessions_holds_for_what_comes_along_too(nobody, olga, shop, site):
    limited = cast.agent("limited", owner=olga, policy={"max_concurrent_per_user": 1})
    limited_site = Site(limited)
    identity = limited_site.vouch()
    body = nobody.post("/chat/limited", {"identity": identity}).body
    theirs = chat_of(body)
    visitor = nobody.post("/chat/limited").body
    mine = chat_of(visitor)
    token = visitor["visitor_token"]

    problem = refused(
        nobody.post("/chat/limited", {"visitor_token": token, "identity": identity}), 429, "session_limit_reached"
    )
    assert set(problem["open_sessions"]) == {str(theirs.pk), str(mine.pk)}
    assert not ChatSession.objects.get(pk=mine.pk).user.identified
    assert nobody.post("/chat/limited", {"visitor_token": token}).status_code == 200, "nothing was changed"

    Program(token=token).post(f"/sessions/{mine.pk}/end")
    assert nobody.post("/chat/limited", {"visitor_token": token, "identity": identity}).status_code == 201
    assert ChatSession.objects.get(pk=mine.pk).user.external_id == "u-7"


# ── whether an agent takes it
def test_an_agent_that_takes_none_refuses_it(nobody, site, shop):
    identity = site.vouch()
    shop.identity = "none"
    shop.save()
    assert list(refused(nobody.post("/chat/shop", {"identity": identity}), 422, "invalid")["errors"]) == ["identity"]
    assert not ChatUser.objects.exists()


def test_an_agent_that_requires_it_chats_with_nobody_else(nobody, site, shop):
    visitor = come(nobody)
    chat_of(visitor)
    shop.identity = "required"
    shop.save()
    refused(nobody.post("/chat/shop"), 401, "unauthenticated")
    refused(nobody.post("/chat/shop", {"visitor_token": visitor["visitor_token"]}), 401, "unauthenticated")
    refused(Program(token=visitor["visitor_token"]).post("/sessions", {"agent": "shop"}), 403, "forbidden")
    assert ChatUser.objects.count() == 1
    known = come(nobody, identity=site.vouch())
    assert come(nobody, visitor_token=known["visitor_token"])["thread"] == known["thread"], "they are known by now"


# ── what counts
def encoded(value: object) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(header: object, claims: object, key: str, digest: str = "sha256") -> str:
    """By hand, as a forger does."""
    body = f"{encoded(header)}.{encoded(claims)}"
    return f"{body}.{encoded(hmac.new(key.encode(), body.encode(), digest).digest())}"


def in_time(**claims: object) -> dict[str, object]:
    return {"sub": "u-7", "exp": int(time.time()) + 600} | claims


HEADER = {"alg": "HS256", "typ": "JWT"}
FORGERIES = {
    "alg none": lambda site: f"{encoded({'alg': 'none'})}.{encoded(in_time())}.",
    "alg None, with a signature": lambda site: signed({"alg": "None"}, in_time(), site.secret),
    "HS512 under the right secret": lambda site: site.sign(in_time(), algorithm="HS512", secret=site.secret * 2),
    "HS512 signed right": lambda site: signed({"alg": "HS512"}, in_time(), site.secret, "sha512"),
    "RS256 in the header": lambda site: signed({"alg": "RS256"}, in_time(), site.secret),
    "no alg": lambda site: signed({"typ": "JWT"}, in_time(), site.secret),
    "a wrong key": lambda site: site.sign(in_time(), secret="x" * 43),
    "the empty key": lambda site: signed(HEADER, in_time(), ""),
    "the digest of the key": lambda site: signed(HEADER, in_time(), hashlib.sha256(site.secret.encode()).hexdigest()),
    "another agent's key": lambda site: Site(cast.agent("billing")).vouch(),
    "a changed claim": lambda site: changed(site.vouch()),
    "a changed signature": lambda site: site.vouch()[:-5] + "AAAAA",
    "cut off": lambda site: site.vouch()[:-10],
    "without its signature": lambda site: site.vouch().rpartition(".")[0],
    "four parts": lambda site: site.vouch() + ".x",
    "dots": lambda site: "..",
    "nothing": lambda site: "",
    "no base64": lambda site: "ä.ö.ü",
    "a header that is no object": lambda site: signed([], in_time(), site.secret),
    "a header that is too deep": lambda site: signed(b"[" * 1200 + b"]" * 1200, in_time(), site.secret),
    "critical extensions": lambda site: signed(HEADER | {"crit": ["b64"], "b64": False}, in_time(), site.secret),
    "a kid that is no text": lambda site: signed(HEADER | {"kid": 7}, in_time(), site.secret),
    "claims that are no object": lambda site: signed(HEADER, ["sub"], site.secret),
    "claims that are too deep": lambda site: signed(HEADER, b"[" * 1000 + b"]" * 1000, site.secret),
    "claims that are no JSON": lambda site: signed(HEADER, b"{", site.secret),
    "claims that are no UTF-8": lambda site: signed(HEADER, b"\xff\xfe", site.secret),
    "a number of ten thousand digits": lambda site: signed(HEADER, b'{"exp": ' + b"9" * 2000 + b"e}", site.secret),
    "a token of another kind": lambda site: "vis_" + "x" * 43,
}


def changed(token: str) -> str:
    header, _, signature = token.split(".")
    return ".".join((header, encoded(in_time(sub="root")), signature))


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_in_one_sentence_for_all_of_them(nobody, site, forgery):
    problem = refused(nobody.post("/chat/shop", {"identity": FORGERIES[forgery](site)}), 422, "invalid")
    assert problem["errors"] == {"identity": [FORGED]}
    assert site.secret not in json.dumps(problem)
    assert not ChatUser.objects.exists()
    assert not Thread.objects.exists()


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"exp": 1}, "It has expired; sign a new one."),
        ({"exp": 10**12}, "exp is too far ahead: at most 24 hours."),
        ({"exp": None}, "exp must be a number: seconds since 1970."),
        ({"sub": None}, "sub is required: your own id of the user, 1 to 200 printable characters."),
        ({"sub": "a\0b"}, "sub must be a text of at most 200 printable characters."),
        ({"sub": "visitor-7"}, "sub must not begin with visitor-: that is how anonymous visitors are named."),
        ({"aud": "billing"}, "aud names another agent."),
    ],
)
def test_what_is_wrong_with_a_signed_identity_is_named(nobody, site, claims, sentence):
    problem = refused(
        nobody.post("/chat/shop", {"identity": signed(HEADER, in_time(**claims), site.secret)}), 422, "invalid"
    )
    assert problem["errors"] == {"identity": [sentence]}
    assert not ChatUser.objects.exists()


@pytest.mark.parametrize("claims", [b'{"sub": "u-7", "exp": 1e999}', b'{"sub": "u-7", "exp": NaN}'])
def test_numbers_that_are_none_are_refused(nobody, site, claims):
    refused(nobody.post("/chat/shop", {"identity": signed(HEADER, claims, site.secret)}), 422, "invalid")


@pytest.mark.parametrize("identity", ["x" * 4097, "x" * 100_000, 7, ["eyJ"]])
def test_what_cannot_be_an_identity_is_refused_by_its_field(nobody, site, identity):
    problem = refused(nobody.post("/chat/shop", {"identity": identity}), 422, "invalid")
    assert list(problem["errors"]) == ["identity"]


def test_without_a_secret_nobody_is_identified(nobody, site):
    identity = site.vouch()
    IdentitySecret.objects.all().delete()
    assert refused(nobody.post("/chat/shop", {"identity": identity}), 422, "invalid")["errors"]["identity"] == [FORGED]


def test_an_identity_that_is_refused_leaves_the_visitor_as_they_are(nobody, site):
    visitor = come(nobody)
    refused(nobody.post("/chat/shop", {"visitor_token": visitor["visitor_token"], "identity": "eyJ"}), 422, "invalid")
    assert come(nobody, visitor_token=visitor["visitor_token"])["thread"] == visitor["thread"]


# ── the secret
def test_an_owner_makes_a_secret_that_is_shown_once_and_stored_encrypted(nobody, owner, shop):
    response = owner.post("/agents/shop/identity-secret")
    assert response.status_code == 201
    secret = response.body["secret"]
    assert secret.startswith("ids_")
    assert response.body["previous_until"] is None
    shop.identity = "optional"
    shop.save()
    assert nobody.post("/chat/shop", {"identity": jwt.encode(in_time(), secret)}).status_code == 201

    assert secret not in owner.get("/agents/shop").text
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed, (SELECT string_agg(e::text, ' ') FROM audit_entry e) FROM agents_identitysecret")
        sealed, audited = cursor.fetchone()
    assert secret.removeprefix("ids_") not in sealed
    assert "agent.identity_secret_made" in audited
    assert secret not in audited


def test_the_secret_before_counts_for_an_hour_and_no_longer_when_it_is_replaced_twice(nobody, owner, site):
    old = site.secret
    replaced = owner.post("/agents/shop/identity-secret").body
    assert replaced["previous_until"] is not None
    assert nobody.post("/chat/shop", {"identity": site.sign(in_time(), secret=old)}).status_code == 201
    assert nobody.post("/chat/shop", {"identity": site.sign(in_time(), secret=replaced["secret"])}).status_code == 201
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agents_identitysecret SET ends_at = ends_at - interval '1 hour' WHERE ends_at IS NOT NULL"
        )
    refused(nobody.post("/chat/shop", {"identity": site.sign(in_time(), secret=old)}), 422, "invalid")
    newest = owner.post("/agents/shop/identity-secret").body["secret"]
    owner.post("/agents/shop/identity-secret")
    owner.post("/agents/shop/identity-secret")
    refused(nobody.post("/chat/shop", {"identity": site.sign(in_time(), secret=newest)}), 422, "invalid")
    assert IdentitySecret.objects.count() == 2


def test_an_idempotency_key_does_not_keep_a_secret(owner):
    first = owner.post("/agents/shop/identity-secret", Idempotency_Key="once").body["secret"]
    assert owner.post("/agents/shop/identity-secret", Idempotency_Key="once").body["secret"] != first


def test_nobody_but_owners_and_admins_makes_one(stranger, translator, nobody, visitor, admin):
    refused(stranger.post("/agents/shop/identity-secret"), 404, "not_found")
    refused(translator.post("/agents/shop/identity-secret"), 403, "forbidden")
    refused(visitor.post("/agents/shop/identity-secret"), 404, "not_found")
    refused(nobody.post("/agents/shop/identity-secret"), 401, "unauthenticated")
    assert not IdentitySecret.objects.exists()
    assert admin.post("/agents/shop/identity-secret").status_code == 201
    refused(admin.post("/agents/nowhere/identity-secret"), 404, "not_found")


def test_under_another_secret_key_the_site_is_not_believed_until_there_is_a_new_one(nobody, owner, site, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert nobody.post("/chat/shop", {"identity": site.vouch()}).status_code == 201, "a fallback reads what was sealed"
    settings.SECRET_KEY_FALLBACKS = []
    refused(nobody.post("/chat/shop", {"identity": site.vouch()}), 422, "invalid")
    site.secret = owner.post("/agents/shop/identity-secret").body["secret"]
    assert nobody.post("/chat/shop", {"identity": site.vouch()}).status_code == 201
