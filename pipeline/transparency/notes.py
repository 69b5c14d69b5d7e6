"""Signed notes (c2sp.org/signed-note) with Ed25519 keys, and timestamped cosignatures (c2sp.org/tlog-cosignature).

A key's text is that of Go's sumdb/note, so that existing tools read it: `<name>+<key id>+<base64>` to verify,
`PRIVATE+KEY+<name>+<key id>+<base64>` to sign.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from enum import IntEnum
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipeline.errors import LiaisonError

MAX_NOTE_CHARS: Final = 20_000
"""A checkpoint and some hundred signatures."""

DASH: Final = "\u2014"

PRIVATE: Final = "PRIVATE+KEY+"

_NAME: Final = re.compile(r"[^\s+]{1,200}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")

TIME_BYTES: Final = 8
"""Of the time before a cosignature, big-endian Unix seconds (c2sp.org/tlog-cosignature)."""


class NoteError(LiaisonError):
    """A text that is no note, a key that is none, or a signature that does not verify."""


class SignatureType(IntEnum):
    """What a key signs, by the byte that the standard assigns."""

    NOTE = 1
    COSIGNATURE = 4
    """A checkpoint, with the time at which it was seen."""


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with the name it signs under."""

    name: str
    type: SignatureType
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell the key from others of the same name."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The key as people exchange it."""
        return f"{self.name}+{self.id.hex()}+{_encode_base64(bytes([self.type]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Raises NoteError."""
        name, key_id, rest = _parse_key(text)
        try:
            made = cls(name, SignatureType(rest[0]), rest[1:])
        except ValueError as error:
            raise NoteError("the verifier key is of a type that is not known") from error
        if made.id.hex() != key_id:
            raise NoteError("the verifier key's id does not belong to it; copy it whole")
        return made

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether this key has signed the text."""
        if self.type is SignatureType.COSIGNATURE:
            text = _cosigned_text(text, int.from_bytes(signature[:TIME_BYTES], "big"))
            signature = signature[TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """A private key; its text is a secret."""

    def __init__(self, name: str, type_: SignatureType, seed: bytes) -> None:
        if not _NAME.fullmatch(name):
            raise NoteError("a key's name has no spaces and no plus sign")
        self._seed, self._key = seed, Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, type_, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str, type_: SignatureType) -> SigningKey:
        """A new key. Raises NoteError for a name that can't stand in a note."""
        return cls(name, type_, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Raises NoteError."""
        if not text.startswith(PRIVATE):
            raise NoteError("a signing key begins with PRIVATE+KEY+")
        name, key_id, rest = _parse_key(text.removeprefix(PRIVATE).strip())
        try:
            made = cls(name, SignatureType(rest[0]), rest[1:])
        except ValueError as error:
            raise NoteError("the signing key is not one of Ed25519") from error
        if made.verifier.id.hex() != key_id:
            raise NoteError("the signing key's id does not belong to it")
        return made

    @property
    def text(self) -> str:
        """The key as it is kept in a file that its owner alone reads."""
        body = bytes([self.verifier.type]) + self._seed
        return f"{PRIVATE}{self.verifier.name}+{self.verifier.id.hex()}+{_encode_base64(body)}"

    def sign(self, text: str, time_s: int = 0) -> str:
        """The signature's line, with its line end; `time_s` (Unix) is what a cosignature states."""
        if self.verifier.type is SignatureType.COSIGNATURE:
            stamp = time_s.to_bytes(TIME_BYTES, "big")
            signature = stamp + self._key.sign(_cosigned_text(text, time_s).encode())
        else:
            signature = self._key.sign(text.encode())
        return f"{DASH} {self.verifier.name} {_encode_base64(self.verifier.id + signature)}\n"


class NoteSignature(msgspec.Struct, frozen=True):
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes

    def is_of(self, key: VerifierKey) -> bool:
        """Whether it claims to be by this key."""
        return self.name == key.name and self.key_id == key.id

    @property
    def time_s(self) -> int:
        """Of a cosignature: when it was made (Unix)."""
        return int.from_bytes(self.signature[:TIME_BYTES], "big")


class SignedNote(msgspec.Struct, frozen=True):
    """A text and its signatures; nothing of it holds before `require_signature` has verified one."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, raw: str) -> SignedNote:
        """Raises NoteError."""
        head, gap, tail = raw.rpartition("\n\n")
        if len(raw) > MAX_NOTE_CHARS or not gap or not tail.endswith("\n") or _CONTROL.search(raw):
            raise NoteError("this is no signed note")
        return cls(head + "\n", tuple(_parse_signature(line) for line in tail[:-1].split("\n")))

    def find_signers(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """Which of these keys have signed it. Raises NoteError where a known key's signature does not verify."""
        found = []
        for key in keys:
            for each in self.signatures:
                if each.is_of(key):
                    if not key.verify(self.text, each.signature):
                        raise NoteError("the signature of {name} does not verify", name=key.name)
                    found.append(key)
        return found

    def require_signature(self, key: VerifierKey) -> None:
        """Raises NoteError unless this key has signed it."""
        if not self.find_signers([key]):
            raise NoteError("the note is not signed by {name}", name=key.name)


def sign_note(text: str, key: SigningKey) -> str:
    """A text that ends in a line end, as a note signed by one key."""
    return f"{text}\n{key.sign(text)}"


def _cosigned_text(text: str, time_s: int) -> str:
    return f"cosignature/v1\ntime {time_s}\n{text}"


def _parse_signature(line: str) -> NoteSignature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = _decode_base64(encoded)
    if dash != DASH or not _NAME.fullmatch(name) or len(raw) <= 4:
        raise NoteError("a signature line of the note is misshapen")
    return NoteSignature(name, raw[:4], raw[4:])


def _parse_key(text: str) -> tuple[str, str, bytes]:
    """A key's name, id and body."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    body = _decode_base64(encoded)
    if not _NAME.fullmatch(name) or len(body) != 33:
        raise NoteError("this is no key of a signed note: <name>+<id>+<base64>")
    return name, key_id, body


def _encode_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
