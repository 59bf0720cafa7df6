"""Alive, and ready (1-product.md, "Pages"): for supervisors and whoever is on call."""

import ipaddress
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from typing import NamedTuple

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache

from portal.accounts import auth
from portal.lib import clock, redis_client, threads
from sessions_app.queries import enforcement
from sessions_app.queries.enforcement import Health

PATIENCE = 2.0  # seconds that one look at all of it may take
Check = Callable[[], str]


class Look(NamedTuple):
    """What one check found."""

    fine: bool
    detail: str


class Unready(Exception):
    """Why not, for those who may know."""


@never_cache
def alive(_request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """200 when all of it works, else 503. What it is that does not is told on this machine, or for a token."""
    found = _look()
    fine = all(look.fine for look in found.values())
    answer: dict[str, object] = {"status": "ready" if fine else "unready"}
    if is_here(request) or (found["database"].fine and is_admin(request)):
        answer["checks"] = {name: {"ok": look.fine, "detail": look.detail} for name, look in found.items()}
    return JsonResponse(answer, status=200 if fine else 503)


def _database() -> str:
    return f"its time is {clock.now():%H:%M:%S}"


def _redis() -> str:
    redis_client.client().ping()
    return "answers"


def _enforcement() -> str:
    """Workers that are gone are a reason to look, also while the web processes do their work."""
    found = enforcement.picture(clock.now())
    health, aside = found.health, found.set_aside
    words = _sweeps(health) + (f"; set aside because they cannot be swept: {aside}" if aside else "")
    if health.behind or health.standing_in:
        raise Unready(words)
    return words


def _sweeps(health: Health) -> str:
    if health.standing_in:
        since = f"since {health.worker.ran_at:%H:%M}" if health.worker else "yet"
        return f"no worker has swept {since}; the web processes do it"
    if health.age is None:
        return "no sweep has run yet"
    return f"the last sweep ran {health.age.total_seconds():.1f} s ago"


def _chores() -> str:
    """What a worker does beside sweeping, on a queue of its own."""
    found = enforcement.picture(clock.now())
    if found.chores_age is None:
        raise Unready("no worker has looked for forgotten turns yet")
    age = f"a worker looked for forgotten turns {found.chores_age.total_seconds():.1f} s ago"
    if found.chores_behind:
        raise Unready(age)
    return age


CHECKS: Mapping[str, Check] = {
    "database": _database,
    "redis": _redis,
    "enforcement": _enforcement,
    "worker": _chores,
}


def _look() -> dict[str, Look]:
    """All checks at once; one that hangs, as a database that is away may, counts as failed."""
    asked = {name: _executor(os.getpid()).submit(_try, check) for name, check in CHECKS.items()}
    answered, _ = wait(asked.values(), timeout=PATIENCE)
    late = Look(False, f"no answer in {PATIENCE:.0f} s")
    return {name: future.result() if future in answered else late for name, future in asked.items()}


def _try(check: Check) -> Look:
    try:
        return Look(True, check())
    except (Unready, Error, *redis_client.AWAY) as error:
        return Look(False, str(error).strip() or type(error).__name__)
    finally:
        threads.release_connection()


@lru_cache(maxsize=1)
def _executor(_pid: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2 * len(CHECKS), thread_name_prefix="health")


def is_here(request: HttpRequest) -> bool:
    """Asked on this machine. A proxy on it passes on where its callers are."""
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def is_admin(request: HttpRequest) -> bool:
    _, _, secret = request.headers.get("Authorization", "").partition(" ")
    principal = auth.by_token(secret)
    return principal is not None and principal.is_admin


urls: list[URLPattern] = [path("healthz", alive, name="healthz"), path("readyz", ready, name="readyz")]
