"""What a restore needs beside the records, in one file of the backup that only a passphrase opens.

    sealed-keys     JSON: how the key is derived from the passphrase, and the box: MessagePack of RestoreKeys, encrypted

The installation's secret, the audit log's signing key, and what Kafka knows its users by. Scrypt (RFC 7914) derives the
key, with the cost that OWASP's Password Storage Cheat Sheet names first; ChaCha20-Poly1305 (RFC 8439) seals, with the
derivation as associated data, so that neither can be changed.
"""

from __future__ import annotations

import secrets
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from pipeline.errors import LiaisonError
from pipeline.private_files import OTHERS, create_private
from pipeline.secret_file import read_secrets
from pipeline.settings import Settings
from pipeline.streams.audit.log_keys import signing_key
from pipeline.streams.provisioning.users import KafkaLogin, read_limits, read_logins

MIN_PASSPHRASE: Final = 20
"""Characters. Whoever has the file may try for as long as he likes; six words of a list of 7,776 are 77 bits."""

SCRYPT_N: Final = 1 << 17
"""128 MiB and some 0.4 s for each try."""
MAX_SCRYPT_N: Final = 1 << 20
"""A file that asks for more was not made here, and would take a gibibyte."""

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class RestoreKeys(msgspec.Struct, frozen=True):
    """What is sealed.

    `secret` is the content of the secret's file, `log_key` the log's signing key as text, "" for a log that has not
    begun. By users' names without namespace, `logins` are what Kafka knows them by, `rates` bytes a second.
    """

    secret: bytes
    log_key: str = ""
    logins: dict[str, KafkaLogin] = {}
    rates: dict[str, int] = {}


class _Derivation(msgspec.Struct, frozen=True):
    salt: bytes
    nonce: bytes
    n: int = SCRYPT_N
    r: int = 8
    p: int = 1
    kdf: str = "scrypt"


class _SealedFile(msgspec.Struct, frozen=True):
    derivation: _Derivation
    box: bytes


def read_passphrase(file: Path) -> bytes:
    """The passphrase in a file, without its line end. Raises LiaisonError for one that others may read, or short."""
    try:
        content, mode = file.read_bytes().strip(), stat.S_IMODE(file.stat().st_mode)
    except OSError as error:
        raise LiaisonError(f"the passphrase in {file} can't be read: {error.strerror}") from error
    if mode & OTHERS:
        raise LiaisonError(f"others on this machine can open {file}; run `chmod 600 {file}`")
    if len(content) < MIN_PASSPHRASE:
        raise LiaisonError(f"the passphrase in {file} needs at least {MIN_PASSPHRASE} characters")
    return content


def gather_keys(settings: Settings, log: str, users: Collection[str]) -> RestoreKeys:
    """What is to be sealed, of these users of Kafka's too.

    `log` is the audit log's name, "" where it has no head: then no key need be here.

    Raises LiaisonError where the log's signing key is not on this machine, or another log's is.
    """
    key = signing_key(settings, make=False) if log or settings.audit_log_key_path.exists() else None
    if key is not None and log and key.verifier.name != log:
        raise LiaisonError(f"{settings.audit_log_key_path} holds the key of {key.verifier.name}; the log is {log}")
    logins = {name: login for name, login in read_logins(settings).items() if name in users}
    rates = {name: rate for name, rate in read_limits(settings).items() if name in users}
    return RestoreKeys(b"".join(read_secrets(settings)), key.text if key else "", logins, rates)


def seal_keys(keys: RestoreKeys, passphrase: bytes) -> bytes:
    """The file's content."""
    made = _Derivation(secrets.token_bytes(KEY_BYTES), secrets.token_bytes(NONCE_BYTES))
    box = _cipher(made, passphrase).encrypt(made.nonce, msgspec.msgpack.encode(keys), msgspec.json.encode(made))
    return msgspec.json.format(msgspec.json.encode(_SealedFile(made, box)))


def open_keys(content: bytes, passphrase: bytes) -> RestoreKeys:
    """What was sealed. Raises LiaisonError for another passphrase, or a file that was changed."""
    try:
        held = msgspec.json.decode(content, type=_SealedFile)
        made = held.derivation
        if (made.kdf, made.r, made.p) != ("scrypt", 8, 1) or made.n > MAX_SCRYPT_N:
            raise ValueError("no derivation of ours")
        opened = _cipher(made, passphrase).decrypt(made.nonce, held.box, msgspec.json.encode(made))
        return msgspec.msgpack.decode(opened, type=RestoreKeys)
    except (InvalidTag, ValueError, msgspec.MsgspecError) as error:
        raise LiaisonError("the sealed keys do not open: another passphrase, or the file was changed") from error


def put_keys(settings: Settings, keys: RestoreKeys) -> dict[str, Path]:
    """Put secret and signing key where the settings look for them; returns the files. Doing it twice is harmless.

    Raises LiaisonError, before anything is written, where there is another one: it is never replaced.
    """
    wanted = {"the installation's secret": (settings.secret_path, keys.secret)}
    if keys.log_key:
        wanted["the audit log's signing key"] = (settings.audit_log_key_path, f"{keys.log_key}\n".encode())
    _refuse_others(wanted)
    for path, content in wanted.values():
        create_private(path, content)
    return {what: path for what, (path, _) in wanted.items()}


def _refuse_others(wanted: Mapping[str, tuple[Path, bytes]]) -> None:
    for what, (path, content) in wanted.items():
        if path.exists() and path.read_bytes().strip() != content.strip():
            raise LiaisonError(
                f"{path} holds another one than {what} of the backup; move it away if nothing uses it, as that which "
                "`liaison up` makes in a new home"
            )


def _cipher(made: _Derivation, passphrase: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(Scrypt(salt=made.salt, length=KEY_BYTES, n=made.n, r=made.r, p=made.p).derive(passphrase))
