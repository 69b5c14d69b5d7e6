"""What operators may say of agencies and keys, before Kafka is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import build_cli
from pipeline.errors import LiaisonError
from support.records.signing import KEY


@pytest.mark.parametrize("given", [("correlation",), ("curiosity",), ("none", "investigation")])
def test_a_purpose_that_nobody_searches_for_is_refused_before_kafka_is_asked(
    given: tuple[str, ...],
) -> None:
    words = [word for purpose in given for word in ("--tell-silent-owners", purpose)]
    done = CliRunner().invoke(build_cli(), ["ops", "agency", "set", "be-fp", *words])
    assert done.exit_code == 2
    assert "purposes are" in done.output


@pytest.mark.parametrize("words", [["add", "be-fp", "--country", "BE"], ["set", "be-fp"]])
def test_a_full_name_that_is_too_long_is_refused_before_kafka_is_asked(words: list[str]) -> None:
    done = CliRunner().invoke(build_cli(), ["ops", "agency", *words, "--title", "x" * 201])
    assert done.exit_code == 2
    assert "more than 200 characters" in done.output


def add(file: Path, content: bytes, *more: str) -> Exception | None:
    """Why a key is not listed; nothing is asked of Kafka before."""
    file.write_bytes(content)
    done = CliRunner().invoke(build_cli(), ["ops", "agency", "key", "add", "fr-pj", str(file), *more])
    assert done.exit_code != 0
    return done.exception if isinstance(done.exception, LiaisonError) else None


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        (KEY.as_pem(private=True), (), "private key"),
        (b"no key", (), "not an Ed25519 key"),
        (KEY.as_pem(private=False), ("--until", "soon"), "is not a time"),
    ],
)
def test_what_is_no_public_key_or_time_is_refused(
    content: bytes, more: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    assert said in str(add(tmp_path / "key", content, *more))
