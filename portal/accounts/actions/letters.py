"""E-mails: written with the deed they tell of, sent by a worker, tried again where the mail server is away.

Whoever asks for one never waits for it, nor learns from how long it takes whether there is an account: who is meant by
an address is looked up when the letter is sent.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from portal.accounts.actions import resets
from portal.accounts.models import Letter
from portal.lib import clock, sealing

MOST = 20  # letters in one go
FIRST_AGAIN_AFTER = 10  # seconds, then twice as long each time
LONGEST_AGAIN_AFTER = 3600
GIVEN_UP_AFTER = timedelta(days=3)
log = structlog.get_logger(__name__)


def put(*, to: str, subject: str, text: str) -> None:
    """Send this, soon."""
    _put({"to": to, "subject": subject, "text": text})


def put_reset(*, to: str) -> None:
    """Tell whoever has this address how to choose another password, should anybody with an account have it."""
    _put({"reset": to})


def send_due(*, limit: int = MOST) -> int:
    """Send up to `limit` letters that are due; how many were taken. Several workers may do it at once."""
    for done in range(limit):
        if not _send_next():
            return done
    return limit


def _put(content: dict[str, str]) -> None:
    Letter.objects.create(sealed=sealing.seal(json.dumps(content)))


@transaction.atomic
def _send_next() -> bool:
    """One that dies between sending and forgetting is sent again: better twice than never."""
    due = Letter.objects.select_for_update(skip_locked=True).filter(due_at__lte=Now()).order_by("due_at", "pk")
    letter = due.first()
    if letter is None:
        return False
    try:
        _send(_messages(letter))
    except (OSError, ValueError, sealing.Unreadable) as error:  # smtplib's errors are OSErrors
        _keep(letter, error)
    else:
        letter.delete()
    return True


def _messages(letter: Letter) -> list[EmailMessage]:
    """Raises sealing.Unreadable."""
    content: dict[str, str] = json.loads(sealing.unseal(letter.sealed))
    if "reset" in content:
        return list(_resets(content["reset"]))
    return [EmailMessage(content["subject"], content["text"], to=[content["to"]])]


def _resets(address: str) -> Iterable[EmailMessage]:
    """One for each account with this address, none where there is no such account."""
    for reset in resets.of(address):
        text = render_to_string("account/email/reset.txt", {"reset": reset, "portal": settings.PORTAL_URL})
        yield EmailMessage("Choose another password for Portal", text, to=[address])


def _send(messages: Sequence[EmailMessage]) -> None:
    if messages:
        get_connection().send_messages(messages)


def _keep(letter: Letter, error: Exception) -> None:
    """For another try, or not: what nobody could send for days nobody waits for."""
    if clock.now() - letter.created_at > GIVEN_UP_AFTER:
        log.error("letter given up", letter=letter.pk, tries=letter.tries + 1, error=type(error).__name__)
        letter.delete()
        return
    again = min(FIRST_AGAIN_AFTER * 2**letter.tries, LONGEST_AGAIN_AFTER)
    log.warning("letter not sent", letter=letter.pk, again_in_seconds=again, error=type(error).__name__)
    letter.tries += 1
    letter.due_at = Now() + timedelta(seconds=again)
    letter.save(update_fields=["tries", "due_at"])
