from __future__ import annotations

from pathlib import Path

import pytest

from support.absences import BESIDE, need_beside

HISTORICAL_FIGURES = "data/splink/historical_figures_with_errors_50k.parquet"


@pytest.fixture
def historical_figures() -> Path:
    """The Splink historical figures; skips where they are missing."""
    need_beside(HISTORICAL_FIGURES)
    return BESIDE / HISTORICAL_FIGURES
