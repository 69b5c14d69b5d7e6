"""The fixtures of a whole installation, and what brokers that are killed leave behind in this process."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest

from support.installation.fixtures import installation, make_installation, ports, records, start_all, start_stage

__all__ = ["installation", "make_installation", "ports", "records", "start_all", "start_stage"]

collect_ignore = ["cluster"]
"""What only `make test-cluster` runs, which names the folder."""

MESSAGE = "Exception ignored in. <socket.socket"
"""kafka-python 3.0.12 leaves a socket that finds nobody to connect to for the garbage collector to close."""


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Those that are left at the session's end are collected outside of any test.

    pytest's warnings plugin puts its filters before all others when it is configured and keeps them until then, so this
    one is added after it.
    """
    warnings.filterwarnings("ignore", MESSAGE, pytest.PytestUnraisableExceptionWarning)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Called for the tests of this folder alone."""
    item.add_marker(pytest.mark.filterwarnings(f"ignore:{MESSAGE}:pytest.PytestUnraisableExceptionWarning"))
    if item.get_closest_marker("short") is None:
        item.add_marker(pytest.mark.long)


@pytest.fixture(autouse=True)
def no_socket_left() -> Iterator[None]:
    """What a test leaves is collected in it, not in one that follows."""
    yield
    gc.collect()
