"""Agents over HTTP: built, read, changed and removed (3-api.md, "Agents, policy, messages, users, webhooks")."""

from typing import Any

import pytest

from portal.accounts.models import Account, Token
from portal.accounts.names import Role
from portal.agents.core.platforms import TITLES, Platform
from portal.agents.models import Agent
from portal.audit.models import Entry
from sessions_app.engines.scripting.starter import starter
from sessions_app.models import PolicyVersion
from tests import cast
from tests.integration.api.conftest import Program, program, refused

pytestmark = pytest.mark.django_db

SHOP = "/agents/shop"
SCRIPT = starter(name="Bistro", language="en", event="WELCOME")
NEW = {"slug": "bistro", "name": "Bistro", "platform": "external"}
AS_BUILT = NEW | {
    "languages": ["en"],
    "default_language": "en",
    "prompt": {"kind": "intent", "event": "WELCOME", "text": None},
    "model": None,
    "models": [],
    "allowed_origins": [],
    "identity": "none",
    "transfer_targets": [],
    "remember": True,
    "sensitive_variables": [],
    "owners": ["olga"],
    "status": "active",
    "engine": {},
}


def change(who: Program, body: Any, path: str = SHOP, **headers: str) -> Any:
    return who.call("PATCH", path, body, headers=headers)


def wrong(response: Any) -> dict[str, list[str]]:
    """Field → sentences of a refused body."""
    errors: dict[str, list[str]] = refused(response, 422, "invalid")["errors"]
    return errors


# ── building
def test_an_agent_is_built_with_what_portal_gives_a_new_one(owner, olga):
    built = owner.post("/agents", NEW)
    assert built.status_code == 201
    assert built.body == AS_BUILT | {"realm": f"account-{olga.pk}"}
    assert owner.get("/agents/bistro").body == built.body
    assert owner.get("/agents/bistro").headers["ETag"] == built.headers["ETag"]
    assert owner.get("/agents/bistro/session-policy").body["version"] == 1


def test_everything_can_be_said_at_once(owner):
    everything = {
        "slug": "bistro",
        "name": "Bistro",
        "platform": "scripted",
        "languages": ["en", "pt-BR"],
        "default_language": "pt-BR",
        "prompt": {"kind": "preset", "event": None, "text": "Bom dia!"},
        "model": "large",
        "models": ["small", "large"],
        "allowed_origins": ["https://bistro.example"],
        "identity": "optional",
        "transfer_targets": ["shop"],
        "realm": "guests",
        "remember": False,
        "sensitive_variables": ["card"],
        "owners": ["olga"],
        "status": "disabled",
        "engine": {"script": starter(name="Bistro", language="pt-BR", event="")},
    }
    built = owner.post("/agents", everything)
    assert (built.status_code, built.body) == (201, everything)


def test_building_is_audited_and_names_people_by_id_alone(owner, olga):
    owner.post("/agents", NEW)
    entry = Entry.objects.get(verb="agent.created")
    assert (entry.account, entry.agent.slug, entry.after["owners"]) == (olga, "bistro", [olga.pk])


def test_values_are_kept_in_their_one_spelling_and_once(owner):
    built = owner.post(
        "/agents",
        NEW
        | {
            "name": " Bistro ",
            "languages": ["PT_br", "iw", "pt-BR"],
            "allowed_origins": ["https://Bistro.example:443/", "https://bistro.example"],
            "models": ["a", "b", "a"],
        },
    ).body
    assert (built["name"], built["languages"], built["default_language"]) == ("Bistro", ["pt-BR", "he"], "pt-BR")
    assert (built["allowed_origins"], built["models"]) == (["https://bistro.example"], ["a", "b"])


def test_a_scripted_bot_without_a_script_gets_one_that_works(owner):
    built = owner.post("/agents", NEW | {"platform": "scripted"})
    assert built.status_code == 201
    assert "Hello, this is Bistro." in built.body["engine"]["script"]


def test_a_slug_is_made_from_the_name(owner):
    assert owner.post("/agents", {"name": "Shop", "platform": "external"}).body["slug"] == "shop-2"


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("shop", "There is an agent “shop” already; choose another slug."),
        ("new", "“new” is an address of Portal's own; choose another slug."),
        (
            "Bistro!",
            "A slug is 1 to 63 small letters, digits and hyphens, and begins and ends with a letter or digit.",
        ),
    ],
)
def test_a_slug_that_cannot_be_is_said(owner, slug, sentence):
    assert wrong(owner.post("/agents", NEW | {"slug": slug})) == {"slug": [sentence]}
    assert Agent.objects.count() == 1


