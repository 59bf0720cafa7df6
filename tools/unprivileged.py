"""Running a program as somebody who is not root, because PostgreSQL refuses to be root."""

import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

NOBODY = "nobody"


class NotPossible(SystemExit):
    """This machine cannot run a program as somebody else."""


def account(directory: Path) -> pwd.struct_passwd | None:
    """Who shall own `directory` and what runs in it: `None` is whoever we are, and its present owner goes on."""
    if os.geteuid() != 0:
        return None
    owner = directory.stat().st_uid if directory.exists() else 0
    return pwd.getpwuid(owner) if owner else pwd.getpwnam(NOBODY)


def words(account: pwd.struct_passwd | None, *, entering: Sequence[Path]) -> list[str]:
    """What to put before a command so that it runs as `account` and reaches the paths of `entering`.

    Where a parent is closed to others (`/root`, a private temp directory) the program keeps the one capability that
    opens it. Opening the directories themselves, as the wheel's own starter does, would open them to everybody.
    """
    if account is None:
        return []
    if not (setpriv := shutil.which("setpriv")):
        raise NotPossible("PostgreSQL does not run as root and there is no setpriv (util-linux): use another account.")
    command = [setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    if not all(map(_open_to_others, entering)):
        # access(2), by which initdb looks for its sibling, forgets capabilities unless no_setuid_fixup is set.
        command += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    return [*command, "--"]


def _open_to_others(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
