"""Loading the demo: who and what is there then, once."""

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from localization import queries as texts
from localization.core.keys import Key
from portal.accounts.models import Account, Grant
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.audit.models import Entry
from portal.demo import loading
from sessions_app.models import ChatSession, ChatUser, PolicyVersion


def _rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_the_cast_has_its_roles(demo):
    roles = dict(Account.objects.values_list("username", "role"))
    assert roles == {
        "root": Role.ADMIN,
        "olga": Role.OWNER,
        "otto": Role.OWNER,
        "tara": Role.TRANSLATOR,
        "emil": Role.USER,
    }
    assert list(Account.objects.filter(is_superuser=True, is_staff=True).values_list("username", flat=True)) == ["root"]
    assert all(account.get_full_name() and account.email for account in Account.objects.all())


def test_agents_have_their_owners_translators_and_languages(demo):
    assert dict(Agent.objects.values_list("slug", "languages")) == {
        "shop": ["en", "de", "es", "ar"],
        "billing": ["en", "fr", "ja", "pt-BR"],
        "helpdesk": ["en"],
    }
    assert set(Grant.objects.values_list("agent__slug", "account__username", "role")) == {
        ("shop", "olga", "owner"),
        ("shop", "tara", "translator"),
        ("billing", "olga", "owner"),
        ("billing", "tara", "translator"),
        ("helpdesk", "otto", "owner"),
    }


def test_the_end_user_finds_their_own_past(demo):
    emil = Account.objects.get(username="emil")
    users = ChatUser.objects.filter(account=emil)
    assert {user.external_id for user in users} == {f"portal:{emil.pk}"}
    assert ChatSession.objects.filter(user__in=users).values("agent").distinct().count() == Agent.objects.count()


def test_policies_have_a_past_with_reasons(demo):
    versions = PolicyVersion.objects.filter(agent__slug="shop").order_by("number")
    assert [version.number for version in versions] == [1, 2, 3]
    assert [bool(version.reason) for version in versions] == [False, True, True]
    saved = [version.saved_at for version in versions]
    assert saved == sorted(saved)
    assert {version.author.username for version in versions} == {"olga"}


def test_users_read_texts_of_their_agent_and_shipped_ones(demo):
    shop = Agent.objects.get(slug="shop")
    found = {
        language: texts.resolve(agent_id=shop.pk, key=Key.SESSION_EXPIRED, language=language).source
        for language in shop.languages
    }
    assert found == {"en": "shipped:en", "de": "own:de", "es": "own:es", "ar": "shipped:ar"}


def test_what_was_done_is_in_the_audit_log(demo):
    verbs = set(Entry.objects.filter(agent__slug="shop").values_list("verb", "account__username"))
    assert {
        ("agent.created", "olga"),
        ("grant.changed", "olga"),
        ("history.imported", "olga"),
        ("message.edited", "tara"),
        ("policy.changed", "olga"),
    } <= verbs


def test_every_agent_has_sessions_that_are_over_and_some_that_are_not(demo):
    assert ChatSession.objects.count() == demo
    for slug in ("shop", "billing", "helpdesk"):
        sessions = ChatSession.objects.filter(agent__slug=slug)
        assert sessions.filter(state="ended").exists()
        assert sessions.exclude(state="ended").exists()


def test_a_second_start_keeps_what_there_is_and_adds_nothing(demo):
    Account.objects.filter(username="olga").update(first_name="Somebody")
    before = _rows()
    call_command("demo", verbosity=0)
    assert _rows() == before
    assert Account.objects.get(username="olga").first_name == "Somebody"


def test_nothing_is_added_beside_an_agent_of_that_name(db, settings):
    settings.DEMO = True
    Account.objects.create_user("emil")
    assert loading.is_loaded()


@pytest.mark.parametrize("command", ["demo", "visitors"])
def test_a_copy_that_is_no_demo_gets_none(db, settings, command):
    settings.DEMO = False
    with pytest.raises(CommandError, match="no demo"):
        call_command(command)
    assert not Account.objects.exists()