def test_name_and_platform_are_asked_for(owner):
    required = ["This is required."]
    assert wrong(owner.post("/agents", {})) == {"name": required, "platform": required}


# ── reading and changing
def test_what_was_read_can_be_sent_back_and_changes_nothing(owner, shop):
    Agent.objects.update(platform="scripted", script=SCRIPT, prompt_kind="intent", languages=["en"])
    before = Entry.objects.count()
    read = owner.get(SHOP)
    again = change(owner, read.body, If_Match=read.headers["ETag"])
    assert (again.status_code, again.body, again.headers["ETag"]) == (200, read.body, read.headers["ETag"])
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "Store"},
        {"languages": ["de", "fr"], "default_language": "de"},
        {"prompt": {"kind": "preset", "event": None, "text": "Hi"}},
        {"model": "gpt-4o", "models": ["gpt-4o", "meta/llama 3:8b"]},
        {"allowed_origins": ["https://shop.example"]},
        {"identity": "required"},
        {"remember": False},
        {"sensitive_variables": ["iban", "e mail"]},
        {"status": "disabled"},
        {"platform": "dialogflow_cx"},
    ],
)
def test_any_subset_is_changed_and_nothing_else(owner, shop, sent):
    before = owner.get(SHOP)
    changed = change(owner, sent)
    assert (changed.status_code, changed.body) == (200, before.body | sent)
    assert owner.get(SHOP).body == changed.body
    assert changed.headers["ETag"] != before.headers["ETag"]


def test_a_change_is_audited_with_before_and_after(owner, olga, shop):
    change(owner, {"model": "large", "remember": False, "name": "Shop"})
    entry = Entry.objects.get(verb="agent.changed")
    assert (entry.account, entry.agent) == (olga, shop)
    assert (entry.before, entry.after) == ({"model": "", "remember": True}, {"model": "large", "remember": False})


def test_no_model_is_null(owner):
    change(owner, {"model": "large"})
    assert change(owner, {"model": None}).body["model"] is None


def test_a_prompt_keeps_what_its_kind_has_no_use_for(owner):
    change(owner, {"prompt": {"kind": "intent", "event": "HELLO"}})
    change(owner, {"prompt": {"kind": "none"}})
    prompt = change(owner, {"prompt": {"kind": "intent"}}).body["prompt"]
    assert prompt == {"kind": "intent", "event": "HELLO", "text": None}


def test_a_slug_never_changes(owner):
    assert wrong(change(owner, {"slug": "store"})) == {"slug": ["A slug never changes."]}
    assert change(owner, {"slug": "shop"}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"name": " "}, "name", "At least 1 characters."),
        ({"name": "x" * 101}, "name", "At most 100 characters."),
        ({"name": "a\nb"}, "name", "Only printable characters can be used here."),
        ({"name": None}, "name", "This must be a text."),
        ({"platform": "abacus"}, "platform", None),
        ({"languages": []}, "languages", "An agent speaks at least one language."),
        ({"languages": ["de"]}, "default_language", "The default language is one of the agent's languages; English is"),
        ({"languages": ["klingon!"]}, "languages.0", "“klingon!” is not a language tag, such as en, pt-BR or zh-Hant."),
        ({"languages": "en"}, "languages", None),
        ({"default_language": "fr"}, "default_language", None),
        ({"prompt": {"kind": "shout"}}, "prompt.kind", "This must be 'intent', 'preset' or 'none'."),
        ({"prompt": {"kind": "preset"}}, "prompt.text", "A preset prompt needs its text."),
        ({"prompt": {"kind": "preset", "text": "x" * 2001}}, "prompt.text", "At most 2,000 characters."),
        ({"prompt": {"kind": "intent", "event": " "}}, "prompt.event", "An intent prompt needs the name of the event"),
        ({"model": "x" * 101}, "model", "At most 100 characters."),
        ({"model": " large"}, "model", "“ large” is no name: 1 to 100 printable characters on one line."),
        ({"models": ["small"], "model": "large"}, "model", "The model is one of those that may be chosen; “large” is"),
        ({"models": [""]}, "models", "“” is no name: 1 to 100 printable characters on one line."),
        ({"models": [str(n) for n in range(51)]}, "models", "At most 50 models."),
        ({"allowed_origins": ["shop.example"]}, "allowed_origins.0", "“shop.example” is no site; write it like"),
        ({"allowed_origins": [f"https://{n}.example" for n in range(51)]}, "allowed_origins", "At most 50 sites."),
        ({"identity": "maybe"}, "identity", "This must be 'none', 'optional' or 'required'."),
        ({"transfer_targets": ["shop"]}, "transfer_targets", "An agent does not hand its users to itself."),
        ({"transfer_targets": ["nobody"]}, "transfer_targets", "There is no agent “nobody”, or not for you."),
        ({"transfer_targets": [f"a{n}" for n in range(51)]}, "transfer_targets", "At most 50 agents."),
        ({"realm": "../etc"}, "realm", "A realm is 1 to 100 letters, digits and the signs . _ : - between them."),
        ({"realm": ""}, "realm", "At least 1 characters."),
        ({"remember": "perhaps"}, "remember", "This must be true or false."),
        ({"sensitive_variables": ["internal"]}, "sensitive_variables", "“internal” is Portal's own part"),
        ({"sensitive_variables": [str(n) for n in range(101)]}, "sensitive_variables", "At most 100 variables."),
        ({"owners": []}, "owners", "An agent has at least one owner."),
        ({"owners": ["zoe"]}, "owners", "There is no agent owner or admin named “zoe”."),
        ({"status": "asleep"}, "status", "This must be 'active' or 'disabled'."),
        ({"engine": {"script": "x"}}, "engine", "Your own back end answers for an external agent; leave engine empty."),
        ({"engine": "x"}, "engine", None),
        ({"colour": "red"}, "colour", "There is no such field."),
    ],
)
def test_each_thing_that_cannot_be_is_named_and_nothing_is_changed(owner, shop, sent, field, sentence):
    before = owner.get(SHOP)
    errors = wrong(change(owner, {"remember": False} | sent))
    assert list(errors) == [field]
    assert sentence is None or errors[field][0].startswith(sentence), errors
    assert owner.get(SHOP).body == before.body
    assert not Entry.objects.filter(verb="agent.changed").exists()


