"""The installation's own secret on disk: 32 random bytes, and 32 more behind them for each rotation.

What the bytes are used for is in pipeline.correlation.key_ring. Secrets are only ever appended: what was issued under
an earlier one must stay readable.
"""

from __future__ import annotations

import secrets
import stat
from pathlib import Path
from typing import Final

from pipeline.errors import LiaisonError
from pipeline.private_files import create_private, make_writable, write_private
from pipeline.settings import Settings

SECRET_BYTES: Final = 32
"""256 random bits, as many as the keys that HKDF derives from them have."""

MAX_SECRETS: Final = 64
"""Grants are looked for under every secret, so a file that grew by mistake would slow each read."""

EVERYONE: Final = stat.S_IRWXO


def read_secrets(settings: Settings) -> tuple[bytes, ...]:
    """The installation's secrets, oldest first.

    Raises LiaisonError for a file that is missing, of another length, or open to every user of the machine.
    """
    path = settings.secret_path
    try:
        content, mode = path.read_bytes(), path.stat().st_mode
    except FileNotFoundError:
        raise LiaisonError(
            f"no secret in {path}; put the installation's own back, or, for a new installation, "
            f"make one with `liaison ops secret new`"
        ) from None
    except OSError as error:
        raise LiaisonError(f"the secret in {path} can't be read: {error.strerror}") from error
    if mode & EVERYONE:
        raise LiaisonError(f"every user of this machine can open {path}; run `chmod o= {path}`")
    if not content or len(content) % SECRET_BYTES or len(content) > SECRET_BYTES * MAX_SECRETS:
        raise LiaisonError(f"{path} must hold {SECRET_BYTES} bytes, and {SECRET_BYTES} more for each rotation")
    found = tuple(content[at : at + SECRET_BYTES] for at in range(0, len(content), SECRET_BYTES))
    if len(set(found)) < len(found):
        raise LiaisonError(f"{path} holds a secret twice; put an intact copy back")
    return found


def make_secret(settings: Settings) -> Path:
    """Make the secret of a new installation; returns its path. Of two makers one wins. Raises LiaisonError."""
    path = settings.secret_path
    if settings.secret_file is None:
        make_writable(settings.home)
    try:
        made = create_private(path, secrets.token_bytes(SECRET_BYTES))
    except OSError as error:
        raise LiaisonError(f"{path} can't be written: {error.strerror}") from error
    if not made:
        raise LiaisonError(f"{path} already holds a secret; add another with `liaison ops secret rotate`")
    return path


def add_secret(settings: Settings) -> None:
    """Add a secret, under which all that is new is issued from then on. Raises LiaisonError where it can't be added.

    The file is replaced in one step, so that a crash leaves it whole, with or without the new one.
    """
    held, path = read_secrets(settings), settings.secret_path
    if len(held) == MAX_SECRETS:
        raise LiaisonError(f"{path} already holds {MAX_SECRETS} secrets, the maximum")
    try:
        content = b"".join((*held, secrets.token_bytes(SECRET_BYTES)))
        write_private(path, content, stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        raise LiaisonError(f"{path} can't be written; rotate where it can, then distribute the file again") from error
