"""What Celery runs for accounts."""

from portal.accounts.actions import attempts, letters
from portal.celery import app


@app.task
def send_letters() -> None:
    """Every two seconds, by beat."""
    letters.send_due()


@app.task
def forget_old_attempts() -> None:
    attempts.forget_old()
