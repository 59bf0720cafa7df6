"""What Celery runs. A task is a nudge: the work itself is rows in PostgreSQL."""

from celery import shared_task
from celery.signals import worker_ready

from portal.audit import actions as audit
from portal.lib import garbage
from sessions_app.actions import apply, retention, sweep_log, sweeping, turns


@shared_task
def sweep() -> None:
    """Every second, by beat, on a queue of its own."""
    sweeping.sweep_in_turn()


@shared_task
def answer_forgotten_turns() -> None:
    """Every few seconds, by beat: a bot is asked again whose answer was lost with a process.

    It leaves a trace, by which a worker that does nothing any more is noticed.
    """
    turns.answer_forgotten(commit=apply)
    sweep_log.chores_done()


@shared_task
def seal_audit_log() -> None:
    """Every few seconds, by beat: what was recorded meanwhile gets its place in the chain."""
    audit.seal()


@shared_task
def tidy() -> None:
    """Every few minutes, by beat: what nobody asks for any more goes."""
    retention.tidy()


@worker_ready.connect
def settle(**_: object) -> None:
    """A worker has begun."""
    garbage.settle()
