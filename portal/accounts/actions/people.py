"""Accounts: inviting somebody, giving a role, switching an account off and on (1-product.md, "Permissions").

A right that is taken away is gone at the next call, and at the next look of an open socket.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from portal.accounts.actions import letters, members
from portal.accounts.actions.refusals import Refused
from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.accounts.permissions import NotAllowed, NotVisible, Principal, Verb, allows
from portal.accounts.queries import people
from portal.audit import actions as audit

LONGEST_NAME = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    username: str
    name: str
    email: str
    role: Role


class Invited(NamedTuple):
    """An account without a password. Under the address its person chooses one: once, and for three days."""

    account: Account
    address: str


def create(*, username: str, name: str, email: str, role: Role) -> Account:
    """A new account, without a password: it signs in when it has been given one. An admin gets the back office too."""
    first, _, last = name.partition(" ")
    make = Account.objects.create_superuser if role == Role.ADMIN else Account.objects.create_user
    values = {} if role == Role.ADMIN else {"role": role}
    return make(username, email, None, first_name=first, last_name=last, **values)


def invite(*, principal: Principal, person: NewPerson) -> Invited:
    """A new account, and the way in for its person. Raises NotAllowed, Refused."""
    if not allows(principal, Verb.EDIT_PEOPLE):
        raise NotAllowed
    _check(person)
    try:
        with transaction.atomic():
            account = create(username=person.username, name=person.name, email=person.email, role=person.role)
            return _invited(principal, account)
    except IntegrityError:
        raise Refused({"username": [_taken(person.username)]}) from None


@transaction.atomic
def invite_again(*, principal: Principal, id: int) -> Invited:
    """Another address for somebody who has not chosen a password yet. Raises NotAllowed, NotVisible, Refused."""
    account = _locked(principal, id)
    if account.has_usable_password() or not account.is_active:
        raise Refused({"invitation": ["Only who is invited and has not chosen a password yet can be invited again."]})
    return _invited(principal, account)


@transaction.atomic
def change(*, principal: Principal, id: int, values: Mapping[str, Any]) -> Account:
    """Give somebody a `role`, or switch their account off or on (`active`). In another role what they own or translate
    and could not in that one is taken from them; while an account is off nobody signs in with it, and none of its
    tokens counts. The same values again change nothing. Raises NotAllowed, NotVisible, Refused."""
    account = _locked(principal, id)
    before: dict[str, Any] = {"role": account.role, "active": account.is_active}
    after = before | {name: str(value) if name == "role" else value for name, value in values.items()}
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return account
    _refuse(principal, account, after)
    lost = members.take_what_does_not_fit(account, Role(after["role"])) if "role" in changed else []
    account.role, account.is_active = after["role"], after["active"]
    account.is_staff = account.is_superuser = account.role == Role.ADMIN
    account.save(update_fields=["role", "is_active", "is_staff", "is_superuser"])
    _record(
        "account.changed",
        principal,
        account,
        before={name: before[name] for name in changed} | ({"grants": lost} if lost else {}),
        after={name: after[name] for name in changed} | ({"grants": []} if lost else {}),
    )
    return account


@transaction.atomic
def remove_second_factor(*, principal: Principal, id: int) -> None:
    """For somebody who has lost theirs: the password lets them in again, until they set up another one. They are told
    by letter. Raises NotAllowed, NotVisible, Refused."""
    account = _locked(principal, id)
    if account.pk == principal.account_id:
        raise Refused({"second_factor": ["Your own is removed on the page of your account, or by another admin."]})
    factors = Authenticator.objects.filter(user=account)
    kinds = sorted(factors.values_list("type", flat=True))
    if not kinds:
        raise Refused({"second_factor": ["There is none."]})
    factors.delete()
    _record("account.second_factor_removed", principal, account, before={"kinds": kinds})
    _write(account, "Your second factor was removed", "people/email/second_factor_removed.txt", by=principal.name)


# ── who, and whether it can be ─────────────────────────────────────────────────────────────────────────────────────
def _locked(principal: Principal, id: int) -> Account:
    """The account, with all admins: of two who take each other's role the second one finds that it is gone."""
    if not allows(principal, Verb.EDIT_PEOPLE):
        raise NotAllowed if people.visible(principal).filter(pk=id).exists() else NotVisible
    admins = Q(role=Role.ADMIN, is_active=True)
    found = Account.objects.select_for_update(no_key=True).filter(admins | Q(pk=id)).order_by("pk")
    by_id = {account.pk: account for account in found}
    me = by_id.get(principal.account_id or 0)
    if me is None or me.role != Role.ADMIN or not me.is_active:
        raise NotAllowed
    if id not in by_id:
        raise NotVisible
    return by_id[id]


def _refuse(principal: Principal, account: Account, after: Mapping[str, Any]) -> None:
    """There is always an admin, and whoever switches off themselves would have nobody to ask. Raises Refused."""
    if account.pk == principal.account_id and not after["active"]:
        raise Refused({"active": ["You cannot switch off your own account; another admin can."]})
    stays = after["role"] == Role.ADMIN and after["active"]
    others = Account.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=account.pk)
    if account.role == Role.ADMIN and account.is_active and not stays and not others.exists():
        field = "role" if after["role"] != Role.ADMIN else "active"
        raise Refused({field: ["This is the last admin. Make somebody else one first."]})


def _check(person: NewPerson) -> None:
    """Raises Refused."""
    errors: dict[str, Sequence[str]] = {}
    try:
        Account._meta.get_field("username").clean(person.username, None)
    except ValidationError as wrong:
        errors["username"] = wrong.messages
    else:
        if Account.objects.filter(username__iexact=person.username).exists():
            errors["username"] = [_taken(person.username)]
    if not person.name.strip() or len(person.name) > LONGEST_NAME:
        errors["name"] = [f"A name of 1 to {LONGEST_NAME} characters."]
    if wrong_email := _wrong_email(person.email):
        errors["email"] = [wrong_email]
    if errors:
        raise Refused(errors)


def _wrong_email(email: str) -> str:
    try:
        validate_email(email)
        Account._meta.get_field("email").run_validators(email)
    except ValidationError:
        return "This is no e-mail address."
    taken = Account.objects.filter(email__iexact=email).exists()
    return "There is an account with this address already." if taken else ""


def _taken(username: str) -> str:
    return f"There is an account “{username}” already."


def _address(account: Account) -> str:
    uid = urlsafe_base64_encode(force_bytes(account.pk))
    return f"{settings.PORTAL_URL}{reverse('invitation', args=[uid, default_token_generator.make_token(account)])}"


def _invited(principal: Principal, account: Account) -> Invited:
    """Shown to whoever invites, and sent to whom it is for."""
    _record("account.invited", principal, account, after={"role": account.role})
    address = _address(account)
    _write(account, "You are invited to Portal", "people/email/invitation.txt", by=principal.name, address=address)
    return Invited(account, address)


def _write(account: Account, subject: str, template: str, **words: str) -> None:
    if account.email:
        text = render_to_string(template, {"account": account, "portal": settings.PORTAL_URL, **words})
        letters.put(to=account.email, subject=subject, text=text)


def _record(verb: str, principal: Principal, account: Account, **what: Any) -> None:
    """The log names people by id: who is erased leaves no name there."""
    audit.record(verb, account_id=principal.account_id, subject=f"account {account.pk}", **what)
