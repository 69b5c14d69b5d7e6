"""The in-memory API's fixtures, and what pages tell their scripts."""

from __future__ import annotations

import pytest

from pipeline.web.page import OpenPage
from support.api.runtime import api, stages

__all__ = ["api", "stages"]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pages tell their browsers' scripts."""
    said: list[str] = []
    monkeypatch.setattr(OpenPage, "call_script", lambda _, *what: said.append(str(what)))
    return said
