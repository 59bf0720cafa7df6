"""What the exceptions of this part are as problems."""

from collections.abc import Mapping
from typing import Any

from portal.accounts.permissions import NotAllowed, NotVisible
from portal.rest import sentences
from portal.rest.errors import Translate
from portal.rest.problems import Problem
from sessions_app.actions import agents, chats, deeds, policies, removing
from sessions_app.api.schemas.agents import NAMES as AGENT_FIELDS
from sessions_app.core.decision import Refusal

SENTENCES = {
    Refusal.NOT_FOUND: "There is no such session.",
    Refusal.SESSION_ENDED: "The session has ended; nothing but a new message can follow.",
    Refusal.SESSION_PAUSED: "The session is paused; resume it first.",
    Refusal.AGENT_DISABLED: "The agent is disabled: no session can start.",
    Refusal.INVALID: "The agent does not speak this language.",
}


def _refused(error: deeds.Refused) -> Problem:
    state = error.outcome.session.state if error.outcome.session else "gone"
    return Problem(error.refusal.value, SENTENCES.get(error.refusal, f"The session is {state} now."))


def _out_of_bounds(error: policies.OutOfBounds) -> Problem:
    errors: dict[str, list[str]] = {}
    for refusal in error.refusals:
        errors.setdefault(refusal.field, []).append(refusal.sentence)
    return Problem("out_of_bounds", str(error), errors=errors)


def _refused_settings(error: agents.Refused) -> Problem:
    errors: dict[str, list[str]] = {}
    for refusal in error.refusals:
        errors.setdefault(AGENT_FIELDS.get(refusal.field, refusal.field), []).append(refusal.sentence)
    return Problem("invalid", sentences.summary(errors), errors=errors)


def _always(code: str, detail: str) -> Translate:
    def translate(_error: Any) -> Problem:
        return Problem(code, detail)

    return translate


PROBLEMS: Mapping[type[Exception], Translate] = {
    NotVisible: _always("not_found", "There is no such thing, or not for you."),
    NotAllowed: _always("forbidden", "You may see this, but not do it."),
    chats.UnknownThread: _always("not_found", "This user has no such thread with this agent."),
    deeds.Refused: _refused,
    agents.Refused: _refused_settings,
    agents.SettingsChanged: lambda error: Problem("version_conflict", str(error)),
    removing.HasOpenSessions: lambda error: Problem("state_changed", str(error)),
    policies.OutOfBounds: _out_of_bounds,
    policies.PolicyChanged: lambda error: Problem("version_conflict", str(error)),
}
