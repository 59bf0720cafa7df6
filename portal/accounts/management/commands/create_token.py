from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts import auth
from portal.accounts.models import Account


class Command(BaseCommand):
    help = "Make an API token for an account, and print it. It is shown this once; only its digest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what it is for")

    def handle(self, *, username: str, name: str, **_: Any) -> None:
        account = Account.objects.filter(username=username, is_active=True).first()
        if account is None:
            raise CommandError(f"There is no active account {username!r}. No token was made.")
        self.stdout.write(auth.mint_token(account=account, name=name))
