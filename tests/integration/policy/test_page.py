"""The Session Policy tab: saving, versions, and what happens when two people save at once (7-screens.md, 22 to 26)."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import Account
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.audit.models import Entry
from sessions_app.core.policy import EndBehavior
from sessions_app.models import PolicyVersion
from tests import cast
from tests.integration.policy.tab import Tab, browser, current, errors

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def olga() -> Account:
    return cast.account("olga", first_name="Olga", last_name="Owner")


@pytest.fixture
def shop(olga: Account) -> Agent:
    return cast.agent("shop", owner=olga, platform=Platform.DIALOGFLOW_CX)


@pytest.fixture
def tab(olga: Account, shop: Agent) -> Tab:
    return Tab(olga, shop)


# ── saving ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_typed_becomes_the_next_version(tab: Tab, shop: Agent) -> None:
    saved = tab.save(
        session_duration="1h 30m", end_behavior="clear_history", max_concurrent_per_user="3", reason="Calmer evenings"
    )
    assert saved.headers["Location"] == tab.path
    version = current(shop)
    assert (version.number, version.author, version.reason) == (2, "Olga Owner", "Calmer evenings")
    assert version.policy.session_duration == 90 * MINUTE
    assert version.policy.end_behavior is EndBehavior.CLEAR_HISTORY
    assert version.policy.max_concurrent_per_user == 3


def test_a_save_is_in_the_audit_log(tab: Tab, olga: Account, shop: Agent) -> None:
    tab.save(session_duration="20m", reason="Because")
    entry = Entry.objects.get(verb="policy.changed")
    assert (entry.account, entry.agent, entry.reason) == (olga, shop, "Because")
    assert entry.before == {"session_duration": "0:30:00"}
    assert entry.after == {"session_duration": "0:20:00", "reach": "running"}


@pytest.mark.django_db(transaction=True)
def test_it_is_for_running_and_new_sessions_unless_said_otherwise(tab: Tab, shop: Agent) -> None:
    running = cast.chatting(shop)
    after = tab.client.post(tab.path, {**tab.opened, "session_duration": "20m"}, follow=True)
    assert "Version 2 is saved. It applies to running and new sessions." in after.text
    running.refresh_from_db()
    assert running.policy.number == 2
    assert cast.chatting(shop, cast.user("bob")).policy.number == 2


@pytest.mark.django_db(transaction=True)
def test_it_can_be_for_new_sessions_only_and_later_for_the_others_too(tab: Tab, shop: Agent) -> None:
    running = cast.chatting(shop)
    after = tab.client.post(tab.path, {**tab.opened, "session_duration": "20m", "reach": "new"}, follow=True)
    assert "Version 2 is saved. It applies to new sessions; running ones keep their version." in after.text
    assert "New sessions only</span>" in after.text
    running.refresh_from_db()
    assert running.policy.number == 1

    again = Tab(tab.agent.grants.get().account, shop)
    again.save(reach="running")
    running.refresh_from_db()
    assert running.policy.number == 3
    assert "The same values, for running sessions, too." in tab.client.get(tab.path).text


def test_a_form_that_does_not_say_for_which_sessions_saves_nothing(tab: Tab, shop: Agent) -> None:
    for reach in ("", "everyone"):
        refused = tab.save(session_duration="20m", reach=reach)
        assert errors(refused) == {"reach": ["Choose which sessions this is for."]}
    assert current(shop).number == 1


def test_saving_the_same_makes_no_version_and_says_so(tab: Tab, shop: Agent) -> None:
    after = tab.client.post(tab.path, {**tab.opened, "session_duration": "0:30"}, follow=True)
    assert "Nothing was changed: version 1 has these values already." in after.text
    assert current(shop).number == 1


def test_out_of_bounds_is_said_beside_the_field_and_everything_typed_stays(tab: Tab, shop: Agent) -> None:
    typed = {
        "session_duration": "25h",
        "idle_timeout": "7m",
        "reason": "A <b>reason</b>",
        "max_concurrent_per_user": "5",
    }
    refused = tab.save(**typed, allow_model_override="on")
    assert refused.status_code == 422
    assert errors(refused) == {"session_duration": ["Session duration on Dialogflow CX is 1 to 1440 minutes."]}
    stands = refused.context["form"]
    assert {name: stands[name].value() for name in typed} == typed
    assert stands["allow_model_override"].value() is True
    assert 'aria-describedby="id_session_duration_helptext id_session_duration_error"' in refused.text
    assert "A &lt;b&gt;reason&lt;/b&gt;" in refused.text
    assert current(shop).number == 1


def test_too_long_a_reason_is_refused_and_stays(tab: Tab, shop: Agent) -> None:
    refused = tab.save(session_duration="20m", reason="x" * 501)
    assert list(errors(refused)) == ["reason"]
    assert current(shop).number == 1


@pytest.mark.parametrize("sent", [{}, {"session_duration": "20m"}, {"expected_version": "x"}, {"end_behavior": "\x00"}])
def test_a_request_that_no_form_sends_changes_nothing_and_breaks_nothing(
    tab: Tab, shop: Agent, sent: dict[str, Any]
) -> None:
    assert tab.client.post(tab.path, sent).status_code == 422
    assert current(shop).number == 1


# ── what is shown ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_only_the_warning_is_marked_as_not_enforced_yet(tab: Tab) -> None:
    assert tab.client.get(tab.path).text.count("Kept with the policy; enforcement arrives with a later version.") == 1


def test_what_happens_after_the_last_message_tells_how_long_things_are_kept(tab: Tab) -> None:
    told = [(line.name, line.later) for line in tab.client.get(tab.path).context["drawing"].lines]
    assert told == [
        ("message", ""),
        ("idle", "30 minutes"),
        ("ended", "30 minutes"),
        ("data_erased", "30 days"),
        ("archived", "30 days 30 minutes"),
        ("transcript_erased", "365 days"),
    ]


def test_the_keep_card_shows_the_agents_own_divider(tab: Tab, shop: Agent) -> None:
    assert "Your session has expired" in tab.client.get(tab.path).text
    shop.languages, shop.default_language = ["ar"], "ar"
    shop.save()
    assert '<em lang="ar" dir="rtl">' in tab.client.get(tab.path).text


def test_advice_is_given_and_never_in_the_way(tab: Tab) -> None:
    assert "Sessions end before anyone sees them idle" in tab.client.get(tab.path).text
    tab.save(session_duration="24h", idle_timeout="10m")
    assert "24 hours is Dialogflow CX&#x27;s own limit" in tab.client.get(tab.path).text


def test_the_list_names_who_when_why_and_what(tab: Tab, shop: Agent) -> None:
    tab.save(session_duration="20m", max_concurrent_per_user="3", reason="Calmer")
    entry, first = tab.client.get(tab.path).context["versions"]
    assert (entry.version.number, entry.version.author, entry.version.reason) == (2, "Olga Owner", "Calmer")
    assert [(d.title, d.was, d.now) for d in entry.differences] == [
        ("Session duration", "30 minutes", "20 minutes"),
        ("Max concurrent per user", "Unlimited", "3"),
    ]
    assert (first.version.number, first.differences) == (1, [])


def test_a_long_list_goes_on_on_another_page(tab: Tab, shop: Agent) -> None:
    first = PolicyVersion.objects.get(agent=shop)
    for number in range(2, 23):
        first.pk, first.number, first.session_duration = None, number, number * MINUTE
        first.save()
    newest = tab.client.get(tab.path)
    assert [entry.version.number for entry in newest.context["versions"]] == list(range(22, 2, -1))
    assert newest.context["versions"][-1].differences[0].was == "2 minutes"
    older = tab.client.get(f"{tab.path}?before={newest.context['older']}")
    assert [entry.version.number for entry in older.context["versions"]] == [2, 1]
    assert older.context["older"] is None
    assert tab.client.get(f"{tab.path}?before=x").status_code == 200
    assert tab.client.get(f"{tab.path}?before={'9' * 40}").status_code == 200


def test_the_page_asks_the_database_as_often_however_many_versions_there_are(
    tab: Tab, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(2):
        # the web session, the account, its grants, the agent, its policy, its divider, the versions
        with django_assert_num_queries(7):
            tab.client.get(tab.path)
        Tab(tab.agent.grants.get().account, tab.agent).save(session_duration=f"{number + 5}m")


# ── two people at once ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_stale_form_shows_theirs_and_mine_and_saves_nothing(tab: Tab, shop: Agent) -> None:
    Tab(cast.admin(), shop).save(session_duration="20m", max_duration="5h", reason="Cost")
    stale = tab.save(session_duration="45m", idle_timeout="10m", reason="Mine")
    assert stale.status_code == 422
    assert current(shop).number == 2
    assert "root saved version 2 while you were at it." in stale.text
    assert "Their reason: “Cost”" in stale.text
    found = {d.title: (d.opened, d.theirs, d.mine, d.taken) for d in stale.context["conflict"].disagreements}
    assert found == {
        "Session duration": ("30 minutes", "20 minutes", "45 minutes", "mine"),
        "Idle timeout": ("30 minutes", "30 minutes", "10 minutes", "mine"),
        "Max duration": ("4 hours", "5 hours", "4 hours", "theirs"),
    }


def test_the_form_keeps_what_i_typed_and_follows_them_elsewhere(tab: Tab, shop: Agent) -> None:
    Tab(cast.admin(), shop).save(session_duration="20m", max_duration="5h", allow_model_override="on")
    form = tab.save(session_duration="0:45", reason="Mine").context["form"]
    stands = {name: form[name].value() for name in ("session_duration", "max_duration", "reason", "expected_version")}
    assert stands == {"session_duration": "0:45", "max_duration": "5h", "reason": "Mine", "expected_version": 2}
    assert form["allow_model_override"].value() is True


def test_saving_again_is_a_decision_and_is_done(tab: Tab, shop: Agent) -> None:
    Tab(cast.admin(), shop).save(session_duration="20m", max_duration="5h")
    tab.save(session_duration="45m")
    assert tab.save(session_duration="45m", max_duration="5h", expected_version="2").status_code == 302
    version = current(shop)
    assert (version.number, version.policy.session_duration, version.policy.max_duration) == (
        3,
        45 * MINUTE,
        300 * MINUTE,
    )


def test_a_form_that_does_not_say_what_it_was_filled_from_overwrites_nothing(tab: Tab, shop: Agent) -> None:
    sent = {name: value for name, value in tab.opened.items() if name != "expected_version"}
    stale = tab.client.post(tab.path, {**sent, "session_duration": "20m"})
    assert stale.status_code == 422
    (disagreement,) = stale.context["conflict"].disagreements
    assert (disagreement.theirs, disagreement.mine, disagreement.taken) == ("30 minutes", "20 minutes", "mine")
    assert current(shop).number == 1


def test_typing_is_said_back_with_what_it_means(tab: Tab) -> None:
    preview = f"/session-policy/preview/?agent={tab.agent.slug}"
    said = tab.client.post(preview, {**tab.opened, "session_duration": "1h30", "idle_timeout": "so"}).text
    assert "1 hour 30 minutes · was 30 minutes" in said
    assert "11:30" in said
    assert "Above 30 minutes Portal sends the matching session TTL" in said
    assert current(tab.agent).number == 1


def test_typing_for_an_agent_in_the_making_is_said_back_by_its_platform(tab: Tab) -> None:
    said = tab.client.post("/session-policy/preview/?platform=dialogflow_es", {"session_duration": "20m"}).text
    assert "20 minutes (default)" in said
    assert tab.client.post("/session-policy/preview/?platform=nonsense").status_code == 404
    assert tab.client.get("/session-policy/preview/?platform=dialogflow_es").status_code == 405


def test_a_hostile_name_and_reason_are_shown_as_text(tab: Tab, shop: Agent) -> None:
    shop.name = "<script>alert(1)</script>"
    shop.save()
    tab.save(session_duration="20m", reason="<img src=x>")
    page = browser(cast.admin()).get(tab.path).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
