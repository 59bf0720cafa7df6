"""Arrows point down (the contracts in pyproject.toml, [tool.importlinter]), and cores know nothing but their rules."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from portal.env import ROOT

CORES = ("sessions_app.core", "localization.core", "portal.agents.core", "portal.audit.core")
FRAMEWORKS = {"django", "channels", "celery", "ninja", "httpx", "redis", "psycopg", "asgiref"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}

IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    core = importlib.import_module(name)
    for module in pkgutil.walk_packages(core.__path__, f"{name}."):
        importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter, with nothing in its environment that Django could be set up from."""
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env={}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("core", CORES)
def test_a_core_imports_no_framework(core: str) -> None:
    done = _python("-c", IMPORT_ALL, core)

    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert core.partition(".")[0] in loaded
    assert loaded & FRAMEWORKS == set()


@pytest.mark.parametrize("core", CORES)
def test_a_core_asks_no_clock(core: str) -> None:
    """`now` is an argument: only then is a decision the same whoever makes it, and whenever."""
    asked = [
        f"{path.name}:{call.lineno}"
        for path in (ROOT / core.replace(".", "/")).glob("**/*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CLOCKS
    ]
    assert asked == []


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
