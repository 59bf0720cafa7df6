from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.actions import tokens
from portal.accounts.actions.refusals import Refused
from portal.accounts.actions.tokens import LONGEST_FOR, Settings
from portal.accounts.models import Account
from portal.accounts.names import Scope
from portal.accounts.permissions import Principal, principal_of
from portal.lib import clock


class Command(BaseCommand):
    help = "Make an API token for an account, and print it. It is shown this once; only its digest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what it is for")
        parser.add_argument("--days", type=int, help="how long it counts; without, until it is revoked")
        parser.add_argument("--read-only", action="store_true", help="it changes nothing")
        parser.add_argument(
            "--backend", action="store_true", help="it starts sessions, writes messages and data, no more"
        )
        parser.add_argument(
            "--agent", action="append", metavar="SLUG", help="the only one it reaches; repeat for several"
        )

    def handle(self, *, username: str, **options: Any) -> None:
        try:
            made = tokens.make(
                principal=_principal(username), settings=_settings(**options), reason="manage.py create_token"
            )
        except Refused as refused:
            raise CommandError(f"{refused} No token was made.") from None
        self.stdout.write(made.secret)


def _principal(username: str) -> Principal:
    account = Account.objects.filter(username=username, is_active=True).first()
    if account is None:
        raise CommandError(f"There is no active account {username!r}. No token was made.")
    return principal_of(account)


def _settings(
    *, name: str, days: int | None, read_only: bool, backend: bool, agent: list[str] | None, **_: Any
) -> Settings:
    return Settings(
        name=name,
        expires_at=_expiry(days),
        scope=Scope.BACKEND if backend else Scope.ACCOUNT,
        read_only=read_only,
        agents=None if agent is None else tuple(dict.fromkeys(agent)),
    )


def _expiry(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days < LONGEST_FOR.days:
        raise CommandError(f"--days is 1 to {LONGEST_FOR.days - 1}. No token was made.")
    return clock.now() + timedelta(days=days)