def test_a_platform_whose_bounds_the_policy_exceeds_is_refused_and_each_value_is_named(owner):
    problem = refused(change(owner, {"platform": "dialogflow_es", "name": "Store"}), 422, "out_of_bounds")
    assert problem["errors"] == {"session_duration": ["Session duration on Dialogflow ES is 1 to 20 minutes."]}
    assert owner.get(SHOP).body["name"] == "Shop"


def test_a_platform_that_fits_is_a_version_of_the_policy(owner, shop):
    change(owner, {"platform": "dialogflow_cx"})
    assert PolicyVersion.objects.filter(agent=shop).count() == 2


# ── two at once
def test_a_stale_etag_is_refused_and_a_fresh_one_is_not(owner):
    seen = owner.get(SHOP).headers["ETag"]
    changed = change(owner, {"name": "Theirs"}, If_Match=seen)
    assert changed.status_code == 200
    refused(change(owner, {"name": "Mine"}, If_Match=seen), 412, "version_conflict")
    assert owner.get(SHOP).body["name"] == "Theirs"
    assert change(owner, {"name": "Mine"}, If_Match=f'"0", {changed.headers["ETag"]}').status_code == 200


def test_owners_are_part_of_what_the_etag_speaks_of(owner, shop):
    seen = owner.get(SHOP).headers["ETag"]
    cast.own(cast.account("otto"), shop)
    refused(change(owner, {"name": "Mine"}, If_Match=seen), 412, "version_conflict")


@pytest.mark.parametrize("header", ["", "nonsense", '"0"', 'W/"0"'])
def test_what_names_no_version_matches_none(owner, header):
    refused(change(owner, {"name": "Mine"}, If_Match=header), 412, "version_conflict")


def test_a_weak_etag_never_matches(owner):
    weak = f"W/{owner.get(SHOP).headers['ETag']}"
    refused(change(owner, {"name": "Mine"}, If_Match=weak), 412, "version_conflict")


def test_without_an_etag_the_last_one_wins_on_the_fields_given_alone(owner, admin):
    change(admin, {"name": "Theirs", "remember": False})
    mine = change(owner, {"name": "Mine"}).body
    assert (mine["name"], mine["remember"]) == ("Mine", False)
    assert change(owner, {"name": "Anyhow"}, If_Match="*").status_code == 200


def test_a_translator_is_told_no_version_of_what_they_do_not_see(translator):
    assert "ETag" not in translator.get(SHOP).headers


