"""The pages of translators: who sees what, and that nothing typed is ever lost."""

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from localization import actions, queries
from localization.core.keys import Key
from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from tests import cast

pytestmark = pytest.mark.django_db

GERMAN = "/agents/shop/localization/session_expired/de/"


@pytest.fixture
def shop() -> Agent:
    return cast.agent("shop", languages=["en", "de", "ar", "pt-BR", "sw"])


@pytest.fixture
def olga(shop: Agent) -> Account:
    """The owner."""
    olga = cast.account("olga")
    cast.own(olga, shop)
    return olga


@pytest.fixture
def tara(shop: Agent) -> Account:
    """The translator of German and Arabic."""
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de", "ar")
    return tara


def browser(account: Account, *, htmx: bool = False) -> Client:
    client = Client(headers={"hx-request": "true"} if htmx else None)
    client.force_login(account)
    return client


def own_text(agent: Agent, language: str = "de") -> str | None:
    return queries.row(agent, key=Key.SESSION_EXPIRED, language=language).own


def written_by(account: Account, agent: Agent, text: str, language: str = "de") -> None:
    actions.save_text(
        principal=cast.principal(account),
        agent=agent,
        key=Key.SESSION_EXPIRED,
        language=language,
        text=text,
        expected_version=None,
    )


def page(response: HttpResponse) -> str:
    return response.content.decode()


# ── who sees what ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_board_shows_a_translator_only_what_is_theirs(shop: Agent, tara: Account) -> None:
    cast.agent("billing")
    board = page(browser(tara).get("/localization/"))
    assert "Shop" in board
    assert "Deutsch" in board
    assert "Kiswahili" not in board
    assert "Billing" not in board


def test_the_board_shows_an_admin_everything(shop: Agent) -> None:
    cast.agent("billing")
    board = page(browser(cast.admin()).get("/localization/"))
    assert "Billing" in board
    assert "Kiswahili" in board
    assert "8 missing" in board


def test_the_board_says_so_when_there_is_nothing_yet() -> None:
    assert "No messages to edit yet" in page(browser(cast.account("newcomer")).get("/localization/"))


def test_a_long_board_has_pages(shop: Agent) -> None:
    for number in range(51):
        cast.agent(f"agent-{number}")
    root = browser(cast.admin())
    assert "Agents 1–50 of 52" in page(root.get("/localization/"))
    assert "Agents 51–52 of 52" in page(root.get("/localization/?page=2"))
    assert root.get("/localization/?page=nonsense").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/agents/shop/localization/", 200),
        (GERMAN, 302),  # to its place on the page
        ("/agents/shop/localization/session_expired/pt-BR/", 403),  # of this agent, but not of this translator
        ("/agents/shop/localization/?edit=session_expired/pt-BR", 403),
        ("/agents/shop/localization/session_expired/fr/", 404),  # not of this agent
        ("/agents/shop/localization/greeting/de/", 404),
        ("/agents/shop/localization/?edit=greeting/de", 404),
        ("/agents/billing/localization/", 404),  # not visible
        ("/agents/billing/localization/session_expired/de/", 404),
        ("/agents/nobody/localization/", 404),
    ],
)
def test_what_a_translator_may_open(shop: Agent, tara: Account, path: str, status: int) -> None:
    cast.agent("billing", languages=["de", "en"])
    assert browser(tara).get(path).status_code == status


@pytest.mark.parametrize(("language", "status"), [("de", 302), ("pt-BR", 403), ("fr", 404)])
def test_what_a_translator_may_write(shop: Agent, tara: Account, language: str, status: int) -> None:
    path = f"/agents/shop/localization/session_expired/{language}/"
    assert browser(tara).post(path, {"text": "Vorbei", "version": 0}).status_code == status
    assert own_text(shop, language) == ("Vorbei" if status == 302 else None)


def test_others_do_not_get_in(shop: Agent) -> None:
    assert Client().get("/agents/shop/localization/").status_code == 302
    assert browser(cast.account("emil", Role.USER)).get("/localization/").status_code == 403
    assert browser(cast.account("otto")).get("/agents/shop/localization/").status_code == 404


# ── the page of an agent ─────────────────────────────────────────────────────────────────────────────────────────────
def test_every_message_is_a_section_and_session_expiration_is_the_first_and_open(shop: Agent, olga: Account) -> None:
    shown = page(browser(olga).get("/agents/shop/localization/"))
    assert shown.count("<details") == len(Key)
    assert shown.count(" open>") == 1
    assert shown.index('id="session_expired" open>') < shown.index('id="expiry_warning"')


def test_a_row_names_the_language_its_text_and_where_that_comes_from(shop: Agent, olga: Account) -> None:
    written_by(olga, shop, "Vorbei")
    shown = page(browser(olga).get("/agents/shop/localization/"))
    assert '<p class="message" lang="de" dir="ltr">Vorbei</p>' in shown
    assert '<span class="sub">olga, ' in shown
    assert '<p class="message fallback" lang="ar" dir="rtl">انتهت صلاحية جلستك</p>' in shown
    assert "Fallback: Portal's Arabic text." in shown
    assert "Nothing in Swahili" in shown


def test_one_language_alone_is_shown_with_every_section_open(shop: Agent, olga: Account) -> None:
    shown = page(browser(olga).get("/agents/shop/localization/?language=ar"))
    assert shown.count(" open>") == len(Key)
    assert 'id="session_expired-ar"' in shown
    assert 'id="session_expired-de"' not in shown


