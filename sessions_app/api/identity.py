"""The secret with which a site signs who its users are."""

from ninja import Router, Status
from pydantic import BaseModel, Field

from portal.accounts.sign_in import recent
from portal.agents import actions
from portal.rest.fields import Instant
from portal.rest.idempotency import secret_answer
from portal.rest.openapi import answers
from sessions_app.api.caller import ApiRequest
from sessions_app.queries import agents

router = Router(tags=["Agents"])
router.add_decorator(recent.present, mode="operation")


class IdentitySecret(BaseModel):
    secret: str = Field(description="The key of HS256, as these bytes. It is shown this once.")
    previous_until: Instant | None = Field(description="Until then the secret before this one counts as well.")


@router.post(
    "/agents/{slug:slug}/identity-secret",
    summary="Make an identity secret",
    **answers(IdentitySecret, "forbidden", "not_found", status=201),
)
@secret_answer
def make_identity_secret(request: ApiRequest, slug: str) -> Status[IdentitySecret]:
    """With it your site signs who its users are (`identity` in `POST /chat/{slug}`). The one before counts for another
    hour, so that none of your servers has to change at once; made twice, it counts no more."""
    made = actions.make_identity_secret(principal=request.auth, agent=agents.named(request.auth, slug))
    return Status(201, IdentitySecret(secret=made.secret, previous_until=made.previous_until))
