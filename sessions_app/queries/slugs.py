"""The names of agents in addresses: which are taken, and which to propose."""

from itertools import chain, count

from django.utils.text import slugify

from portal.agents.models import Agent
from sessions_app.core.agents import LONGEST_SLUG, RESERVED_SLUGS

ROOM_FOR_A_NUMBER = 6


def taken(slug: str) -> bool:
    return Agent.objects.filter(slug=slug).exists()


def free(name: str) -> str:
    """A slug made from a name that no agent has yet: "Shop assistant" → `shop-assistant`, or `shop-assistant-2`."""
    letters = slugify(name).replace("_", "-")
    base = letters[: LONGEST_SLUG - ROOM_FOR_A_NUMBER].strip("-") or "agent"
    used = {*Agent.objects.filter(slug__startswith=base).values_list("slug", flat=True), *RESERVED_SLUGS}
    numbered = (f"{base}-{number}" for number in count(2))
    return next(slug for slug in chain([base], numbered) if slug not in used)
