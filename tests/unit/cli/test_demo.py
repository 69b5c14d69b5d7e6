from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import build_cli


@pytest.mark.parametrize("words", [["--data", __file__], ["--mapping", "historical-figures"]])
def test_data_and_mapping_go_together(words: list[str]) -> None:
    done = CliRunner().invoke(build_cli(), ["demo", *words])
    assert done.exit_code == 2
    assert "go together" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", __file__, "--mapping", "un-list", "--lists", "."], "not both"),
        (["--truth", __file__], "--truth goes with"),
    ],
)
def test_words_that_do_not_go_together_are_told(words: list[str], said: str) -> None:
    done = CliRunner().invoke(build_cli(), ["demo", *words])
    assert done.exit_code == 2
    assert said in done.output
