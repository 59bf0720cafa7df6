from sessions_app.actions._apply import Outcome, apply

__all__ = ["Outcome", "apply"]
