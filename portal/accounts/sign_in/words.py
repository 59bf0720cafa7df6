"""Words that somebody who guesses tries first here (docs/security.md, "Signing in")."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

WORDS = ("portal", "admin", "password", "welcome", "session", "agent", "chatbot")
SHORTEST = 8  # signs: what is a password without them may have them


class NotWordsOfTheHouse:
    """A password is more than such a word with a year behind it. The names of the host are among them."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002  Django's signature
        left = password.casefold()
        for word in sorted(_words(), key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < min(SHORTEST, len(password)):
            raise ValidationError(_("This is little more than a word that anybody would try here."), code="house")

    def get_help_text(self) -> str:
        return _("Your password can’t be little more than a word that anybody would try here.")


def _words() -> Iterator[str]:
    yield from WORDS
    yield from (label for label in (urlsplit(settings.PORTAL_URL).hostname or "").split(".") if len(label) > 3)
