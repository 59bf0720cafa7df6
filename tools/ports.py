"""Ports of the loopback address."""

import socket

from portal import env

LOOPBACK = "127.0.0.1"


def free() -> int:
    """A port nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def check(port: int) -> None:
    """Raise `env.Misconfigured` when `port`, the PORT of the environment, cannot be opened."""
    with socket.socket() as probe:
        # As uvicorn does: connections of the copy that stopped a moment ago do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError:
            raise env.Misconfigured(f"This account may not open port {port}: set PORT to one above 1023.") from None
        except OSError:
            raise env.Misconfigured(f"Port {port} is busy: stop what uses it, or set PORT to another.") from None