# ── the engine
@pytest.mark.parametrize("platform", [p for p in Platform if p not in (Platform.SCRIPTED, Platform.EXTERNAL)])
def test_what_no_engine_would_read_is_not_kept(owner, platform):
    sent = NEW | {"platform": platform, "engine": {"api_key": "hush"}}
    sentence = f"This copy of Portal has no engine for {TITLES[platform]} yet; leave engine empty."
    assert wrong(owner.post("/agents", sent)) == {"engine": [sentence]}
    for empty in ({}, None):
        built = owner.post("/agents", NEW | {"slug": f"b{empty is None:d}", "platform": platform, "engine": empty})
        assert (built.status_code, built.body["engine"]) == (201, {})


@pytest.fixture
def bot(owner) -> Program:
    built = owner.post("/agents", NEW | {"platform": "scripted", "engine": {"script": SCRIPT}})
    assert built.body["engine"] == {"script": SCRIPT}
    return owner


def test_a_script_is_changed(bot):
    wanted = SCRIPT.replace("Goodbye!", "So long!")
    changed = change(bot, {"engine": {"script": wanted.replace("\n", "\r\n")}}, "/agents/bistro")
    assert changed.body["engine"] == {"script": wanted} != {"script": SCRIPT}


@pytest.mark.parametrize("engine", [{"script": 5}, {"script": SCRIPT, "more": 1}, {"api_key": "x"}])
def test_a_scripted_bot_has_a_script_and_nothing_else(bot, engine):
    sentence = "A scripted bot has a script, a text in YAML, and nothing else."
    assert wrong(change(bot, {"engine": engine}, "/agents/bistro")) == {"engine": [sentence]}


def test_every_mistake_of_a_script_has_its_line(bot):
    (sentence,) = wrong(change(bot, {"engine": {"script": "languages: 5\n"}}, "/agents/bistro"))["engine.script"]
    assert sentence.startswith("Line 1: ")
    assert change(bot, {"default_language": "en", "engine": {}}, "/agents/bistro").body["engine"] == {"script": SCRIPT}


# ── owners
def test_owners_are_changed_and_audited_by_id(owner, olga, shop):
    otto = cast.account("otto")
    changed = change(owner, {"owners": ["otto", "olga", "otto"]})
    assert changed.body["owners"] == ["olga", "otto"]
    entry = Entry.objects.get(verb="agent.changed")
    assert (entry.before, entry.after) == ({"owners": [olga.pk]}, {"owners": [olga.pk, otto.pk]})
    assert program(otto).get(SHOP).status_code == 200


def test_an_owner_can_hand_an_agent_over(owner):
    otto = cast.account("otto")
    handed = change(owner, {"owners": ["otto"]})
    assert (handed.status_code, handed.body["owners"]) == (200, ["otto"])
    refused(owner.get(SHOP), 404, "not_found")
    assert program(otto).get(SHOP).body["owners"] == ["otto"]


def test_only_those_who_run_agents_can_own_one(owner):
    cast.account("emil", Role.USER)
    cast.account("tara", Role.TRANSLATOR)
    cast.account("gone", is_active=False)
    sentences = wrong(change(owner, {"owners": ["olga", "emil", "tara", "gone"]}))["owners"]
    assert sentences == [f"There is no agent owner or admin named “{name}”." for name in ("emil", "gone", "tara")]


def test_an_owner_who_is_away_may_stay_one(owner, shop):
    cast.own(cast.account("gone", is_active=False), shop)
    cast.account("otto")
    assert change(owner, {"owners": ["gone", "olga", "otto"]}).status_code == 200


def test_translators_stay_what_they_are_when_owners_change(owner, translator):
    cast.account("otto")
    change(owner, {"owners": ["otto", "olga"]})
    assert translator.get(SHOP).status_code == 200


def test_an_admin_builds_for_others_in_their_realm(admin, olga):
    built = admin.post("/agents", NEW | {"owners": ["olga"]}).body
    assert (built["owners"], built["realm"]) == (["olga"], f"account-{olga.pk}")


def test_an_owner_builds_for_themselves_in_their_own_realm(owner, olga):
    cast.account("otto")
    sentence = "You own what you build: be among the owners, and hand it over afterwards."
    assert wrong(owner.post("/agents", NEW | {"owners": ["otto"]})) == {"owners": [sentence]}
    built = owner.post("/agents", NEW | {"owners": ["otto", "olga"]}).body
    assert (built["owners"], built["realm"]) == (["olga", "otto"], f"account-{olga.pk}")


