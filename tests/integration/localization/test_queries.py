"""What is read: texts for chats in one query, and the page's rows."""

import pytest
from pytest_django import DjangoAssertNumQueries

from localization import actions, queries
from localization.core.fallback import Resolved
from localization.core.keys import Key
from portal.agents.models import Agent
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Agent:
    return cast.agent("shop", languages=["en", "de", "pt", "pt-BR", "sw"])


def write(agent: Agent, language: str, text: str, key: Key = Key.SESSION_EXPIRED) -> None:
    actions.save_text(
        principal=cast.principal(cast.admin(f"root-{agent.slug}-{language}-{key}")),
        agent=agent,
        key=key,
        language=language,
        text=text,
        expected_version=None,
    )


def test_a_text_is_found_by_the_five_steps(shop: Agent) -> None:
    write(shop, "pt", "Acabou")
    write(shop, "en", "Over")

    def resolved(language: str) -> Resolved:
        return queries.resolve(agent_id=shop.pk, key=Key.SESSION_EXPIRED, language=language)

    assert resolved("pt") == Resolved("Acabou", "pt", "own:pt")
    assert resolved("pt-BR") == Resolved("Acabou", "pt", "own:pt")
    assert resolved("de") == Resolved("Ihre Sitzung ist abgelaufen", "de", "shipped:de")
    assert resolved("sw") == Resolved("Over", "en", "own_default:en")


def test_an_agent_without_own_texts_has_the_shipped_ones(shop: Agent) -> None:
    assert queries.resolve(agent_id=shop.pk, key=Key.SESSION_ENDED, language="sw").source == "shipped_english"


def test_a_reverted_text_is_not_found(shop: Agent) -> None:
    write(shop, "de", "Vorbei")
    actions.revert_text(
        principal=cast.principal(cast.admin()),
        agent=shop,
        key=Key.SESSION_EXPIRED,
        language="de",
        expected_version=1,
    )
    assert queries.resolve(agent_id=shop.pk, key=Key.SESSION_EXPIRED, language="de").source == "shipped:de"


def test_many_are_found_in_one_query(shop: Agent, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    billing = cast.agent("billing", languages=["fr"], default_language="fr")
    write(shop, "de", "Vorbei")
    write(billing, "fr", "Fini")
    asked = [
        (agent.pk, key, language) for agent in (shop, billing) for key in Key for language in ("de", "fr", "sw", "de")
    ]
    with django_assert_num_queries(1):
        found = queries.resolve_many(asked)
    assert found.keys() == set(asked)
    assert found[shop.pk, Key.SESSION_EXPIRED, "de"].text == "Vorbei"
    assert found[billing.pk, Key.SESSION_EXPIRED, "de"].source == "shipped:de"
    assert found[billing.pk, Key.SESSION_EXPIRED, "sw"] == Resolved("Fini", "fr", "own_default:fr")
    assert found[shop.pk, Key.SESSION_ENDED, "sw"].source == "shipped_english"


def test_the_matrix_has_every_message_in_every_language(
    shop: Agent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    write(shop, "pt", "Acabou ")
    with django_assert_num_queries(1):
        sections = queries.matrix(shop)
        rows = {row.language.tag: row for row in sections[0].rows}
        assert rows["pt"].updated_by
    assert [section.message.key for section in sections] == list(Key)
    assert list(rows) == shop.languages
    assert {tag: row.status for tag, row in rows.items()} == {
        "en": "shipped",
        "de": "shipped",
        "pt": "own",
        "pt-BR": "own",  # its parent's
        "sw": "missing",
    }
    assert sections[0].counts == {"shipped": 2, "own": 2, "missing": 1}
    assert (rows["pt"].own, rows["pt"].version, rows["pt-BR"].own, rows["pt-BR"].version) == ("Acabou ", 1, None, 0)
    assert rows["pt"].fallback.source == "shipped:pt"
    assert rows["pt"].remarks == ["There is a space or an empty line at the end."]


def test_translators_work_from_the_default_language_and_that_one_from_english() -> None:
    german = cast.agent("amt", languages=["de", "fr"], default_language="de")
    write(german, "de", "Schluss für heute")
    sources = {row.language.tag: row.source for row in queries.matrix(german)[0].rows}
    assert sources["fr"] == Resolved("Schluss für heute", "de", "own:de")
    assert sources["de"] == Resolved("Your session has expired", "en", "shipped_english")


def test_coverage_counts_all_agents_in_one_query(
    shop: Agent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    billing = cast.agent("billing", languages=["fr"], default_language="fr")
    write(shop, "sw", "Imekwisha")
    with django_assert_num_queries(1):
        covered = queries.coverage({shop: ["de", "sw"], billing: ["fr"]})
    counted = {
        (agent.slug, each.language.tag): (each.own, each.shipped, each.missing)
        for agent, languages in covered.items()
        for each in languages
    }
    assert counted == {("shop", "de"): (0, 8, 0), ("shop", "sw"): (1, 0, 7), ("billing", "fr"): (0, 8, 0)}
