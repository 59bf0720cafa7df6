"""The production shape and `make run` start the same programs in the same way."""

import json
import re
import shlex

import pytest
import yaml
from honcho import environ

from portal import env

COMPOSE = yaml.safe_load((env.ROOT / "docker-compose.yml").read_text())
PROCFILE = environ.parse_procfile((env.ROOT / "Procfile").read_text()).processes
DOCKERFILE = (env.ROOT / "Dockerfile").read_text()
# Where a copy on a desk and a container differ on purpose.
OF_THE_PLACE = {"--host", "--port", "--schedule", "--timeout-graceful-shutdown", "--forwarded-allow-ips"}


@pytest.mark.parametrize("name", ["worker", "sweeper", "beat"])
def test_a_background_process_is_the_same_in_a_container(name: str) -> None:
    assert _options(COMPOSE["services"][name]["command"]) == _options(PROCFILE[name].removeprefix("exec "))


def test_the_web_process_is_the_same_in_a_container() -> None:
    command = re.search(r"^CMD (\[.*\])$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE)
    assert command
    assert _options(shlex.join(json.loads(command[1]))) == _options(PROCFILE["web"].removeprefix("exec "))


def test_two_web_processes_stand_behind_the_proxy() -> None:
    assert COMPOSE["services"]["web"]["deploy"]["replicas"] == 2
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]


def test_redis_refuses_rather_than_forgets() -> None:
    command = shlex.join(COMPOSE["services"]["valkey"]["command"])
    assert "--appendonly yes --appendfsync everysec" in command
    assert "--maxmemory-policy noeviction" in command


def _options(command: str) -> list[tuple[str, str]]:
    """The words of a command in pairs, without what belongs to the place where it runs."""
    words = re.sub(r" (--?[\w-]+)[ =](?!-)", r" \1=", command).split()
    pairs = [(name, value) for name, _, value in (word.partition("=") for word in words)]
    return [(name, value) for name, value in pairs if name not in OF_THE_PLACE]
