"""Which purposes an operator may name of whose searches owners of silent records are told."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import build_cli


@pytest.mark.parametrize("given", [("correlation",), ("curiosity",), ("none", "investigation")])
def test_a_purpose_that_nobody_searches_for_is_refused_before_kafka_is_asked(
    given: tuple[str, ...],
) -> None:
    words = [word for purpose in given for word in ("--tell-silent-owners", purpose)]
    done = CliRunner().invoke(build_cli(), ["ops", "agency", "set", "be-fp", *words])
    assert done.exit_code == 2
    assert "purposes are" in done.output
