"""Messages in bulk, for back ends (3-api.md, "Sessions")."""

from ninja import Router

from portal.lib import clock
from portal.rest.openapi import answers
from sessions_app.actions import interactions
from sessions_app.actions.interactions import Item, Said
from sessions_app.api.caller import ApiRequest
from sessions_app.api.errors import SENTENCES
from sessions_app.api.schemas.interactions import Interaction, Interactions, InteractionsAnswer, Recorded
from sessions_app.core.commands import Kind
from sessions_app.core.decision import Refusal
from sessions_app.queries.shown import private_id, public_id

router = Router(tags=["Messages"])


@router.post(
    "/interactions",
    summary="Record many messages",
    by_alias=True,
    **answers(InteractionsAnswer, "forbidden", "invalid"),
)
def record_interactions(request: ApiRequest, body: Interactions) -> InteractionsAnswer:
    """Up to 1,000, with one result each, in order: a refused one does not hold up the others. No answer of a bot is
    waited for. With a `client_id`, sending them again makes nothing twice."""
    said = interactions.say_all(principal=request.auth, items=[_item(item) for item in body.items])
    items = [_recorded(about, item.session) for about, item in zip(said, body.items, strict=True)]
    return InteractionsAnswer(items=items, server_now=clock.now())


def _item(sent: Interaction) -> Item:
    return Item(
        session=private_id(sent.session) if sent.session else None,
        agent=sent.agent,
        thread=sent.thread,
        user=sent.user,
        sender=sent.said_by,
        kind=Kind(sent.kind),
        text=sent.text,
        event=sent.event or "",
        payload=sent.payload,
        client_id=sent.client_id,
        at=sent.at,
    )


def _recorded(said: Said, addressed: str | None) -> Recorded:
    if said.refusal is not None:
        return Recorded(result="refused", code=said.refusal, detail=said.why or _sentence(said.refusal))
    session = public_id(said.session, said.version) if said.session else None
    return Recorded(
        result="already" if said.already else "ok",
        message=said.message,
        seq=said.seq,
        thread=said.thread,
        session=session,
        previous_session=addressed if said.previous else None,
    )


def _sentence(code: str) -> str:
    if code == "forbidden":
        return "You may see this, but not write to it."
    return SENTENCES.get(Refusal(code), "It could not be recorded.")
