"""What the exceptions of this part are as problems."""

from collections.abc import Mapping
from typing import Any

from portal.accounts.permissions import NotAllowed, NotVisible
from portal.rest import sentences
from portal.rest.errors import Translate
from portal.rest.problems import Problem
from sessions_app.actions import agents, bulk, chats, deeds, policies, removing
from sessions_app.api.schemas.agents import NAMES as AGENT_FIELDS
from sessions_app.core.decision import Refusal

SENTENCES = {
    Refusal.NOT_FOUND: "There is no such session.",
    Refusal.SESSION_ENDED: "The session has ended; nothing but a new message can follow.",
    Refusal.SESSION_PAUSED: "The session is paused; resume it first.",
    Refusal.LIVE_CHAT_RUNNING: "A human talks with the user; hand back to the bot first.",
    Refusal.AGENT_DISABLED: "The agent is disabled: no session can start.",
    Refusal.MODEL_OVERRIDE_OFF: "The policy of this session does not let anybody choose its model.",
    Refusal.INTERNAL_READ_ONLY: "`internal` is Portal's own; leave it out. Nothing was changed.",
    Refusal.SESSION_LIMIT_REACHED: "The user has as many open sessions with this agent as its policy allows."
    " Nothing was kept of this request; end one of them and try again.",
}


def _refused(error: deeds.Refused) -> Problem:
    outcome = error.outcome
    state = outcome.session.state if outcome.session else "gone"
    detail = outcome.why or SENTENCES.get(error.refusal, f"The session is {state} now.")
    taken = [str(session) for session in outcome.open_sessions]
    return Problem(error.refusal.value, detail, members={"open_sessions": taken} if taken else None)


def _not_as_expected(error: bulk.NotAsExpected) -> Problem:
    sentence = f"There are {error.found:,} such sessions now, not {error.expected:,}. Nothing was done."
    return Problem("state_changed", sentence, members={"found": error.found})


def _too_many(error: bulk.TooMany) -> Problem:
    del error
    return Problem("invalid", f"More than {bulk.MOST:,} sessions match; narrow the filter. Nothing was done.")


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
    deeds.UnknownTarget: lambda error: Problem(
        "transfer_impossible", f"There is no agent “{error.slug}” to transfer to, or not for you. Nothing was changed."
    ),
    bulk.NotAsExpected: _not_as_expected,
    bulk.TooMany: _too_many,
    agents.Refused: _refused_settings,
    agents.SettingsChanged: lambda error: Problem("version_conflict", str(error)),
    removing.HasOpenSessions: lambda error: Problem("state_changed", str(error)),
    policies.OutOfBounds: _out_of_bounds,
    policies.PolicyChanged: lambda error: Problem("version_conflict", str(error)),
}
