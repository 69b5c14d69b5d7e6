"""Real engines on a busy machine: one that takes longer than somebody may wait for is not away."""

from __future__ import annotations

import pytest

from support.patience import widen_limits


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process asks of engines may take as long as tests wait; processes that it starts go by themselves."""
    widen_limits(monkeypatch.setattr)
