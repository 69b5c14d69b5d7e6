from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.secret_file import MAX_SECRETS, SECRET_BYTES, add_secret, make_secret, read_secrets
from pipeline.settings import Settings


def installed(home: Path) -> Settings:
    return Settings(home=home, secret_file=None)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = installed(tmp_path / "home")
    path = make_secret(settings)
    [secret] = read_secrets(settings)
    assert len(secret) == SECRET_BYTES
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    with pytest.raises(LiaisonError, match="already holds a secret"):
        make_secret(settings)
    assert read_secrets(settings) == (secret,)
    assert list(path.parent.iterdir()) == [path]


def test_a_rotation_keeps_what_was_there(tmp_path: Path) -> None:
    settings = installed(tmp_path)
    path = make_secret(settings)
    path.chmod(0o640)
    [first] = read_secrets(settings)
    add_secret(settings)
    held = read_secrets(settings)
    assert held[0] == first
    assert len(set(held)) == 2
    assert mode(path) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_that_a_crash_left_is_no_secret(tmp_path: Path) -> None:
    settings = installed(tmp_path)
    make_secret(settings)
    (tmp_path / ".secret.1").write_bytes(b"torn")
    assert len(read_secrets(settings)) == 1


def test_a_rotation_without_a_secret_makes_none(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="liaison ops secret new"):
        add_secret(installed(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 1, SECRET_BYTES - 1, SECRET_BYTES + 1, SECRET_BYTES * (MAX_SECRETS + 1)])
def test_a_file_of_another_size_is_refused(size: int, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(at % 251 for at in range(size)))
    (tmp_path / "secret").chmod(0o600)
    with pytest.raises(LiaisonError, match="must hold 32 bytes"):
        read_secrets(installed(tmp_path))


def test_a_file_that_everyone_may_open_or_that_repeats_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(2 * bytes(SECRET_BYTES))
    path.chmod(0o604)
    with pytest.raises(LiaisonError, match="chmod o="):
        read_secrets(installed(tmp_path))
    path.chmod(0o600)
    with pytest.raises(LiaisonError, match="twice"):
        read_secrets(installed(tmp_path))
