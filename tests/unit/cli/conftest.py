"""The in-memory API's fixtures."""

from __future__ import annotations

from support.api.runtime import api, stages

__all__ = ["api", "stages"]
