"""The in-memory API's fixtures."""

from __future__ import annotations

from api_runtime import api, office

__all__ = ["api", "office"]
