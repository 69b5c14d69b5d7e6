"""Ports of loopback for what tests start: none is lost between the moment that it is chosen and the server's start.

The kernel gives the ports of RANGE to nobody who asks it for any, and each process of the tests holds those that it
has chosen until it ends. `any_free` of pipeline.engines.ports is for callers that cope with losing theirs.
"""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack
from typing import Final

from pipeline.engines.ports import is_free

RANGE: Final = range(20_000, 32_000)
"""Below those that Linux gives to connections: one that nobody answers yet would take a port that is wanted."""

_held = ExitStack()


def own_port() -> int:
    """A free port that is this process's until it ends."""
    return own_ports(1)[0]


def own_ports(count: int) -> range:
    """The same of consecutive ones."""
    while True:
        first = RANGE.start + secrets.randbelow(len(RANGE) - count)
        if _take(chosen := range(first, first + count)):
            return chosen


def _take(ports: range) -> bool:
    """Claim all of these ports, or none where another process has one or a server listens."""
    with ExitStack() as claimed:
        if not all(_claim(claimed, port) and is_free(port) for port in ports):
            return False
        _held.enter_context(claimed.pop_all())
        return True


def _claim(claimed: ExitStack, port: int) -> bool:
    """Take a port's name, which one process can have; the kernel keeps it (unix(7), abstract) and no file is left."""
    name = claimed.enter_context(socket.socket(socket.AF_UNIX))
    try:
        name.bind(f"\0liaison-tests-port-{port}")
    except OSError:
        return False
    return True
