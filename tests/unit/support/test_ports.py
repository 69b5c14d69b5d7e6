"""Ports of tests: held by who chose them, and never one on which a server listens."""

from __future__ import annotations

import secrets
import socket

import pytest

from pipeline.engines.ports import LOOPBACK
from support.ports import RANGE, own_port, own_ports


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ports that are tried next, in order; whatever is free once there are no more."""
    drawn: list[int] = []
    below = secrets.randbelow
    monkeypatch.setattr(secrets, "randbelow", lambda limit: drawn.pop(0) - RANGE.start if drawn else below(limit))
    return drawn


def test_a_port_that_was_chosen_is_chosen_by_nobody_else(draw: list[int]) -> None:
    chosen = [own_port(), *own_ports(3)]
    assert len(set(chosen)) == 4
    assert set(chosen) <= set(RANGE)
    draw.extend(chosen)
    assert own_port() not in chosen
    assert draw == []


def test_of_several_ports_all_are_free(draw: list[int]) -> None:
    held = own_port()
    draw.append(held - 1)
    assert held not in own_ports(2)


def test_a_port_on_which_a_server_listens_is_not_chosen(draw: list[int]) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        draw.append(port)
        assert own_port() != port
    assert draw == []
