"""Building an agent in four steps, without JavaScript: nothing exists before the last, nothing typed is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.accounts.permissions import NotAllowed, Verb, allows
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.audit.models import Entry
from sessions_app.actions import agents as actions
from sessions_app.actions.agents import Refused
from sessions_app.actions.policies import OutOfBounds
from sessions_app.core.agents import Settings
from sessions_app.core.policy import default_policy
from sessions_app.engines.scripting import grammar
from sessions_app.queries import policies, slugs
from tests import cast
from tests.integration.policy.tab import boxes

pytestmark = pytest.mark.django_db

BASICS = {"name": "Holiday helper", "platform": "scripted", "prompt_kind": "intent", "prompt_event": "WELCOME"}
LANGUAGES = {"languages": ["en", "de"], "default_language": "en"}


class Builder:
    """Somebody who builds an agent, following the redirects that a browser follows."""

    def __init__(self, account: Account) -> None:
        self.client = Client()
        self.client.force_login(account)
        self.page: HttpResponse = self.client.get("/agents/new/", follow=True)

    @property
    def step(self) -> str:
        return str(self.page.context["step"])

    @property
    def address(self) -> str:
        return str(self.page.context["addresses"][self.step])

    def stands(self, **changed: Any) -> dict[str, Any]:
        """What the boxes of this step hold."""
        hidden = {"platform": self.page.context["platform"].value} if self.step == "policy" else {}
        return {**boxes(self.page.context["form"]), **hidden, **changed}

    def send(self, go: str = "next", **typed: Any) -> HttpResponse:
        self.page = self.client.post(self.address, {**typed, "go": go}, follow=True)
        return self.page

    def open(self, step: str) -> HttpResponse:
        self.page = self.client.get(self.page.context["addresses"][step], follow=True)
        return self.page

    def through(self, *, basics: dict[str, Any] | None = None, policy: dict[str, Any] | None = None) -> None:
        """To the last step."""
        self.send(**{**BASICS, **(basics or {})})
        self.send(**self.stands(**(policy or {})))
        self.send(**LANGUAGES)


def test_four_steps_make_an_agent_its_policy_and_its_owner(olga: Account) -> None:
    builder = Builder(olga)
    builder.through(policy={"session_duration": "20m"})
    assert (builder.step, Agent.objects.count()) == ("review", 0)
    for said in ("Holiday helper", "holiday-helper", "Scripted bot", "20 minutes", "Deutsch"):
        assert said in builder.page.text
    made = builder.send("create")
    assert made.redirect_chain == [("/agents/holiday-helper/", 302)]  # type: ignore[attr-defined]
    agent = Agent.objects.get()
    assert (agent.slug, agent.name, agent.platform) == ("holiday-helper", "Holiday helper", "scripted")
    assert (agent.languages, agent.default_language) == (["en", "de"], "en")
    version = policies.current([agent.pk])[agent.pk]
    assert (version.number, version.author, version.policy.session_duration) == (1, "olga", timedelta(minutes=20))
    assert allows(cast.principal(olga), Verb.EDIT_AGENT, agent_id=agent.pk)
    entry = Entry.objects.get(verb="agent.created")
    assert (entry.account, entry.agent, entry.after["name"]) == (olga, agent, "Holiday helper")


def test_a_new_scripted_agent_answers_at_once(olga: Account) -> None:
    builder = Builder(olga)
    builder.through()
    builder.send("create")
    assert grammar.validate(Agent.objects.get().script, default_language="en", prompt_event="WELCOME") == []


def test_agents_of_one_owner_share_their_users_and_others_never() -> None:
    realms = []
    for name in ("olga", "otto"):
        account = cast.account(name)
        for _ in range(2):
            builder = Builder(account)
            builder.through()
            builder.send("create")
            realms.append(Agent.objects.latest("pk").realm)
    assert realms[0] == realms[1] != realms[2] == realms[3]


# ── the slug ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Shop assistant", "shop-assistant"),
        ("Ärzte & Co.", "arzte-co"),
        ("متجر", "agent"),
        ("new", "new-2"),
        ("x" * 80, "x" * 57),
    ],
)
def test_a_slug_is_proposed_from_the_name(name: str, slug: str) -> None:
    assert slugs.free(name) == slug


def test_a_proposed_slug_is_one_that_is_free() -> None:
    cast.agent("shop")
    cast.agent("shop-2")
    assert slugs.free("Shop") == "shop-3"


def test_a_slug_that_is_taken_is_refused_with_one_that_is_not(olga: Account) -> None:
    cast.agent("shop")
    builder = Builder(olga)
    builder.send(**BASICS, slug="shop")
    assert builder.step == "basics"
    assert builder.page.context["form"].errors["slug"] == ["There is an agent “shop” already; “shop-2” is free."]


def test_a_slug_that_was_taken_meanwhile_is_told_at_the_end_and_nothing_is_lost(olga: Account) -> None:
    builder = Builder(olga)
    builder.through(basics={"slug": "shop"})
    cast.agent("shop")
    assert builder.send("create").status_code == 200
    assert (builder.step, Agent.objects.count()) == ("basics", 1)
    assert builder.page.context["form"]["name"].value() == "Holiday helper"


@pytest.mark.parametrize(
    ("typed", "said"), [({"name": "Shop"}, "It will be shop"), ({"name": "Shop", "slug": "x"}, "></output>")]
)
def test_the_slug_is_said_while_the_name_is_typed(olga: Account, typed: dict[str, str], said: str) -> None:
    builder = Builder(olga)
    assert said in builder.client.post("/agents/new/slug/", typed).text


# ── nothing is lost ────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_wrong_is_said_and_what_was_typed_stays(olga: Account) -> None:
    builder = Builder(olga)
    typed = {
        "name": "A <b>bot</b>",
        "slug": "Not a slug",
        "prompt_kind": "preset",
        "prompt_text": "",
        "platform": "openai",
    }
    builder.send(**typed)
    assert (builder.page.status_code, builder.step) == (422, "basics")
    assert set(builder.page.context["form"].errors) == {"slug"}
    assert {name: builder.page.context["form"][name].value() for name in typed} == typed
    assert "A &lt;b&gt;bot&lt;/b&gt;" in builder.page.text


def test_going_back_keeps_what_was_typed_even_when_it_is_wrong(olga: Account) -> None:
    builder = Builder(olga)
    builder.send(**BASICS)
    builder.send("back", **builder.stands(session_duration="forever", idle_timeout="7m"))
    assert builder.step == "basics"
    assert builder.page.context["form"]["name"].value() == "Holiday helper"
    builder.send(**builder.stands())
    form = builder.page.context["form"]
    assert (form["session_duration"].value(), form["idle_timeout"].value()) == ("forever", "7m")


def test_coming_back_later_finds_every_step_as_it_was(olga: Account) -> None:
    builder = Builder(olga)
    builder.through(policy={"session_duration": "20m"})
    address = builder.address
    builder.client.get("/agents/")
    builder.page = builder.client.get(address)
    assert (builder.step, "20 minutes" in builder.page.text) == ("review", True)


def test_two_agents_are_built_side_by_side(olga: Account) -> None:
    first = Builder(olga)
    first.send(**BASICS)
    second = Builder(olga)
    second.client = first.client
    second.send(**{**BASICS, "name": "Another"})
    assert first.open("basics").context["form"]["name"].value() == "Holiday helper"
    assert second.open("basics").context["form"]["name"].value() == "Another"


def test_what_is_sent_to_a_draft_that_is_gone_begins_it_anew(olga: Account) -> None:
    builder = Builder(olga)
    builder.send(**BASICS)
    address = builder.page.context["addresses"]["basics"]
    builder.client.force_login(olga)
    builder.client.session.flush()
    builder.client.force_login(olga)
    builder.page = builder.client.post(address, {**BASICS, "name": "Still here", "go": "next"}, follow=True)
    assert builder.step == "policy"
    assert builder.open("basics").context["form"]["name"].value() == "Still here"


def test_a_draft_that_has_become_an_agent_is_not_built_twice(olga: Account) -> None:
    builder = Builder(olga)
    builder.through()
    address = builder.address
    builder.send("create")
    builder.client.post(address, {"go": "create"}, follow=True)
    assert Agent.objects.count() == 1
    again = builder.client.get(address, follow=True)
    assert "That draft is no longer there" in again.text


@pytest.mark.parametrize("step", ["policy", "languages", "review", "nonsense"])
def test_no_step_is_reached_before_the_ones_it_needs(olga: Account, step: str) -> None:
    builder = Builder(olga)
    builder.page = builder.client.get(f"/agents/new/?draft=x&step={step}", follow=True)
    assert builder.step == "basics"
    assert builder.client.post(f"/agents/new/?draft=x&step={step}", {"go": "create"}).status_code in (302, 422)
    assert Agent.objects.count() == 0


def test_somebody_elses_draft_is_not_there(olga: Account) -> None:
    builder = Builder(olga)
    builder.send(**BASICS)
    address = builder.address
    other = Builder(cast.account("otto"))
    other.page = other.client.get(address, follow=True)
    assert (other.step, other.page.context["form"]["name"].value()) == ("basics", None)


# ── the platform decides defaults and bounds ───────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("platform", Platform)
def test_the_platform_sets_defaults_and_bounds(olga: Account, platform: Platform) -> None:
    builder = Builder(olga)
    builder.send(**{**BASICS, "platform": platform.value})
    duration = builder.page.context["form"]["session_duration"]
    expected = {Platform.DIALOGFLOW_CX: "30m", Platform.DIALOGFLOW_ES: "20m"}.get(platform, "1h")
    assert duration.value() == expected
    assert f"on {platform.label}" in duration.help_text


def test_another_platform_takes_its_own_defaults_and_names_what_no_longer_fits(olga: Account) -> None:
    builder = Builder(olga)
    builder.send(**BASICS)
    builder.send(**builder.stands(max_duration="2h"))
    builder.open("basics")
    builder.send(**builder.stands(platform="dialogflow_es"))
    form = builder.page.context["form"]
    assert (form["session_duration"].value(), form["max_duration"].value()) == ("20m", "2h")
    builder.send(**builder.stands(session_duration="25m"))
    assert builder.page.context["form"].errors == {
        "session_duration": ["Session duration on Dialogflow ES is 1 to 20 minutes."]
    }


def test_a_value_somebody_chose_stays_and_is_named_on_the_new_platform(olga: Account) -> None:
    builder = Builder(olga)
    builder.send(**BASICS)
    builder.send(**builder.stands(session_duration="45m"))
    builder.open("basics")
    builder.send(**builder.stands(platform="dialogflow_es"))
    duration = builder.page.context["form"]["session_duration"]
    assert duration.value() == "45m"
    assert duration.errors == ["Session duration on Dialogflow ES is 1 to 20 minutes."]


# ── languages ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"languages": [], "default_language": "en"}, "languages"),
        ({"languages": ["de"], "default_language": "en"}, "default_language"),
        ({"languages": ["en"], "other_languages": "klingon-speak", "default_language": "en"}, "other_languages"),
        ({"languages": ["tlh"], "default_language": "en"}, "languages"),
    ],
)
def test_languages_that_cannot_be_are_said(olga: Account, typed: dict[str, Any], field: str) -> None:
    builder = Builder(olga)
    builder.send(**BASICS)
    builder.send(**builder.stands())
    builder.send(**typed)
    assert (builder.step, list(builder.page.context["form"].errors)) == ("languages", [field])


def test_any_language_can_be_named_by_its_tag(olga: Account) -> None:
    builder = Builder(olga)
    builder.send(**BASICS)
    builder.send(**builder.stands())
    builder.send(languages=["en"], other_languages="pt_ao; SW", default_language="sw")
    builder.send("create")
    agent = Agent.objects.get()
    assert (agent.languages, agent.default_language) == (["en", "pt-AO", "sw"], "sw")


# ── the action itself ──────────────────────────────────────────────────────────────────────────────────────────────
def test_it_is_all_or_nothing(olga: Account) -> None:
    settings = Settings(name="Shop", platform=Platform.DIALOGFLOW_ES, languages=("en",), default_language="en")
    with pytest.raises(OutOfBounds, match="Session duration on Dialogflow ES"):
        actions.create(
            principal=cast.principal(olga), slug="shop", settings=settings, policy=default_policy(Platform.OPENAI)
        )
    assert (Agent.objects.count(), olga.grants.count(), Entry.objects.count()) == (0, 0, 0)


def test_a_slug_is_given_once_whoever_comes_first(olga: Account) -> None:
    settings = Settings(name="Shop", platform=Platform.EXTERNAL, languages=("en",), default_language="en")
    actions.create(principal=cast.principal(olga), slug="shop", settings=settings)
    with pytest.raises(Refused, match="There is an agent “shop” already"):
        actions.create(principal=cast.principal(olga), slug="shop", settings=settings)
    assert olga.grants.count() == 1


def test_nobody_builds_without_the_right() -> None:
    settings = Settings(name="Shop", platform=Platform.EXTERNAL, languages=("en",), default_language="en")
    translator = cast.account("tara", Role.TRANSLATOR)
    with pytest.raises(NotAllowed):
        actions.create(principal=cast.principal(translator), slug="shop", settings=settings)
