"""The messages of one agent on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from localization import queries
from localization.core import languages
from localization.forms import TextForm
from localization.queries import Row, Section
from localization.views import desk
from localization.views.desk import Desk


@dataclass(frozen=True, slots=True)
class Editor:
    """The editor that is open: its row, its form, and whether somebody else's text has come in between."""

    row: Row
    form: TextForm
    conflict: bool = False


@require_safe
def agent_messages(request: HttpRequest, slug: str) -> HttpResponse:
    """All messages of an agent in the languages this person edits.

    `?language=` shows one of them alone, `?open=<key>` unfolds a section, `?edit=<key>/<language>` opens that editor.
    """
    here = desk.desk_of(request, slug)
    key, slash, language = request.GET.get("edit", "").partition("/")
    if not slash:
        return page(request, here)
    row = desk.row_at(here, key, language)
    return page(request, here, Editor(row, TextForm(row=row)))


def page(request: HttpRequest, here: Desk, editor: Editor | None = None, *, status: int = 200) -> HttpResponse:
    sections = queries.matrix(here.agent, languages_shown=here.shown)
    unfolded = {request.GET.get("open"), editor.row.message.key if editor else None}
    context = {
        **context_of(here, editor),
        "sections": sections,
        "unfolded": _first(sections) | unfolded if not here.only else {section.message.key for section in sections},
        "languages": [languages.names(tag) for tag in here.editable],
    }
    return render(request, "localization/agent.html", context, status=status)


def context_of(here: Desk, editor: Editor | None) -> dict[str, Any]:
    """What a row needs to be drawn, on the page and alone."""
    return {"agent": here.agent, "only": here.only, "editor": editor}


def _first(sections: Sequence[Section]) -> set[str | None]:
    return {sections[0].message.key}
