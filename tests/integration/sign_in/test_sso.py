"""Single sign-on by OpenID Connect, with a provider that speaks it."""

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from tests import cast
from tests.integration.sign_in import provider as oidc
from tests.integration.sign_in.attempts import is_in, set_up_app

pytestmark = pytest.mark.django_db
OLGA = {
    "sub": "4711",
    "email": "olga@example.org",
    "email_verified": True,
    "name": "Olga P",
    "preferred_username": "op",
}


FORGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def provider(settings: Any) -> Iterator[oidc.Provider]:
    with oidc.running() as running:
        running.claims = dict(OLGA)
        settings.OIDC_SERVER, settings.OIDC_NAME = running.issuer, "Example Inc."
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {
                "OAUTH_PKCE_ENABLED": True,
                "APPS": [
                    {
                        "provider_id": "sso",
                        "name": "Example Inc.",
                        "client_id": oidc.CLIENT,
                        "secret": oidc.SECRET,
                        "settings": {"server_url": running.issuer},
                    }
                ],
            }
        }
        yield running


def sign_in(client: Client, provider: oidc.Provider, **changed: str) -> Any:
    begun = client.post("/login/sso/")
    assert begun.headers["Location"].startswith(f"{provider.issuer}/authorize?")
    return client.get("/login/sso/callback/", provider.consent(begun.headers["Location"]) | changed)


def test_the_way_there_is_on_the_sign_in_page(client: Client, provider: oidc.Provider) -> None:
    assert "Sign in with Example Inc." in client.get("/login/").text


def test_who_was_invited_with_that_address_is_in(client: Client, olga: Account, provider: oidc.Provider) -> None:
    assert sign_in(client, provider).headers["Location"] == "/"
    assert int(client.session["_auth_user_id"]) == olga.pk
    assert is_in(client)


def test_later_it_is_the_person_that_counts_and_not_the_address(
    client: Client, olga: Account, provider: oidc.Provider
) -> None:
    sign_in(client, provider)
    provider.claims["email"] = "olga.p@example.org"
    other = Client()
    sign_in(other, provider)
    assert int(other.session["_auth_user_id"]) == olga.pk


def test_an_address_that_nobody_has_verified_is_nobodys_way_in(
    client: Client, olga: Account, provider: oidc.Provider, settings: Any
) -> None:
    settings.OIDC_NEW_PEOPLE = "owner"
    provider.claims["email_verified"] = False
    answer = sign_in(client, provider)
    assert "There is no account for you here yet" in answer.text
    assert not is_in(client)


def test_who_was_not_invited_is_told_whom_to_ask(client: Client, provider: oidc.Provider) -> None:
    provider.claims["email"] = "stranger@example.org"
    assert "Ask one; nothing was made or changed." in sign_in(client, provider).text
    assert not Account.objects.filter(email="stranger@example.org").exists()


def test_others_are_let_in_as_what_the_operator_says(client: Client, provider: oidc.Provider, settings: Any) -> None:
    settings.OIDC_NEW_PEOPLE = "translator"
    provider.claims |= {"email": "new@example.org", "role": "admin"}
    sign_in(client, provider)
    made = Account.objects.get(email="new@example.org")
    assert (made.role, made.is_staff, made.is_superuser) == (Role.TRANSLATOR, False, False)
    assert not made.has_usable_password()


def test_an_account_that_is_off_stays_off(client: Client, olga: Account, provider: oidc.Provider) -> None:
    Account.objects.filter(pk=olga.pk).update(is_active=False)
    assert "Your account is switched off" in sign_in(client, provider).text
    assert not is_in(client)


def test_a_second_factor_is_asked_here_too(client: Client, olga: Account, provider: oidc.Provider) -> None:
    cast.sign_in(client, olga)
    set_up_app(client)
    other = Client()
    assert sign_in(other, provider).headers["Location"] == "/login/second-factor/"


def test_where_one_is_required_the_organization_sees_to_it(
    client: Client, olga: Account, provider: oidc.Provider, settings: Any
) -> None:
    settings.MFA_REQUIRED = True
    sign_in(client, provider)
    assert is_in(client)


# ── what is forged
def test_an_answer_that_nobody_has_asked_for_signs_nobody_in(
    client: Client, olga: Account, provider: oidc.Provider
) -> None:
    begun = client.post("/login/sso/")
    brought = provider.consent(begun.headers["Location"])
    victim = Client()
    answer = victim.get("/login/sso/callback/", brought)
    assert "did not sign you in" in answer.text
    assert not is_in(victim)


@pytest.mark.parametrize("changed", [{"state": "forged"}, {"code": "forged"}, {"code": ""}])
def test_a_forged_answer_signs_nobody_in(
    client: Client, olga: Account, provider: oidc.Provider, changed: dict[str, str]
) -> None:
    assert "did not sign you in" in sign_in(client, provider, **changed).text
    assert not is_in(client)


def test_a_code_counts_once(client: Client, olga: Account, provider: oidc.Provider) -> None:
    begun = client.post("/login/sso/")
    brought = provider.consent(begun.headers["Location"])
    client.get("/login/sso/callback/", brought)
    client.post("/logout/")
    assert "did not sign you in" in client.get("/login/sso/callback/", brought).text
    assert not is_in(client)


@pytest.mark.parametrize(("what", "value"), [("audience", "another client"), ("signs_as", "https://evil.example")])
def test_a_token_for_others_or_of_others_signs_nobody_in(
    client: Client, olga: Account, provider: oidc.Provider, what: str, value: str
) -> None:
    setattr(provider, what, value)
    assert "did not sign you in" in sign_in(client, provider).text
    assert not is_in(client)


@pytest.mark.parametrize(
    ("key", "algorithm"), [(FORGER, "RS256"), ("of the client, forged and long enough", "HS256"), (None, "none")]
)
def test_a_token_that_the_provider_has_not_signed_signs_nobody_in(
    client: Client, olga: Account, provider: oidc.Provider, key: Any, algorithm: str
) -> None:
    provider.signs_with, provider.algorithm = key, algorithm
    assert "did not sign you in" in sign_in(client, provider).text
    assert not is_in(client)


def test_a_provider_that_calls_itself_another_is_not_believed(
    client: Client, olga: Account, provider: oidc.Provider
) -> None:
    provider.says_it_is = provider.signs_as = "https://evil.example"
    assert "did not sign you in" in sign_in(client, provider).text
    assert not is_in(client)


def test_a_provider_that_leads_elsewhere_is_not_followed(client: Client, provider: oidc.Provider) -> None:
    provider.leads_on = True
    assert client.post("/login/sso/").status_code == 502


def test_a_provider_that_is_away_is_told_in_words(client: Client, provider: oidc.Provider, settings: Any) -> None:
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps[0]["settings"]["server_url"] = "http://127.0.0.1:1/"
    answer = client.post("/login/sso/")
    assert answer.status_code == 502
    assert "did not sign you in" in answer.text


def test_following_a_link_begins_no_sign_in(client: Client, provider: oidc.Provider) -> None:
    """Whoever can make somebody follow a link could sign them in as somebody else."""
    answer = client.get("/login/sso/")
    assert answer.status_code == 200
    assert provider.issuer not in answer.headers.get("Location", "")


def test_without_a_provider_there_is_no_such_way(client: Client) -> None:
    assert client.post("/login/sso/").status_code == 404
    assert "your organization" not in client.get("/login/").text
