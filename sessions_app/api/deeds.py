"""What is done to one session (3-api.md, "Sessions"). Who may, and what comes of it, `actions.deeds` says."""

from collections.abc import Callable
from typing import Any

from ninja import Router

from portal.rest.openapi import answers
from portal.rest.problems import CODES
from sessions_app.actions import Outcome, deeds
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.sessions import Deed, FastForward, NoState, SessionAnswer, SetModel, TransferTo
from sessions_app.api.sessions import answer, named

router = Router(tags=["Deeds"])
NO_REASON, NO_STATE = Deed(), NoState()


def _refusing(*codes: str) -> dict[str, Any]:
    """With the codes that every deed has."""
    found = {"forbidden", "not_found", "state_changed", "invalid", *codes}
    return answers(SessionAnswer, *(code for code in CODES if code in found))


@router.post("/sessions/{session}/end", summary="End a session", **_refusing())
def end_session(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """Ending one that has ended changes nothing, and is no error."""
    return _do(deeds.end, request, session, body)


@router.post("/sessions/{session}/pause", summary="Pause a session", **_refusing("session_ended", "live_chat_running"))
def pause_session(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """Both clocks stand until it is resumed."""
    return _do(deeds.pause, request, session, body)


@router.post("/sessions/{session}/resume", summary="Resume a session", **_refusing("session_ended"))
def resume_session(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """It goes on with exactly the time that was left; messages that were held are put to the bot."""
    return _do(deeds.resume, request, session, body)


@router.post("/sessions/{session}/extend", summary="Extend a session", **_refusing("session_ended", "session_paused"))
def extend_session(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """ "Keep chatting": the inactivity clock starts again. The max duration stays."""
    return _do(deeds.extend, request, session, body)


@router.post(
    "/sessions/{session}/clear-history",
    summary="Clear one's own view",
    **_refusing("agent_disabled", "session_limit_reached"),
)
def clear_history(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """For the session's user. Answers with the new session, which begins with the prompt."""
    return _do(deeds.clear_history, request, session, body)


@router.post(
    "/sessions/{session}/transfer",
    summary="Transfer a session",
    **_refusing("session_ended", "transfer_impossible"),
)
def transfer_session(request: ApiRequest, session: str, body: TransferTo) -> SessionAnswer:
    """It ends, and the other agent picks up at the user's next turn, in a session of its own. A place is kept there."""
    return _do(deeds.transfer, request, session, body, to=body.agent)


@router.delete("/sessions/{session}/transfer", summary="Cancel a transfer", **_refusing())
def cancel_transfer(request: ApiRequest, session: str, body: NoState = NO_STATE) -> SessionAnswer:
    """While nobody has picked up. The agent that had the session answers the next turn."""
    return _answered(request, deeds.cancel_transfer(principal=request.auth, session=named(session), reason=body.reason))


@router.put(
    "/sessions/{session}/model",
    summary="Choose a model for one session",
    **_refusing("session_ended", "model_override_off"),
)
def set_model(request: ApiRequest, session: str, body: SetModel) -> SessionAnswer:
    """For admins, where the session's policy lets them. `null` goes back to the agent's own."""
    return _do(deeds.set_model, request, session, body, model=body.model)


@router.post(
    "/sessions/{session}/live-chat",
    summary="Take over from the bot",
    **_refusing("session_ended", "session_paused", "live_chat_running"),
)
def take_over(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """What the user writes is for a human now, and moves no clock."""
    return _do(deeds.take_over, request, session, body)


@router.delete("/sessions/{session}/live-chat", summary="Hand back to the bot", **_refusing("session_paused"))
def hand_back(request: ApiRequest, session: str, body: NoState = NO_STATE) -> SessionAnswer:
    """The clock starts again, unless the session has ended meanwhile."""
    return _answered(request, deeds.hand_back(principal=request.auth, session=named(session), reason=body.reason))


@router.post("/sessions/{session}/fast-forward", summary="Let time pass for an emulator session", **_refusing())
def fast_forward(request: ApiRequest, session: str, body: FastForward) -> SessionAnswer:
    """Everything of the session moves into the past by so much, deadlines included; what has become due happens."""
    return _answered(request, deeds.fast_forward(principal=request.auth, session=named(session), by=body.by))


def _do(deed: Callable[..., Outcome], request: ApiRequest, session: str, body: Deed, **more: Any) -> SessionAnswer:
    outcome = deed(
        principal=request.auth, session=named(session), reason=body.reason, seen_state=body.seen_state, **more
    )
    return _answered(request, outcome)


def _answered(request: ApiRequest, outcome: Outcome) -> SessionAnswer:
    return answer(request.auth, outcome)
