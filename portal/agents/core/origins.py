"""Which web pages may chat with an agent (1-product.md: `allowed_origins`)."""

from collections.abc import Collection


def may_chat(origin: str | None, *, allowed: Collection[str], own: Collection[str]) -> bool:
    """Whether a page of `origin` may. An origin is exact: scheme, host and port.

    Portal's own pages always may. No list means any origin. A program sends no origin: a list never stops programs.
    """
    return origin is None or not allowed or origin in own or origin in allowed
