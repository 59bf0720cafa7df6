"""The browser of the machine, for tests and screenshots; nothing is downloaded."""

import os
import shutil
from typing import Any

# The shell first: the same browser without the windows that nobody sees. The whole one stood still now and then when a
# tab was opened or closed, and Playwright waits for that without end.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Missing(SystemExit):
    """There is no Chromium; the sentence says how to get one."""


def launch_options() -> dict[str, Any]:
    """Keyword arguments for Playwright's `launch`; raises `Missing`."""
    # Chromium's sandbox refuses to be root; what the browser opens here is our own pages.
    return {"executable_path": _executable(), "args": ["--no-sandbox"] if os.geteuid() == 0 else []}


def _executable() -> str:
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else NAMES
    for name in names:
        if found := shutil.which(name):
            return found
    raise Missing("There is no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM to its path.")
