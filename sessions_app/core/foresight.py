"""What a policy would do to the sessions that are open, before it is saved (1-product.md, "Changing a policy")."""

from datetime import datetime
from typing import Literal

from sessions_app.core import clocks, deadlines
from sessions_app.core.facts import Facts, State
from sessions_app.core.policy import Policy
from sessions_app.core.values import replace

Effect = Literal["ends_now", "longer", "shorter"]


def effect(facts: Facts, policy: Policy, now: datetime) -> Effect | None:
    """What `policy`, in force from `now` on, would do to a session that is open at `now`; `facts` are as of then. None
    where it would end when it ends anyway."""
    changed = replace(facts, policy=policy, policy_effective_at=max(now, facts.started_at))
    if not clocks.as_of(changed, now).is_open:
        return "ends_now"
    ends_at, would_end_at = _ends_at(facts, now), _ends_at(changed, now)
    if ends_at == would_end_at:
        return None
    return "longer" if would_end_at > ends_at else "shorter"


def _ends_at(facts: Facts, now: datetime) -> datetime:
    """Of a paused session: if it were resumed now."""
    running = clocks.resumed(facts, now) if facts.state is State.PAUSED else facts
    return max(deadlines.ends_at(running), now)
