"""The session policy of an agent: read it, change it, see what a change would do, go back to an older version."""

import re

from django.http import HttpResponse
from ninja import Query, Router, Status

from portal.accounts.permissions import NotVisible, Verb, demand
from portal.agents.models import Agent
from portal.lib import clock
from portal.rest import pagination
from portal.rest.openapi import answers
from portal.rest.pagination import Paged
from sessions_app.actions import policies as saving
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.policies import (
    Policy,
    PolicyChange,
    PolicyDraft,
    PolicyPreview,
    PolicyVersion,
    PolicyVersionList,
    Restore,
)
from sessions_app.queries import agents, foresight, policies
from sessions_app.queries.policies import Version

router = Router(tags=["Session policy"])
ETAG = re.compile(r'(?<!W/)"(\d{1,9})"')  # a weak one never matches
AS_IT_WAS = Restore()


@router.get(
    "/agents/{slug:slug}/session-policy", summary="Read the policy", **answers(Policy, "forbidden", "not_found")
)
def get_policy(request: ApiRequest, response: HttpResponse, slug: str) -> Policy:
    """With its version as `ETag`."""
    agent = _seen(request, slug)
    return _answer(response, policies.current([agent.pk]).get(agent.pk))


@router.put(
    "/agents/{slug:slug}/session-policy",
    summary="Change the policy",
    **answers(Policy, "forbidden", "not_found", "version_conflict", "invalid", "out_of_bounds"),
)
def put_policy(request: ApiRequest, response: HttpResponse, slug: str, body: PolicyChange) -> Policy:
    """For running and new sessions, or for new ones only. What was due under the old version happens first; a session
    that has no time left under the new one ends now, not in the past. When this returns, open sessions have followed;
    of very many, the last ones follow within seconds. Nothing changes where the values are the current ones already,
    unless those were saved for new sessions and now are for all. With `If-Match`, only if nobody has saved another
    version meanwhile."""
    agent = agents.named(request.auth, slug)
    saved = saving.change(
        principal=request.auth,
        agent=agent,
        values=body.values,
        reach=body.reach,
        reason=body.reason,
        expected_version=_expected(request),
    )
    return _answer(response, policies.one(agent.pk, saved.number))


@router.post(
    "/agents/{slug:slug}/session-policy/preview",
    summary="See what a change would do",
    **answers(PolicyPreview, "forbidden", "not_found", "invalid", "out_of_bounds"),
)
def preview_policy(request: ApiRequest, slug: str, body: PolicyDraft) -> PolicyPreview:
    """To the sessions that are open at this instant, if it were saved for running sessions. Nothing is written.
    Emulator sessions are not counted."""
    agent = _seen(request, slug)
    return PolicyPreview.of(foresight.foresee(agent.pk, saving.candidate(agent=agent, values=body.values)))


@router.get(
    "/agents/{slug:slug}/session-policy/versions",
    summary="List the versions",
    **answers(PolicyVersionList, "forbidden", "not_found", "invalid"),
)
def list_policy_versions(request: ApiRequest, slug: str, query: Query[Paged]) -> PolicyVersionList:
    """Newest first, each with what it changed."""
    agent = _seen(request, slug)
    found = policies.history(agent.pk, limit=query.limit, before=pagination.place(query.cursor, int))
    last = found[-1] if found else None
    return PolicyVersionList(
        items=[PolicyVersion.listed(entry) for entry in found],
        next_cursor=pagination.cursor(last.version.number) if last and last.before else None,
        server_now=clock.now(),
    )


@router.post(
    "/agents/{slug:slug}/session-policy/versions/{int:number}/restore",
    summary="Go back to a version",
    **answers(
        Policy,
        *("forbidden", "not_found", "version_conflict", "invalid", "out_of_bounds"),
        status=201,
        status_200=Policy,
    ),
)
def restore_policy(
    request: ApiRequest, response: HttpResponse, slug: str, number: int, body: Restore = AS_IT_WAS
) -> Status[Policy]:
    """The next version, equal to that one, if its values are within the bounds of today. Where they are the current
    ones already, nothing changes, and the answer is 200. With `If-Match` as when changing it."""
    agent = agents.named(request.auth, slug)
    version, made = saving.restore(
        principal=request.auth,
        agent=agent,
        number=number,
        reach=body.reach,
        reason=body.reason,
        expected_version=_expected(request),
    )
    return Status(201 if made else 200, _answer(response, policies.one(agent.pk, version.number)))


def _seen(request: ApiRequest, slug: str) -> Agent:
    """The agent, for those who may see its sessions. Raises NotVisible, NotAllowed."""
    agent = agents.named(request.auth, slug)
    demand(request.auth, Verb.SEE_SESSIONS, see=Verb.SEE_AGENT, agent_id=agent.pk)
    return agent


def _answer(response: HttpResponse, version: Version | None) -> Policy:
    """Raises NotVisible where the agent has been removed meanwhile."""
    if version is None:
        raise NotVisible
    response.headers["ETag"] = f'"{version.number}"'
    return Policy.of(version)


def _expected(request: ApiRequest) -> int | None:
    """The version that must be the current one. Of several only the newest can be; no version has the number 0."""
    if_match = request.headers.get("If-Match")
    if if_match is None or if_match.strip() == "*":
        return None
    return max(map(int, ETAG.findall(if_match)), default=0)
