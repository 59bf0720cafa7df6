"""One text: its row, its editor, and the two deeds. With htmx a row is swapped; without, everything is a page."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from localization import actions, queries
from localization.actions import TextChanged, TextRefused
from localization.forms import TextForm
from localization.queries import Row
from localization.views import desk
from localization.views.agent import Editor, context_of, page
from localization.views.desk import Desk, HtmxRequest

ROW = "localization/includes/row.html"


@require_http_methods(["GET", "HEAD", "POST"])
def message_text(request: HtmxRequest, slug: str, key: str, language: str) -> HttpResponse:
    here = desk.desk_of(request, slug)
    row = desk.row_at(here, key, language)
    if request.method == "POST":
        return _deed(request, here, row)
    if not request.htmx:
        return redirect(_address(here, row, edit=f"{key}/{language}"))
    editor = Editor(row, TextForm(row=row)) if "edit" in request.GET else None
    return render(request, ROW, {**context_of(here, editor), "row": row, "returning": not editor})


def _deed(request: HtmxRequest, here: Desk, row: Row) -> HttpResponse:
    form = TextForm(request.POST, row=row)
    if not form.is_valid():
        return _again(request, here, Editor(row, form))
    try:
        if request.POST.get("deed") == "revert":
            return _done(request, here, _revert(here, row, form), _("Reverted to the fallback."))
        return _done(request, here, _save(here, row, form), _("Saved."))
    except TextRefused as refused:
        form.refuse(refused.findings)
        return _again(request, here, Editor(row, form))
    except TextChanged as changed:
        return _again(request, here, Editor(changed.theirs, form.over(changed.theirs), conflict=True))


def _save(here: Desk, row: Row, form: TextForm) -> Row:
    return actions.save_text(
        principal=here.principal,
        agent=here.agent,
        key=row.message.key,
        language=row.language.tag,
        text=form.cleaned_data["text"],
        expected_version=form.cleaned_data["version"],
    )


def _revert(here: Desk, row: Row, form: TextForm) -> Row:
    return actions.revert_text(
        principal=here.principal,
        agent=here.agent,
        key=row.message.key,
        language=row.language.tag,
        expected_version=form.cleaned_data["version"],
    )


def _again(request: HtmxRequest, here: Desk, editor: Editor) -> HttpResponse:
    """The editor once more, with what was typed and what there is to say about it."""
    if not request.htmx:
        return page(request, here, editor, status=422)
    return render(request, ROW, {**context_of(here, editor), "row": editor.row}, status=422)


def _done(request: HtmxRequest, here: Desk, row: Row, said: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, f"{row.language.english}: {said}")
        return redirect(_address(here, row, open=row.message.key))
    sections = queries.matrix(here.agent, languages_shown=here.shown)
    counted = next(section for section in sections if section.message.key == row.message.key)
    response = render(request, ROW, {**context_of(here, None), "row": row, "returning": True, "counted": counted})
    return trigger_client_event(response, "portal:toast", {"text": said, "level": "good"})


def _address(here: Desk, row: Row, **asked: str) -> str:
    """Where that row stands on the page of all messages."""
    query = urlencode(({"language": here.only} if here.only else {}) | asked, safe="/")
    return f"{reverse('agent-localization', args=[here.agent.slug])}?{query}#{row.place}"
