"""People: the list, inviting somebody, one person with what they may do."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import auth
from portal.accounts.actions import members
from portal.accounts.actions import people as actions
from portal.accounts.actions.people import Invited
from portal.accounts.actions.refusals import Refused
from portal.accounts.forms.people import ROLES, InvitationForm, MemberForm, RoleForm, SearchForm
from portal.accounts.names import GrantRole
from portal.accounts.permissions import NotAllowed, NotVisible, Principal, Verb, allows
from portal.accounts.queries import agents, people
from portal.accounts.queries.people import Person
from portal.accounts.views import doors

PER_PAGE = 50


@require_safe
def all_people(request: HttpRequest) -> HttpResponse:
    principal = auth.principal(request)
    search = SearchForm(request.GET)
    after = request.GET.get("after") or None
    with doors.refusals():
        found, more = people.page(principal, search.wanted, limit=PER_PAGE, after=_readable(after))
    asked = {name: value for name, value in request.GET.items() if name in search.fields and value}
    context = {
        "people": found,
        "search": search,
        "filtered": bool(asked),
        "manages": allows(principal, Verb.EDIT_PEOPLE),
        "has_agents": bool(principal.owns) or principal.is_admin,
        "first": f"?{urlencode(asked)}" if after else "",
        "next": f"?{urlencode(asked | {'after': found[-1].username})}" if more else "",
    }
    return render(request, "people/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """The answer to the form shows the way in, once: it stands in no session."""
    principal = auth.principal(request)
    with doors.refusals():
        _demand(allows(principal, Verb.EDIT_PEOPLE))
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return _invited(request, actions.invite(principal=principal, person=form.person))
        except Refused as refused:
            form.refuse(refused)
    context = {"form": form, "roles": [(role.label, said) for role, said in ROLES.items()]}
    return render(request, "people/invite.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Let somebody who has an account own or translate an agent."""
    principal = auth.principal(request)
    with doors.refusals():
        people.demand_any(principal)
    offered = agents.seen(principal, Verb.EDIT_MEMBERS)
    initial = {name: request.GET[name] for name in ("username", "agent") if name in request.GET}
    form = MemberForm(request.POST if request.method == "POST" else None, agents=offered, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            given = _give(principal, form)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved. It holds from now on."))
            return redirect("person", given)
    return render(request, "people/add.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, id: int) -> HttpResponse:
    """Posting to it gives a role."""
    principal = auth.principal(request)
    seen = _seen(principal, id)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": seen.role})
    if request.method == "POST" and form.is_valid():
        return _change(request, seen, form, role=form.cleaned_data["role"])
    return _page(request, seen, form)


@require_POST
def switch(request: HttpRequest, id: int) -> HttpResponse:
    """Off or on, as `active` says: yes or no."""
    principal = auth.principal(request)
    seen = _seen(principal, id)
    with doors.refusals():
        _demand(allows(principal, Verb.EDIT_PEOPLE))
    active = {"yes": True, "no": False}.get(request.POST.get("active", ""))
    if active is None:
        raise BadRequest
    return _change(request, seen, RoleForm(initial={"role": seen.role}), active=active)


@require_POST
def invite_again(request: HttpRequest, id: int) -> HttpResponse:
    principal = auth.principal(request)
    seen = _seen(principal, id)
    try:
        with doors.refusals():
            return _invited(request, actions.invite_again(principal=principal, id=id))
    except Refused as refused:
        messages.error(request, _sentences(refused))
        return redirect("person", seen.id)


@require_POST
def remove_second_factor(request: HttpRequest, id: int) -> HttpResponse:
    principal = auth.principal(request)
    seen = _seen(principal, id)
    try:
        with doors.refusals():
            actions.remove_second_factor(principal=principal, id=id)
    except Refused as refused:
        messages.error(request, _sentences(refused))
    else:
        messages.success(request, _("Removed. Their password lets them in; they were told by letter."))
    return redirect("person", seen.id)


@require_POST
def take(request: HttpRequest, id: int) -> HttpResponse:
    """Take the grant `role` on the agent of the slug `agent`."""
    principal = auth.principal(request)
    seen = _seen(principal, id)
    slug, role = request.POST.get("agent", ""), request.POST.get("role", "")
    held = next((grant for grant in seen.grants if (grant.slug, grant.role) == (slug, role)), None)
    try:
        with doors.refusals():
            if held is None:
                raise NotVisible
            members.ungrant(
                principal=principal, agent_id=held.agent_id, username=seen.username, role=GrantRole(held.role)
            )
    except Refused as refused:
        messages.error(request, _sentences(refused))
    else:
        messages.success(request, _("Removed. It holds from now on."))
    still_there = people.visible(principal).filter(pk=id).exists()
    return redirect("person", id) if still_there else redirect("people")


# ── what they share ────────────────────────────────────────────────────────────────────────────────────────────────
def _seen(principal: Principal, id: int) -> Person:
    with doors.refusals():
        people.demand_any(principal)
        return people.one(principal, id)


def _demand(allowed: bool) -> None:
    if not allowed:
        raise NotAllowed


def _give(principal: Principal, form: MemberForm) -> int:
    given = form.cleaned_data
    with doors.refusals():
        return members.grant(
            principal=principal,
            agent_id=form.agent_id,
            username=given["username"],
            role=GrantRole(given["role"]),
            languages=given["languages"],
        ).account_id


def _change(request: HttpRequest, seen: Person, form: RoleForm, **values: Any) -> HttpResponse:
    try:
        with doors.refusals():
            actions.change(principal=auth.principal(request), id=seen.id, values=values)
    except Refused as refused:
        if form.is_bound:
            form.refuse(refused)
            return _page(request, seen, form)
        messages.error(request, _sentences(refused))
    else:
        messages.success(request, _("Saved. It holds from now on; open pages notice within seconds."))
    return redirect("person", seen.id)


def _page(request: HttpRequest, seen: Person, form: RoleForm) -> HttpResponse:
    principal = auth.principal(request)
    context = {
        "person": seen,
        "form": form,
        "manages": allows(principal, Verb.EDIT_PEOPLE),
        "oneself": seen.id == principal.account_id,
        "effect": ROLES[seen.role],
    }
    return render(request, "people/person.html", context, status=422 if form.errors else 200)


def _invited(request: HttpRequest, invited: Invited) -> HttpResponse:
    context = {"person": invited.account, "address": invited.address}
    return render(request, "people/invited.html", context, status=201)


def _readable(after: str | None) -> str | None:
    return after if after and after.isprintable() else None


def _sentences(refused: Refused) -> str:
    return " ".join(sentence for found in refused.errors.values() for sentence in found)
