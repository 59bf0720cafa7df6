"""What is left to do before an agent serves its users well."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from localization import queries as localization
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from sessions_app.actions import agents as actions
from sessions_app.engines import engine_for
from sessions_app.engines.turn import EngineUnavailable
from sessions_app.queries import sessions


@dataclass(frozen=True, slots=True)
class Item:
    """One thing, whether it is done, and where it is done. Without an address there is nothing to be done by hand."""

    done: bool
    sentence: str
    url: str = ""


def of(agent: Agent) -> list[Item]:
    return list(_items(agent))


def _items(agent: Agent) -> Iterator[Item]:
    yield _answers(agent)
    yield _texts(agent)
    yield _sites(agent)
    yield _first_chat(agent)


def _answers(agent: Agent) -> Item:
    settings_page = reverse("agent-settings", args=[agent.slug])
    platform = Platform(agent.platform)
    if platform is Platform.SCRIPTED:
        problems = len(actions.refusals(actions.settings_of(agent)))
        if problems:
            words = ngettext("The script has %s problem", "The script has %s problems", problems) % problems
            return Item(False, words, settings_page)
        return Item(True, _("The script is ready"), settings_page)
    try:
        engine_for(platform)
    except EngineUnavailable as unavailable:
        return Item(False, str(unavailable))
    return Item(True, _("Your back end answers through the API"), "/api/docs")


def _texts(agent: Agent) -> Item:
    (covered,) = localization.coverage({agent: agent.languages}).values()
    missing = [each.language.english for each in covered if each.missing]
    url = reverse("agent-localization", args=[agent.slug])
    if missing:
        return Item(False, _("Messages are missing in %s") % ", ".join(missing), url)
    return Item(True, _("Users read every message in their language"), url)


def _sites(agent: Agent) -> Item:
    url = f"{reverse('agent-settings', args=[agent.slug])}#id_allowed_origins"
    if agent.allowed_origins:
        return Item(True, _("Only your own sites may embed the chat"), url)
    return Item(False, _("Any site may embed the chat; name yours to keep others out"), url)


def _first_chat(agent: Agent) -> Item:
    if sessions.any_with(agent.pk):
        return Item(True, _("Somebody has chatted with it"))
    return Item(False, _("Try it: open the chat and say something"), reverse("chat", args=[agent.slug]))
