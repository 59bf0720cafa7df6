"""Get uv without pip: for Pythons that come without it, as Debian's does. Standard library only, any Python >= 3.11.

Takes a file that tools/uv.txt names by its hash, as pip would, and leaves `.uv/bin/uv`.
"""

import hashlib
import io
import platform
import re
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = {"linux": "manylinux", "darwin": "macosx"}


def main() -> None:
    """Fetch, check, unpack; one sentence when it cannot be had."""
    hashes = set(re.findall(r"sha256:(\w+)", (ROOT / "tools" / "uv.txt").read_text()))
    try:
        wheel = _read(_address(hashes))
    except (urllib.error.URLError, TimeoutError) as error:
        sys.exit(f"uv could not be fetched from pypi.org: {error}.")
    if hashlib.sha256(wheel).hexdigest() not in hashes:
        sys.exit("What pypi.org gave as uv is not what tools/uv.txt names: nothing was installed.")
    _unpack(wheel, ROOT / ".uv" / "bin" / "uv")


def _address(hashes: set[str]) -> str:
    """Where the pinned wheel for this machine is, by the index that pip reads."""
    system, machine = SYSTEM.get(sys.platform, sys.platform), platform.machine()
    index = _read("https://pypi.org/simple/uv/").decode()
    for url, sha256 in re.findall(r'href="([^"#]+)#sha256=(\w+)"', index):
        if sha256 in hashes and re.search(rf"-{system}\w*_{machine}\b", url):
            return str(url)
    sys.exit(f"There is no uv for {system} on {machine} among the files that tools/uv.txt names.")


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as response:
        return bytes(response.read())


def _unpack(wheel: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        # Under another name until it is whole.
        fresh = target.with_suffix(".fresh")
        fresh.write_bytes(archive.read(name))
    fresh.chmod(0o755)
    fresh.replace(target)


if __name__ == "__main__":
    main()
