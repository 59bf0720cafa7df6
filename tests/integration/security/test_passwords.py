"""What a password may be, and how it is asked for."""

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from portal.accounts.models import Account

pytestmark = pytest.mark.django_db
EASY = ["short17", "password", "12345678", "qwertyuiop", "nina@example.org", "nina-hagen", "portal-demo"]
HOUSE = ["portal2026", "Portal-Admin!", "welcome-2026", "example2026", "chatbotchatbot"]
ANY = [
    "lowercaseonlyletters",
    "UPPERCASEONLYLETTERS",
    "            spaces around it   ",
    "пароль без цифр",
    "鍵鍵鍵鍵鍵鍵鍵鍵鍵",
]


@pytest.fixture
def nina() -> Account:
    return Account.objects.create_user("nina-hagen", email="nina@example.org", password=None)


def choose(account: Account, password: str) -> None:
    uid = urlsafe_base64_encode(force_bytes(account.pk))
    client = Client()
    form = client.get(f"/invitation/{uid}/{default_token_generator.make_token(account)}/", follow=True)
    client.post(form.request["PATH_INFO"], {"new_password1": password, "new_password2": password})
    account.refresh_from_db()


def is_in(password: str) -> bool:
    client = Client()
    client.post("/login/", {"username": "nina-hagen", "password": password})
    return client.get("/account/").status_code == 200


@pytest.mark.parametrize("password", EASY)
def test_a_password_that_is_easy_to_guess_is_refused(nina, password):
    choose(nina, password)
    assert not nina.has_usable_password()


@pytest.mark.parametrize("password", HOUSE)
def test_one_of_words_of_the_house_is_refused(nina, settings, password):
    settings.PORTAL_URL = "https://example.test"
    choose(nina, password)
    assert not nina.has_usable_password()


@pytest.mark.parametrize("password", ["a portal to somewhere", "27182818284590452353"])
def test_one_that_would_do_without_them_will_do(nina, password):
    choose(nina, password)
    assert is_in(password)


@pytest.mark.parametrize("password", ANY)
def test_any_composition_will_do(nina, password):
    choose(nina, password)
    assert is_in(password)


@pytest.mark.parametrize("length", [64, 200])
def test_it_may_be_long(nina, length):
    password = ("long " * length)[:length]
    choose(nina, password)
    assert is_in(password)
    assert not is_in(password[:-1])


def test_it_is_taken_as_it_was_typed(nina):
    choose(nina, "  Mixed Case Words  ")
    assert is_in("  Mixed Case Words  ")
    for other in ("Mixed Case Words", "  mixed case words  ", "  Mixed Case Words"):
        assert not is_in(other)


def test_its_field_hides_it_and_lets_a_manager_fill_it(client):
    page = client.get("/login/").text
    (field,) = [tag for tag in page.split("<") if tag.startswith("input") and 'name="password"' in tag]
    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert "onpaste" not in page
