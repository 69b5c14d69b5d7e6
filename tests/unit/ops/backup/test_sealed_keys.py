from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pipeline.errors import LiaisonError
from pipeline.ops.backup.sealed_keys import (
    RestoreKeys,
    gather_keys,
    open_keys,
    put_keys,
    read_passphrase,
    seal_keys,
)
from pipeline.secret_file import make_secret
from pipeline.settings import Settings
from pipeline.streams.audit.log_keys import signing_key
from pipeline.streams.provisioning.users import KafkaLogin

PASSPHRASE = b"correct horse battery staple"


@pytest.fixture
def lost(tmp_path: Path) -> Settings:
    """An installation with a secret and a log's key."""
    made = Settings(home=tmp_path / "lost", secret_file=None, audit_log_name="liaison.example/audit")
    make_secret(made)
    signing_key(made, make=True)
    return made


def test_only_the_passphrase_opens_what_was_sealed_and_nothing_of_it_can_be_read_or_changed(lost: Settings) -> None:
    login = KafkaLogin(b"salt", b"salted", 4096)
    held = msgspec.structs.replace(
        gather_keys(lost, "liaison.example/audit", ()), logins={"fr-pj": login}, rates={"fr-pj": 300_000}
    )
    sealed = seal_keys(held, PASSPHRASE)
    assert open_keys(sealed, PASSPHRASE) == held
    assert held.secret == lost.secret_path.read_bytes()
    assert held.log_key.encode() not in sealed
    with pytest.raises(LiaisonError, match="do not open"):
        open_keys(sealed, b"another passphrase of length")
    for before, after in ((b'"p": 1', b'"p": 2'), (b'"n": 131072', b'"n": 1073741824'), (b'"box": "', b'"box": "AAAA')):
        assert before in sealed
        with pytest.raises(LiaisonError, match="do not open"):
            open_keys(sealed.replace(before, after), PASSPHRASE)


def test_they_are_put_where_a_new_home_looks_and_never_over_others(lost: Settings, tmp_path: Path) -> None:
    held, new = gather_keys(lost, "liaison.example/audit", ()), Settings(home=tmp_path / "new", secret_file=None)
    for _ in range(2):
        put_keys(new, held)
    assert new.secret_path.read_bytes() == lost.secret_path.read_bytes()
    assert signing_key(new, make=False).verifier == signing_key(lost, make=False).verifier
    assert {path.stat().st_mode & 0o077 for path in (new.secret_path, new.audit_log_key_path)} == {0}
    other = Settings(home=tmp_path / "other", secret_file=None)
    make_secret(other)
    with pytest.raises(LiaisonError, match="another one than the installation's secret"):
        put_keys(other, held)
    assert not other.audit_log_key_path.exists()


def test_a_backup_that_would_lack_the_logs_key_is_not_begun(lost: Settings) -> None:
    with pytest.raises(LiaisonError, match=r"the key of liaison.example/audit; the log is liaison/other"):
        gather_keys(lost, "liaison/other", ())
    lost.audit_log_key_path.unlink()
    with pytest.raises(LiaisonError, match="run this command where `attest` runs"):
        gather_keys(lost, "liaison.example/audit", ())
    assert gather_keys(lost, "", ()) == RestoreKeys(lost.secret_path.read_bytes()), "a log without a head needs none"


def test_a_passphrase_is_long_and_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_bytes(PASSPHRASE + b"\n")
    file.chmod(0o644)
    with pytest.raises(LiaisonError, match=f"chmod 600 {file}"):
        read_passphrase(file)
    file.chmod(0o600)
    assert read_passphrase(file) == PASSPHRASE
    file.write_bytes(b"short\n")
    with pytest.raises(LiaisonError, match="at least 20 characters"):
        read_passphrase(file)