# ── transfer targets
def test_users_may_be_led_to_agents_the_editor_sees(owner, olga, admin):
    cast.agent("billing", owner=olga)
    cast.agent("helpdesk", owner=cast.account("otto"))
    assert change(owner, {"transfer_targets": ["billing"]}).status_code == 200
    assert list(wrong(change(owner, {"transfer_targets": ["billing", "helpdesk"]}))) == ["transfer_targets"]
    assert change(admin, {"transfer_targets": ["helpdesk", "billing"]}).status_code == 200


def test_a_target_somebody_else_has_chosen_may_stay(owner, admin):
    cast.agent("helpdesk", owner=cast.account("otto"))
    cast.agent("elsewhere")
    change(admin, {"transfer_targets": ["helpdesk"]})
    assert change(owner, {"transfer_targets": ["helpdesk"], "name": "Store"}).status_code == 200
    assert list(wrong(change(owner, {"transfer_targets": ["helpdesk", "elsewhere"]}))) == ["transfer_targets"]
    assert change(owner, {"transfer_targets": []}).status_code == 200


# ── the realm
@pytest.fixture
def own_realm(olga, shop) -> str:
    """shop has no past, and is where olga's agents are."""
    realm = f"account-{olga.pk}"
    Agent.objects.filter(pk=shop.pk).update(realm=realm)
    return realm


def test_a_realm_of_ones_own_or_one_nobody_has_can_be_chosen(owner, olga, own_realm):
    cast.agent("billing", owner=olga, realm="invoices")
    for realm in ("fresh", "invoices", own_realm):
        assert change(owner, {"realm": realm}).body["realm"] == realm


def test_nobody_moves_in_with_other_peoples_users(owner, own_realm):
    """An agent meets every user of its realm, and what they told the others."""
    otto = cast.account("otto")
    cast.agent("helpdesk", owner=otto, realm="staff")
    cast.user("zoe", realm="left behind"), cast.user("zoe", realm="left")
    for realm in ("staff", "left", f"account-{otto.pk}", "account-999999"):
        sentence = f"The realm “{realm}” is somebody else's; name one of yours, or one nobody has."
        assert wrong(change(owner, {"realm": realm})) == {"realm": [sentence]}
        assert wrong(owner.post("/agents", NEW | {"realm": realm})) == {"realm": [sentence]}


def test_an_admin_may_join_realms(admin):
    cast.agent("helpdesk", owner=cast.account("otto"), realm="staff")
    assert change(admin, {"realm": "staff"}).body["realm"] == "staff"


def test_an_agent_people_have_chatted_with_keeps_its_realm(admin, visitor, shop):
    (sentence,) = wrong(change(admin, {"realm": "fresh", "name": "Store"}))["realm"]
    assert sentence.startswith("People have chatted with this agent: in another realm they would be other people.")
    assert admin.get(SHOP).body["name"] == "Shop"
    assert change(admin, {"realm": shop.realm, "name": "Store"}).status_code == 200


# ── removing
def test_an_agent_is_removed_with_its_past_and_its_name_is_free(owner, visitor):
    owner.post(f"/sessions/{visitor.session}/end")
    gone = owner.call("DELETE", SHOP)
    assert (gone.status_code, gone.content) == (204, b"")
    refused(owner.get(SHOP), 404, "not_found")
    refused(owner.call("DELETE", SHOP), 404, "not_found")
    refused(owner.get(f"/sessions/{visitor.session}"), 404, "not_found")
    refused(visitor.get("/sessions"), 401, "unauthenticated")  # nobody meets them any more
    assert owner.post("/agents", NEW | {"slug": "shop"}).status_code == 201


def test_an_agent_with_an_open_session_is_not_removed(owner, visitor):
    problem = refused(owner.call("DELETE", SHOP), 409, "state_changed")
    assert problem["detail"].startswith("1 session is open with this agent. Nothing was removed. End what is open")
    assert owner.get(f"/sessions/{visitor.session}").body["state"] == "live"


# ── who may
def test_a_token_for_reading_changes_nothing(owner):
    Token.objects.update(read_only=True)
    assert owner.get(SHOP).status_code == 200
    refused(owner.post("/agents", NEW), 403, "forbidden")
    refused(change(owner, {"name": "Store"}), 403, "forbidden")
    refused(owner.call("DELETE", SHOP), 403, "forbidden")


def test_end_users_build_nothing(nobody, shop):
    emil: Account = cast.account("emil", Role.USER)
    refused(program(emil).post("/agents", NEW), 403, "forbidden")
    refused(nobody.post("/agents", NEW), 401, "unauthenticated")
    assert Agent.objects.count() == 1
