"""What Celery runs for every API."""

from portal.celery import app
from portal.rest import claims

MOST = 1000  # at a time; every key that is written forgets some as well


@app.task
def forget_old_answers() -> None:
    """Every minute, by beat: what was answered is not kept longer when no new keys come."""
    claims.forget_old(limit=MOST)
