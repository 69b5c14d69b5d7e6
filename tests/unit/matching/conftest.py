"""The shipped model."""

from __future__ import annotations

import pytest

from pipeline.matching.model import Model, load_model


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()
