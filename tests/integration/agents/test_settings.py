"""Changing an agent: what fits is saved and audited, what does not is named, and nobody is overwritten unseen."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.accounts.models import Account
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.audit.models import Entry
from sessions_app.engines.scripting.starter import starter
from sessions_app.queries import policies
from tests import cast

pytestmark = pytest.mark.django_db

PATH = "/agents/shop/settings/"
SCRIPT = starter(name="Shop", language="en", event="WELCOME")


class Settings:
    """The settings of an agent, opened by somebody."""

    def __init__(self, account: Account) -> None:
        self.client = Client()
        self.client.force_login(account)
        form = self.client.get(PATH).context["form"]
        stands = {name: form[name].value() for name in form.fields}
        self.opened = {name: value for name, value in stands.items() if value is not None}

    def save(self, **changed: Any) -> HttpResponse:
        return self.client.post(PATH, {**self.opened, **changed})


def errors(response: HttpResponse) -> dict[str, list[str]]:
    return {name: list(sentences) for name, sentences in response.context["form"].errors.items()}


def test_everything_can_be_changed(olga: Account, shop: Agent) -> None:
    cast.agent("billing", owner=olga)
    saved = Settings(olga).save(
        name="Store",
        status="disabled",
        languages=["de", "fr"],
        other_languages="sw",
        default_language="de",
        prompt_kind="preset",
        prompt_text="Guten Tag!\r\nWas darf es sein?",
        allowed_origins="https://Shop.example/\n\nhttps://shop.example http://localhost:3000",
        model="large",
        models=" small\r\nlarge\r\n\r\nlarge",
        transfer_targets=["billing"],
        remember="",
        sensitive_variables="iban\ncard number",
    )
    assert saved.headers["Location"] == PATH
    shop.refresh_from_db()
    assert (shop.model, shop.models) == ("large", ["small", "large"])
    assert (shop.transfer_targets, shop.remember) == (["billing"], False)
    assert shop.sensitive_variables == ["iban", "card number"]
    assert (shop.name, shop.status, shop.languages, shop.default_language) == (
        "Store",
        "disabled",
        ["de", "fr", "sw"],
        "de",
    )
    assert (shop.prompt_kind, shop.prompt_text) == ("preset", "Guten Tag!\nWas darf es sein?")
    assert shop.allowed_origins == ["https://shop.example", "http://localhost:3000"]


def test_a_change_is_audited_with_before_and_after(olga: Account, shop: Agent) -> None:
    Settings(olga).save(name="Store", languages=["en"])
    entry = Entry.objects.get(verb="agent.changed")
    assert (entry.account, entry.agent, entry.subject) == (olga, shop, "agent shop")
    assert entry.before == {"name": "Shop", "languages": ["en", "de"]}
    assert entry.after == {"name": "Store", "languages": ["en"]}


def test_saving_the_same_is_no_deed(olga: Account, shop: Agent) -> None:
    assert Settings(olga).save().status_code == 302
    assert Entry.objects.count() == 0


def test_what_is_wrong_is_said_beside_its_field_and_everything_stays(olga: Account, shop: Agent) -> None:
    typed = {"name": "", "allowed_origins": "shop.example\nhttps://x.example/path", "prompt_event": "HELLO"}
    refused = Settings(olga).save(**typed)
    assert refused.status_code == 422
    found = errors(refused)
    assert set(found) == {"name", "allowed_origins"}
    assert (
        found["allowed_origins"][0] == "“shop.example” is no site; write it like https://shop.example, without a path."
    )
    form = refused.context["form"]
    assert {name: form[name].value() for name in typed} == typed
    shop.refresh_from_db()
    assert (shop.name, shop.prompt_event) == ("Shop", "WELCOME")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"languages": []}, "languages"),
        ({"default_language": "fr"}, "default_language"),
        ({"prompt_kind": "preset", "prompt_text": " "}, "prompt_text"),
        ({"prompt_kind": "intent", "prompt_event": ""}, "prompt_event"),
        ({"prompt_kind": "shout"}, "prompt_kind"),
        ({"platform": "abacus"}, "platform"),
        ({"status": "asleep"}, "status"),
        ({"name": "x" * 101}, "name"),
        ({"name": "\x00"}, "name"),
        ({"model": "x" * 101}, "model"),
        ({"model": "large", "models": "small"}, "model"),
        ({"models": "x" * 101}, "models"),
        ({"models": "\n".join(map(str, range(51)))}, "models"),
        ({"models": "x" * 20_001}, "models"),
        ({"transfer_targets": ["nobody"]}, "transfer_targets"),
        ({"transfer_targets": ["shop"]}, "transfer_targets"),
        ({"sensitive_variables": "internal"}, "sensitive_variables"),
        ({"sensitive_variables": "\n".join(map(str, range(101)))}, "sensitive_variables"),
    ],
)
def test_each_thing_that_cannot_be_is_named(olga: Account, shop: Agent, changed: dict[str, Any], field: str) -> None:
    assert list(errors(Settings(olga).save(**changed))) == [field]


# ── where users may go to ──────────────────────────────────────────────────────────────────────────────────────────
def offered(account: Account) -> list[tuple[str, str, str]]:
    """Slug, title and note of each box."""
    client = Client()
    client.force_login(account)
    targets = client.get(PATH).context["form"].targets
    return [(each.effect, each.title, str(each.note)) for each in targets]


def test_every_other_agent_one_sees_can_be_chosen(olga: Account, shop: Agent) -> None:
    cast.agent("billing", owner=olga, status="disabled")
    cast.translate(olga, cast.agent("wiki"), "de")
    cast.agent("helpdesk", owner=cast.account("otto"))
    assert offered(olga) == [("billing", "Billing", "Disabled: nobody gets there now."), ("wiki", "Wiki", "")]
    assert [slug for slug, *_ in offered(cast.admin())] == ["billing", "helpdesk", "wiki"]


def test_one_that_somebody_else_has_chosen_stays_without_its_name(olga: Account, shop: Agent) -> None:
    cast.agent("billing", owner=olga)
    cast.agent("helpdesk", name="Internal affairs")
    Agent.objects.filter(pk=shop.pk).update(transfer_targets=["helpdesk"])
    assert offered(olga) == [("helpdesk", "helpdesk", "You do not see this agent."), ("billing", "Billing", "")]
    Settings(olga).save(name="Store", transfer_targets=["helpdesk", "billing"])
    shop.refresh_from_db()
    assert (shop.name, shop.transfer_targets) == ("Store", ["helpdesk", "billing"])


def test_where_there_is_no_other_agent_it_says_so(olga: Account, shop: Agent) -> None:
    client = Client()
    client.force_login(olga)
    assert "There is no other agent that you see." in client.get(PATH).text


def test_what_is_not_on_the_page_stays(olga: Account, shop: Agent) -> None:
    otto = cast.account("otto")
    cast.own(otto, shop)
    Agent.objects.filter(pk=shop.pk).update(identity="required", realm="guests", prompt_text="Hi")
    Settings(olga).save(name="Store")
    shop.refresh_from_db()
    assert (shop.name, shop.identity, shop.realm) == ("Store", "required", "guests")
    assert sorted(grant.account.username for grant in shop.grants.all()) == ["olga", "otto"]


# ── the script ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def bot(olga: Account) -> Agent:
    return cast.agent("shop", owner=olga, platform=Platform.SCRIPTED, prompt_kind="intent", script=SCRIPT)


def test_only_scripted_agents_have_a_script(olga: Account, shop: Agent) -> None:
    assert "script" not in Settings(olga).opened


def test_a_script_is_saved(olga: Account, bot: Agent) -> None:
    changed = SCRIPT.replace("Goodbye!", "So long!").replace("\n", "\r\n")
    assert Settings(olga).save(script=changed).status_code == 302
    bot.refresh_from_db()
    assert bot.script == SCRIPT.replace("Goodbye!", "So long!")
    assert Entry.objects.get().before["script"].startswith(f"{len(SCRIPT)} characters")


def test_a_broken_script_is_not_saved_and_every_mistake_has_its_line(olga: Account, bot: Agent) -> None:
    broken = "languages:\n  en:\n    intents:\n      hello:\n        phrases: [hello]\n"
    refused = Settings(olga).save(script=broken)
    assert refused.context["form"]["script"].value() == broken
    sentences = errors(refused)["script"]
    assert len(sentences) == 3
    assert all(sentence.startswith("Line ") for sentence in sentences)
    bot.refresh_from_db()
    assert bot.script == SCRIPT


def test_a_script_must_know_the_prompt_and_the_default_language(olga: Account, bot: Agent) -> None:
    assert "the event “HELLO”" in errors(Settings(olga).save(prompt_event="HELLO"))["script"][0]
    refused = Settings(olga).save(default_language="de", prompt_kind="none")
    assert errors(refused)["script"] == ["Line 1: The agent's default language “de” is not in the script."]


def test_an_emptied_script_is_replaced_by_one_that_works(olga: Account, bot: Agent) -> None:
    assert Settings(olga).save(script=" \n").status_code == 302
    bot.refresh_from_db()
    assert bot.script == SCRIPT


# ── another platform ───────────────────────────────────────────────────────────────────────────────────────────────
def test_a_platform_whose_bounds_the_policy_exceeds_is_refused_and_each_value_is_named(
    olga: Account, shop: Agent
) -> None:
    refused = Settings(olga).save(platform="dialogflow_es", name="Store")
    assert errors(refused) == {"platform": ["Session duration on Dialogflow ES is 1 to 20 minutes."]}
    assert 'href="/agents/shop/session-policy/"' in refused.text
    shop.refresh_from_db()
    assert (shop.platform, shop.name) == ("external", "Shop")
    assert Entry.objects.count() == 0


def test_moving_to_another_platform_is_a_version_of_the_policy(olga: Account, shop: Agent) -> None:
    before = policies.current([shop.pk])[shop.pk]
    Settings(olga).save(platform="dialogflow_cx")
    version = policies.current([shop.pk])[shop.pk]
    assert (version.number, version.platform, version.policy) == (2, Platform.DIALOGFLOW_CX, before.policy)
    assert (version.author, version.reason) == ("olga", "The agent moved to Dialogflow CX.")
    (difference,) = policies.Entry(version, before).differences
    assert (difference.title, difference.was, difference.now) == ("Platform", "External back end", "Dialogflow CX")


def test_an_agent_that_becomes_scripted_gets_a_script(olga: Account, shop: Agent) -> None:
    Settings(olga).save(platform="scripted")
    shop.refresh_from_db()
    assert "Hello, this is Shop." in shop.script


# ── two people at once ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_stale_form_shows_theirs_and_mine_and_keeps_what_was_typed(olga: Account, shop: Agent) -> None:
    cast.agent("billing")
    mine, theirs = Settings(olga), {"model": "large", "models": "large\nsmall", "transfer_targets": ["billing"]}
    Settings(cast.admin()).save(name="Theirs", languages=["en"], remember="", **theirs)
    stale = mine.save(name="Mine", allowed_origins="https://mine.example")
    assert stale.status_code == 422
    found = {each.title: (each.theirs, each.mine) for each in stale.context["disagreements"]}
    assert found == {
        "Name": ("Theirs", "Mine"),
        "Languages": ("English", "English, German"),
        "Allowed sites": ("any site", "https://mine.example"),
        "Model": ("large", "left to the bot"),
        "Models to choose from": ("large, small", "none"),
        "Agents that users may go to": ("billing", "none"),
        "Memory": ("off", "on"),
    }
    assert stale.context["form"]["name"].value() == "Mine"
    shop.refresh_from_db()
    assert shop.name == "Theirs"


def test_saving_again_after_seeing_theirs_is_done(olga: Account, shop: Agent) -> None:
    mine = Settings(olga)
    Settings(cast.admin()).save(name="Theirs")
    seen = mine.save(name="Mine").context["form"]["seen"].value()
    assert mine.save(name="Mine", seen=seen).status_code == 302
    shop.refresh_from_db()
    assert shop.name == "Mine"


def test_a_form_that_does_not_say_what_it_was_filled_from_overwrites_nothing(olga: Account, shop: Agent) -> None:
    for seen in ("", "nonsense"):
        assert Settings(olga).save(name="Mine", seen=seen).status_code == 422
    shop.refresh_from_db()
    assert shop.name == "Shop"


def test_sessions_go_on_when_their_agent_is_disabled(olga: Account, shop: Agent) -> None:
    running = cast.chatting(shop)
    Settings(olga).save(status="disabled")
    running.refresh_from_db()
    assert (running.state, running.ends_at - running.inactive_since) == ("live", timedelta(hours=1))
