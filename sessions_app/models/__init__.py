from sessions_app.models.data import Memory, SessionData, Variable
from sessions_app.models.history import Event, Message, Turn
from sessions_app.models.policies import POLICY_FIELDS, PolicyVersion, policy_from
from sessions_app.models.sessions import ChatSession, Thread
from sessions_app.models.sweeps import SweepFailure, SweepMinute, SweepRun
from sessions_app.models.users import ChatUser, VisitorToken

__all__ = [
    "POLICY_FIELDS",
    "ChatSession",
    "ChatUser",
    "Event",
    "Memory",
    "Message",
    "PolicyVersion",
    "SessionData",
    "SweepFailure",
    "SweepMinute",
    "SweepRun",
    "Thread",
    "Turn",
    "Variable",
    "VisitorToken",
    "policy_from",
]
