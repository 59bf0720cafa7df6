"""Editing: who may, what is refused, what two writers do to each other, what is kept."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from localization import actions, queries
from localization.core.keys import Key
from localization.models import MessageText
from localization.queries import Row
from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.accounts.permissions import NotAllowed, NotVisible
from portal.agents.models import Agent
from portal.audit.models import Entry
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Agent:
    return cast.agent("shop", languages=["en", "de", "fr"])


@pytest.fixture
def tara(shop: Agent) -> Account:
    """The translator of German."""
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de")
    return tara


def save(writer: Account, agent: Agent, text: str, *, version: int | None = None, **values: Any) -> Row:
    return actions.save_text(
        **{
            "principal": cast.principal(writer),
            "agent": agent,
            "key": Key.SESSION_EXPIRED,
            "language": "de",
            "text": text,
            "expected_version": version,
        }
        | values
    )


def revert(writer: Account, agent: Agent, *, version: int | None = None) -> Row:
    return actions.revert_text(
        principal=cast.principal(writer),
        agent=agent,
        key=Key.SESSION_EXPIRED,
        language="de",
        expected_version=version,
    )


def test_a_saved_text_is_the_agents_own(shop: Agent, tara: Account) -> None:
    row = save(tara, shop, "Vorbei", version=0)
    assert (row.own, row.status, row.version, row.updated_by) == ("Vorbei", "own", 1, "tara")
    assert queries.row(shop, key=Key.SESSION_EXPIRED, language="de").own == "Vorbei"


def test_lines_end_the_same_way_from_every_system(shop: Agent, tara: Account) -> None:
    assert save(tara, shop, "eins\r\nzwei\rdrei\nvier").own == "eins\nzwei\ndrei\nvier"


def test_a_text_is_kept_as_typed_and_its_warnings_are_told(shop: Agent, tara: Account) -> None:
    row = save(tara, shop, "Vorbei ")
    assert row.own == "Vorbei "
    assert [finding.code for finding in row.warnings] == ["trailing_space"]


@pytest.mark.parametrize("text", ["", "{nobody}", "{{agent}}", "a" * 501, "a\x00"])
def test_a_refused_text_changes_nothing(shop: Agent, tara: Account, text: str) -> None:
    save(tara, shop, "Vorbei")
    with pytest.raises(actions.TextRefused) as refused:
        save(tara, shop, text)
    assert str(refused.value)
    assert queries.row(shop, key=Key.SESSION_EXPIRED, language="de").own == "Vorbei"
    assert Entry.objects.count() == 1


def test_a_language_the_agent_does_not_have_is_refused(shop: Agent) -> None:
    with pytest.raises(actions.TextRefused) as refused:
        save(cast.admin(), shop, "Finito", language="it")
    assert [finding.code for finding in refused.value.findings] == ["unknown_language"]


def test_a_language_the_agent_has_just_lost_is_refused(shop: Agent, tara: Account) -> None:
    Agent.objects.filter(pk=shop.pk).update(languages=["en"])
    with pytest.raises(actions.TextRefused):
        save(tara, shop, "Vorbei")


def test_a_translator_edits_only_their_languages_of_their_agents(shop: Agent, tara: Account) -> None:
    with pytest.raises(NotAllowed):
        save(tara, shop, "Fini", language="fr")
    other = cast.agent("billing", languages=["de"], default_language="de")
    with pytest.raises(NotVisible):
        save(tara, other, "Vorbei")
    with pytest.raises(NotVisible):
        revert(cast.account("otto"), shop)
    assert not MessageText.objects.exists()


def test_reverting_shows_the_fallback_again_and_loses_nothing(shop: Agent, tara: Account) -> None:
    save(tara, shop, "Vorbei")
    row = revert(tara, shop, version=1)
    assert (row.own, row.resolved.source, row.version, row.updated_by) == (None, "shipped:de", 2, "tara")
    assert Entry.objects.latest("id").before == {"text": "Vorbei"}


def test_reverting_what_is_not_there_changes_nothing(shop: Agent, tara: Account) -> None:
    assert revert(tara, shop).version == 0
    assert not Entry.objects.exists()


def test_the_same_text_again_changes_nothing(shop: Agent, tara: Account) -> None:
    save(tara, shop, "Vorbei")
    assert save(tara, shop, "Vorbei", version=0).version == 1
    assert Entry.objects.count() == 1


def test_every_edit_is_in_the_audit_log(shop: Agent, tara: Account) -> None:
    save(tara, shop, "Vorbei")
    save(tara, shop, "Zu Ende")
    entry = Entry.objects.latest("id")
    assert (entry.verb, entry.account, entry.agent, entry.subject) == (
        "message.edited",
        tara,
        shop,
        "message session_expired/de",
    )
    assert (entry.before, entry.after) == ({"text": "Vorbei"}, {"text": "Zu Ende"})


def test_the_second_of_two_writers_is_told_and_shown_the_first(shop: Agent, tara: Account) -> None:
    olga = cast.account("olga")
    cast.own(olga, shop)
    save(olga, shop, "Von Olga", version=0)
    with pytest.raises(actions.TextChanged) as changed:
        save(tara, shop, "Von Tara", version=0)
    theirs = changed.value.theirs
    assert (theirs.own, theirs.version, theirs.updated_by) == ("Von Olga", 1, "olga")
    with pytest.raises(actions.TextChanged):
        revert(tara, shop, version=0)
    assert save(tara, shop, "Von Tara", version=theirs.version).own == "Von Tara"


def test_a_version_number_never_comes_back(shop: Agent, tara: Account) -> None:
    save(tara, shop, "Eins")
    revert(tara, shop)
    save(tara, shop, "Drei")
    with pytest.raises(actions.TextChanged):  # of somebody who still looks at “Eins”, version 1
        save(tara, shop, "Zwei", version=1)


@pytest.mark.django_db(transaction=True)
def test_of_many_writers_at_once_one_wins_and_the_others_are_told(shop: Agent) -> None:
    root = cast.admin()
    at_once = Barrier(4)

    def write(number: int) -> str:
        at_once.wait()
        try:
            save(root, shop, f"Text {number}", version=0)
        except actions.TextChanged:
            return "told"
        finally:
            connection.close()
        return "saved"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(write, range(4))) == ["saved", "told", "told", "told"]


@pytest.mark.parametrize("wrong", [{"key": "greeting"}, {"text": ""}, {"version": F("version") - 1}])
def test_the_database_insists(shop: Agent, tara: Account, wrong: dict[str, Any]) -> None:
    save(tara, shop, "Vorbei")
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageText.objects.update(**wrong)


def test_a_text_outlives_whoever_wrote_it(shop: Agent, tara: Account) -> None:
    save(tara, shop, "Vorbei")
    tara.delete()
    row = queries.row(shop, key=Key.SESSION_EXPIRED, language="de")
    assert (row.own, row.updated_by) == ("Vorbei", "")
