"""Without the codecs nothing that reads begins, and says so in one line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WITHOUT = (
    "import sys; sys.modules['cramjam'] = None; sys.argv[0] = 'liaison'; from pipeline.cli.main import main; main()"
)


OTHERS = (("worker", "all"), ("serve",), ("ops", "rejected", "list"))
COMMANDS = [("worker", "intake"), *(pytest.param(words, marks=pytest.mark.rare) for words in OTHERS)]


@pytest.mark.parametrize("words", COMMANDS)
def test_without_codecs_it_ends_in_one_line(words: tuple[str, ...]) -> None:
    environment = {**os.environ, "LIAISON_KAFKA_URL": "127.0.0.1:1", "LIAISON_ELASTICSEARCH_URL": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("liaison: the package cramjam is missing")
    assert done.stderr.count("\n") == 1
