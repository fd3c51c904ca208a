"""A listening socket that outlives the server: systemd (or whoever starts it) holds it, so that callers wait through a restart."""

import os
import socket

GRACE_SECONDS = 30
"""Seconds the requests in flight have to end when the server is told to stop."""

_FIRST = 3
"""Number of the first file systemd hands over (``sd_listen_fds``)."""


def handed_socket() -> socket.socket | None:
    """Return the socket this process was handed; None when it has to open one itself."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST)
