#!/bin/sh
# Make .venv/ exactly what uv.lock says, on a machine with nothing but Python >= 3.11.
# `.uv/` holds the installer, so that a Python too new for our wheels can still fetch one that is not.
set -eu
cd "$(dirname "$0")/.."
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH

say() { printf '%s\n' "$*" >&2; }

# Tried by running: a pyenv shim is on the PATH even when there is no such Python behind it.
runs() { "$1" -c "import sys; sys.exit(not sys.version_info >= (3, 11))" >/dev/null 2>&1; }
has_pip() { "$1" -c "import venv, ensurepip" >/dev/null 2>&1; }
has_wheels() { "$1" -c "import sys; sys.exit(not sys.version_info < (3, 13))"; }

host=
for candidate in python3.12 python3.11 python3 python3.13 python3.14 python3.15; do
    if runs "$candidate"; then host=$candidate; break; fi
done
if [ -z "$host" ]; then
    say "Portal needs Python 3.11 or newer and found none on the PATH."
    exit 1
fi

if ! .uv/bin/uv --version 2>/dev/null | grep -qF "$(sed -n 's/^uv==\([0-9.]*\).*/uv \1 /p' tools/uv.txt)"; then
    say "Installing the installer into .uv/ …"
    if has_pip "$host"; then
        "$host" -m venv --clear .uv
        .uv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement tools/uv.txt
    else
        "$host" tools/fetch_uv.py
    fi
fi

# The newest Python with wheels for everything we lock; where the machine has only newer ones, uv fetches 3.12.
if has_wheels "$host"; then python=$("$host" -c "import sys; print(sys.executable)"); else python=3.12; fi
# Compiled ahead the first time only: the first `make run` is quick, and so is a later change of the lock file.
if [ -x .venv/bin/python ]; then compile=; else compile=--compile-bytecode; fi
say "Installing what uv.lock names into .venv/ …"
if ! UV_PROJECT_ENVIRONMENT=.venv .uv/bin/uv sync --frozen --quiet $compile --python "$python"; then
    say "The environment is not complete (Python $python). Deal with the reason above, then run the same command again."
    exit 1
fi

# What an editable install would do: pytest, celery and uvicorn of .venv/bin find the project from any directory.
pwd > "$(.venv/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/portal.pth"
touch .venv/installed
