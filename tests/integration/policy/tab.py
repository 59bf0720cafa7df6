"""A person at a page that edits a policy: what stands in the boxes, and sending it with some of them changed."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from portal.accounts.models import Account
from portal.agents.models import Agent
from sessions_app.forms.policy import PolicyForm
from sessions_app.queries import policies
from sessions_app.queries.policies import Version


def browser(account: Account, *, htmx: bool = False) -> Client:
    client = Client(headers={"hx-request": "true"} if htmx else None)
    client.force_login(account)
    return client


def boxes(form: PolicyForm) -> dict[str, str]:
    """What a browser would send of the form as it stands: an unchecked box not at all."""
    stands = {name: form[name].value() for name in form.fields}
    return {name: str(value) for name, value in stands.items() if value not in (None, "", False)}


class Tab:
    """The Session Policy tab of an agent, opened by somebody."""

    def __init__(self, account: Account, agent: Agent) -> None:
        self.client = browser(account)
        self.agent = agent
        self.path = f"/agents/{agent.slug}/session-policy/"
        self.opened = boxes(self.client.get(self.path).context["form"])

    def save(self, **changed: Any) -> HttpResponse:
        """Send what stood in the boxes when the tab was opened, with these typed over."""
        return self.client.post(self.path, {**self.opened, **changed})


def current(agent: Agent) -> Version:
    return policies.current([agent.pk])[agent.pk]


def errors(response: HttpResponse) -> dict[str, list[str]]:
    """Field → the sentences beside it."""
    found: dict[str, list[str]] = response.context["form"].errors
    return {name: list(sentences) for name, sentences in found.items()}
