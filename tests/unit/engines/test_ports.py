from __future__ import annotations

import socket

from pipeline.engines import ports


def test_a_listening_port_is_not_free_and_accepts() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
        assert ports.accepts(ports.LOOPBACK, port)
    assert ports.is_free(port)
    assert not ports.accepts(ports.LOOPBACK, port)


def test_a_listener_on_all_addresses_counts_as_busy() -> None:
    with socket.create_server(("", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_the_first_free_preference_is_taken() -> None:
    free = ports.any_free()
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        busy = server.getsockname()[1]
        assert ports.choose([busy, free]) == free
        assert ports.choose([busy]) not in (busy, 0)
    assert ports.choose([0]) != 0
