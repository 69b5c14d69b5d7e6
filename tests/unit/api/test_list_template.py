from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.api.list_planning import TEMPLATE, guess_targets
from pipeline.api.list_template import TemplateForm, write_template
from pipeline.feeds.tables.grids import GridOptions, read_grid
from pipeline.locale import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_what_is_filled_in_is_read_as_it_was_meant(tmp_path: Path, form: TemplateForm, language: str) -> None:
    path = tmp_path / "template"
    path.write_bytes(write_template(form, language))
    assert guess_targets(read_grid(path, GridOptions(header=True), 10)) == TEMPLATE


def test_the_same_template_is_the_same_file() -> None:
    assert write_template("xlsx", "en") == write_template("xlsx", "en")
