from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture
def historical_figures() -> Path:
    """The Splink historical figures; skips where the shared data are missing, but never in CI."""
    path = DATA / "splink" / "historical_figures_with_errors_50k.parquet"
    if not path.exists():
        assert os.environ.get("CI") != "true", f"{path} must be there in CI"
        pytest.skip("../shared/data is not here")
    return path
