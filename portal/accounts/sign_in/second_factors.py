"""What allauth asks of us about second factors."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.utils.safestring import mark_safe

from portal.accounts.queries import second_factor
from portal.lib import sealing

NAME = "Portal"


class Adapter(DefaultMFAAdapter):
    """Their secrets are sealed: who reads the database cannot use them."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        """To stand in the page itself, whose orders forbid a picture in an address."""
        drawn: str = super().build_totp_svg(url).partition("?>")[2]
        return mark_safe(drawn)  # noqa: S308  squares, drawn by a library

    def get_totp_issuer(self) -> str:
        return NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": NAME}

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Not the last one of somebody who has to have one."""
        if authenticator.type == Authenticator.Type.RECOVERY_CODES or not second_factor.is_required(authenticator.user):
            return True
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())
