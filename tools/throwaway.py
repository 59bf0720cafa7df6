"""A copy of the Portal for a while: the demo, started as `make run` starts it, in a home that is removed afterwards."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from portal import env
from tools import ports

PATIENCE_SECONDS = 60
OUTSIDE = ("DATABASE_URL", "REDIS_URL", "PORTAL_URL", "ALLOWED_HOSTS", "SECRET_KEY")


@contextlib.contextmanager
def demo(home: Path, *, visitors: int) -> Iterator[str]:
    """The address of a demo that is ready. Whatever was in `home` before is gone."""
    shutil.rmtree(home, ignore_errors=True)
    port = ports.free()
    with tempfile.TemporaryFile("w+") as said, _running(home, port, visitors, said) as copy:
        try:
            _wait_until_ready(copy, home, said)
            yield f"http://127.0.0.1:{port}"
        finally:
            copy.terminate()
            copy.wait(PATIENCE_SECONDS)
            shutil.rmtree(home, ignore_errors=True)


def _running(home: Path, port: int, visitors: int, said: IO[str]) -> subprocess.Popen[str]:
    variables = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    variables |= {"PORTAL_HOME": str(home), "PORT": str(port), "DEMO": "1", "VISITORS": str(visitors)}
    return subprocess.Popen(
        [sys.executable, "-m", "tools.run"], cwd=env.ROOT, env=variables, stdout=said, stderr=said, text=True
    )


def _wait_until_ready(copy: subprocess.Popen[str], home: Path, said: IO[str]) -> None:
    """The runner leaves a mark when the demo is loaded and the web answers."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while not (home / "web-answers").exists():
        if copy.poll() is not None or time.monotonic() > patience:
            said.seek(0)
            sys.exit(f"The copy did not become ready. It said:\n{said.read()}")
        time.sleep(0.1)
