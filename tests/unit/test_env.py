"""The environment readers: what they take, and the sentence they end with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portal import env


@pytest.fixture(autouse=True)
def settings_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "settings"
    monkeypatch.setenv("PORTAL_ENV_FILE", str(file))
    monkeypatch.setattr(env, "_dotenv", env._dotenv.__wrapped__)
    return file


@pytest.mark.parametrize(
    ("value", "read", "expected"),
    [
        (" eu-1 ", lambda: env.text("X", "us-1"), "eu-1"),
        ("", lambda: env.text("X", "us-1"), "us-1"),  # docker compose hands over "" for a variable nobody gave
        ("12", lambda: env.integer("X", 5, minimum=12, maximum=12), 12),
        ("", lambda: env.integer("X", 5), 5),
        ("Yes", lambda: env.flag("X", default=False), True),
        ("off", lambda: env.flag("X", default=True), False),
        ("", lambda: env.flag("X", default=False), False),
        ("a.example, b.example,,", lambda: env.items("X", []), ["a.example", "b.example"]),
        ("", lambda: env.items("X", ["a.example"]), ["a.example"]),
        ("https://a.example/x", lambda: env.url("X", ""), "https://a.example/x"),
        ("unix:///run/redis.sock", lambda: env.url("X", "", schemes=["unix"]), "unix:///run/redis.sock"),
        (
            "postgresql://%2Frun%2Fpg/db",
            lambda: env.url("X", "", schemes=["postgresql"]),
            "postgresql://%2Frun%2Fpg/db",
        ),
        ("here", lambda: env.path("X"), env.ROOT / "here"),  # never the directory one happens to stand in
        ("/srv/portal", lambda: env.path("X"), Path("/srv/portal")),
    ],
)
def test_a_value_becomes_what_it_means(
    value: str, read: Callable[[], object], expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X", value)
    assert read() == expected


@pytest.mark.parametrize(
    ("value", "read", "sentence"),
    [
        ("", lambda: env.text("X"), "X is not set."),
        ("", lambda: env.integer("X"), "X is not set."),
        ("", lambda: env.items("X"), "X is not set."),
        ("3.5", lambda: env.integer("X"), "X must be a whole number, not '3.5'."),
        ("0", lambda: env.integer("X", minimum=1), "X must be at least 1, not 0."),
        ("9", lambda: env.integer("X", maximum=8), "X must be at most 8, not 9."),
        ("maybe", lambda: env.flag("X"), "X must be 1 or 0 (or true/false, yes/no, on/off), not 'maybe'."),
        ("example.com", lambda: env.url("X"), "X must look like http://host:port/…, with one of: http, https."),
        # The sentence never repeats the value: it may hold a password.
        ("redis://:hush@h:p", lambda: env.url("X", schemes=["redis"]), "X must look like redis://host:port/…"),
    ],
)
def test_a_value_that_cannot_be_used_ends_the_process_with_one_sentence(
    value: str, read: Callable[[], object], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(env.Misconfigured) as refused:
        read()
    assert str(refused.value.code).startswith(sentence)


def test_the_real_environment_wins_over_the_file(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_file.write_text("# a comment\n\nexport X='from the file'\nY=\"a=b\"\n")
    assert (env.text("X"), env.text("Y")) == ("from the file", "a=b")
    monkeypatch.setenv("X", "real")
    assert env.text("X") == "real"


def test_a_broken_line_of_the_file_is_named(settings_file: Path) -> None:
    settings_file.write_text("X=1\nnonsense\n")
    with pytest.raises(env.Misconfigured, match="Line 2"):
        env.text("X")


def test_a_command_finds_the_servers_and_the_key_of_its_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path))
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert env.servers() == {}
    with pytest.raises(env.Misconfigured, match="SECRET_KEY is not set"):
        env.secret_key()
    (tmp_path / "servers.json").write_text('{"database_url": "postgresql://h/db"}')
    (tmp_path / "secret_key").write_text("k\n")
    assert (env.servers()["database_url"], env.secret_key()) == ("postgresql://h/db", "k")


def test_a_half_written_list_of_servers_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path))
    (tmp_path / "servers.json").write_text('{"data')
    with pytest.raises(env.Misconfigured, match=r"servers\.json cannot be read"):
        env.servers()
