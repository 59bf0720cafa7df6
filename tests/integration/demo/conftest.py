"""The demo, with a short week."""

from typing import Any

import pytest

from portal.demo import loading

VISITS = 15  # to each agent


@pytest.fixture
def demo(db: None, settings: Any) -> int:
    """In a copy that is one; the number of its sessions."""
    settings.DEMO = True
    return loading.load(visits=VISITS)
