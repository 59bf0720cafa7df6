"""What Celery runs. A task is a nudge: the work itself is rows in PostgreSQL."""

from celery import shared_task

from sessions_app.actions import apply, sweeping, turns


@shared_task
def sweep() -> None:
    """Every second, by beat, on a queue of its own."""
    sweeping.sweep()


@shared_task
def answer_forgotten_turns() -> None:
    """Every few seconds, by beat: a bot is asked again whose answer was lost with a process."""
    turns.answer_forgotten(commit=apply)
