from __future__ import annotations

from pathlib import Path

import pytest
from api_runtime import Api
from index_office import Office

from pipeline.matching.model import load_model


@pytest.fixture(scope="session")
def office() -> Office:
    return Office(load_model())


@pytest.fixture
def api(office: Office, tmp_path: Path) -> Api:
    """The services behind the pages, over an empty in-memory index."""
    return Api(office, tmp_path)