def test_the_page_asks_the_database_as_often_however_many_texts_there_are(
    shop: Agent, olga: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tab = browser(olga)
    for _ in range(2):
        with django_assert_num_queries(5):  # the web session, the account, its grants, the agent, the texts
            tab.get("/agents/shop/localization/")
        written_by(olga, shop, "Vorbei")


def test_a_hostile_text_is_shown_as_text(shop: Agent, olga: Account) -> None:
    written_by(olga, shop, "<script>alert(1)</script>")
    shown = page(browser(olga).get("/agents/shop/localization/"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown


# ── editing without JavaScript ───────────────────────────────────────────────────────────────────────────────────────
def test_the_editor_starts_from_what_users_read_now(shop: Agent, olga: Account) -> None:
    opened = browser(olga).get(GERMAN, follow=True)
    assert opened.redirect_chain == [("/agents/shop/localization/?edit=session_expired/de#session_expired-de", 302)]
    assert "Ihre Sitzung ist abgelaufen</textarea>" in page(opened)
    missing = page(browser(olga).get("/agents/shop/localization/?edit=session_expired/sw"))
    assert 'lang="sw"' in missing
    assert "></textarea>" in missing.replace("\n", "")  # not in somebody else's language


def test_saving_leads_back_to_the_row_and_says_so(shop: Agent, olga: Account) -> None:
    saved = browser(olga).post(GERMAN, {"text": "Vorbei ", "version": "0"}, follow=True)
    assert saved.redirect_chain == [("/agents/shop/localization/?open=session_expired#session_expired-de", 302)]
    assert "German: Saved." in page(saved)
    assert "There is a space or an empty line at the end." in page(saved)  # a warning, after the fact
    assert own_text(shop) == "Vorbei "


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The text is empty."),
        ("Tschüs {nobody}", "“{nobody}” is not a placeholder of this message."),
        ("Tschüs {{agent}}", "“{{agent}}” is not a whole placeholder."),
        ("%s Tschüs", "“%s” is not a whole placeholder."),
        ("x" * 501, "The text has 501 characters; at most 500 are shown."),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_a_refused_text_stays_in_its_box_with_the_reason_beside_it(
    shop: Agent, olga: Account, text: str, sentence: str, htmx: bool
) -> None:
    refused = browser(olga, htmx=htmx).post(GERMAN, {"text": text, "version": "0"})
    assert refused.status_code == 422
    assert sentence in page(refused)
    assert f"\n{text}</textarea>" in page(refused)
    assert ("<html" in page(refused)) is not htmx
    assert own_text(shop) is None


def test_a_text_with_a_null_character_is_no_error_of_ours(shop: Agent, olga: Account) -> None:
    assert browser(olga).post(GERMAN, {"text": "a\x00b", "version": "0"}).status_code == 422


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 5000])
def test_a_form_that_was_tampered_with_saves_nothing(shop: Agent, olga: Account, version: str) -> None:
    assert browser(olga).post(GERMAN, {"text": "Vorbei", "version": version}).status_code == 422
    assert own_text(shop) is None


@pytest.mark.parametrize("htmx", [False, True])
def test_the_second_of_two_writers_sees_both_texts_and_decides(
    shop: Agent, olga: Account, tara: Account, htmx: bool
) -> None:
    written_by(olga, shop, "Von Olga")
    tab = browser(tara, htmx=htmx)
    conflict = tab.post(GERMAN, {"text": "Von Tara", "version": "0"})
    assert conflict.status_code == 422
    assert "olga changed this text while you were writing." in page(conflict)
    assert "Von Olga</blockquote>" in page(conflict)
    assert "Von Tara</textarea>" in page(conflict)
    assert own_text(shop) == "Von Olga"
    assert 'name="version" value="1"' in page(conflict)
    tab.post(GERMAN, {"text": "Von Tara", "version": "1"})
    assert own_text(shop) == "Von Tara"


def test_reverting_shows_the_fallback_again(shop: Agent, olga: Account) -> None:
    written_by(olga, shop, "Vorbei")
    reverted = browser(olga).post(GERMAN, {"deed": "revert", "version": "1"}, follow=True)
    assert "German: Reverted to the fallback." in page(reverted)
    assert "Ihre Sitzung ist abgelaufen" in page(reverted)
    assert own_text(shop) is None


def test_one_language_alone_stays_so_after_a_deed(shop: Agent, olga: Account) -> None:
    saved = browser(olga).post(GERMAN, {"text": "Vorbei", "version": "0", "only": "de"})
    assert saved.headers["Location"] == "/agents/shop/localization/?language=de&open=session_expired#session_expired-de"


# ── editing with htmx ────────────────────────────────────────────────────────────────────────────────────────────────
def test_htmx_swaps_one_row(shop: Agent, olga: Account) -> None:
    tab = browser(olga, htmx=True)
    editor = page(tab.get(f"{GERMAN}?edit"))
    assert editor.count("<li") == 1
    assert "<textarea" in editor
    row = page(tab.get(GERMAN))
    assert "<textarea" not in row
    assert "autofocus" in row  # cancelled: the focus comes back to the button
    saved = tab.post(GERMAN, {"text": "Vorbei", "version": "0"})
    assert "Vorbei</p>" in page(saved)
    assert 'id="counts-session_expired" hx-swap-oob="true"' in page(saved)
    assert "1 own" in page(saved)
    assert "Saved." in saved.headers["HX-Trigger"]
