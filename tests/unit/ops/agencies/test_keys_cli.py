from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import build_cli
from pipeline.errors import LiaisonError
from support.records.signing import KEY


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
