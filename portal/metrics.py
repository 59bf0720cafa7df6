"""What Prometheus is told of the whole. PostgreSQL is asked at the scrape, so every web process says the same."""

from collections.abc import Iterator

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from portal import health
from portal.lib import clock
from sessions_app.core.lateness import BOUNDS
from sessions_app.queries import enforcement

LATENESS = "How late sessions were noticed that were due: noticed − due, of all workers and web processes."
AGE = "Seconds since the last sweep of this kind of process."
CHORES = "Seconds since a worker last saw to its other work."
OPEN = "Open sessions by state, emulator sessions not counted."
FAILURES = "Sessions that cannot be swept, tried five times and set aside."
PLAIN = "text/plain; charset=utf-8"
DUE = "Sessions that are due and not noticed yet."


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """To whoever asks on this machine, or has an admin's token."""
    try:
        if not (health.is_here(request) or health.is_admin(request)):
            return HttpResponseForbidden("For this machine, or an admin's token.", content_type=PLAIN)
        return HttpResponse(generate_latest(_REGISTRY), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    except Error:
        return HttpResponse("The database does not answer.", content_type=PLAIN, status=503)


class Enforcement(Collector):
    """The sweep, and what it has to do (2-lifecycle.md, "Enforcement")."""

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        picture = enforcement.picture(now)
        yield _lateness()
        yield _ages(picture.health)
        age = picture.chores_age
        yield _by("portal_chores_age_seconds", CHORES, "by", {"worker": age.total_seconds()} if age is not None else {})
        yield _by("portal_sessions_open", OPEN, "state", enforcement.open_by_state(now))
        yield GaugeMetricFamily("portal_sessions_due", DUE, value=enforcement.due_now(now))
        yield GaugeMetricFamily("portal_sweep_failures", FAILURES, value=picture.set_aside)


def _lateness() -> Metric:
    found = enforcement.lateness()
    seen, buckets = 0, []
    for bound, count in zip((*map(str, map(float, BOUNDS)), "+Inf"), found.counts, strict=True):
        seen += count
        buckets.append((bound, float(seen)))
    family = HistogramMetricFamily("portal_enforcement_lateness_seconds", LATENESS)
    family.add_metric([], buckets=buckets, sum_value=found.total.total_seconds())
    return family


def _ages(found: enforcement.Health) -> Metric:
    """A kind of process that never swept has no age."""
    ages = {"worker": found.age_of(found.worker), "web": found.age_of(found.web)}
    return _by(
        "portal_sweep_age_seconds", AGE, "by", {by: age.total_seconds() for by, age in ages.items() if age is not None}
    )


def _by(name: str, help: str, label: str, values: dict[str, float] | dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


_REGISTRY = CollectorRegistry(auto_describe=False)
_REGISTRY.register(Enforcement())
urls: list[URLPattern] = [path("metrics", metrics, name="metrics")]
