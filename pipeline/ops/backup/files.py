"""The folder that a backup is: records of Kafka in segments, and a manifest that says what they are and if it is whole.

    manifest.json                          what it is a backup of; `finished` once every file has been read back
    sealed-keys                            secret, signing key and Kafka users, where asked for (sealed_keys.py)
    accepted/0/00000000000000000123.gz     records of a partition from an offset on

A segment is gzip over frames: four bytes of length (big-endian), then MessagePack [offset, time in ms, key, value].
It is written beside its place and moved there whole, so that a backup that was cut off goes on behind its last segment.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from pipeline.errors import LiaisonError
from pipeline.private_files import OWNER_ONLY, sync_folder

FORMAT: Final = 2
LENGTH_BYTES: Final = 4
COMPRESSION: Final = 1
"""gzip's quickest: JSON shrinks to a fifth or so at any level."""
MANIFEST: Final = "manifest.json"
SEALED_KEYS: Final = "sealed-keys"

_encode = msgspec.msgpack.Encoder().encode


class BackupRecord(msgspec.Struct, frozen=True, array_like=True):
    """One record of Kafka; `at_ms` is its time, Unix milliseconds."""

    offset: int
    at_ms: int
    key: bytes
    value: bytes | None


_decode = msgspec.msgpack.Decoder(BackupRecord).decode


class BackupSegment(msgspec.Struct, frozen=True):
    """One file: `topic` is the catalogue's pattern, `name` relative to the folder, `first` and `last` are offsets."""

    topic: str
    partition: int
    name: str
    records: int
    first: int
    last: int
    size: int
    sha256: str


class BackupManifest(msgspec.Struct, frozen=True):
    """What a backup is of, and what of it belongs together.

    `secrets` are the key ids of the installation's secrets, oldest first, which make its opaque references; `turns`
    what agencies' hits were numbered by, `told` up to which offset of a topic its notices had gone out. `log` names the
    audit log, "" before it has begun; `users` are Kafka's, without namespace; `sealed` is the digest of the
    sealed keys, "" where there are none.
    """

    id: str
    cluster: str
    namespace: str
    case_partitions: int
    secrets: tuple[str, ...]
    turns: tuple[int, ...]
    told: dict[str, int]
    begun: str
    finished: str = ""
    segments: tuple[BackupSegment, ...] = ()
    log: str = ""
    users: tuple[str, ...] = ()
    sealed: str = ""
    format: int = FORMAT


class BackupFolder:
    """A backup's files; only their owner may read them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin_or_resume(self, made: BackupManifest) -> BackupManifest:
        """The manifest to go on with: this one, or that of an attempt that was cut off.

        Raises LiaisonError for a folder that holds a finished backup, another installation's, or something else.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.path / MANIFEST).exists():
            if any(self.path.iterdir()):
                raise LiaisonError(f"{self.path} is not empty; choose an empty folder")
            self._write_manifest(made)
            return made
        held = self.read_manifest()
        if held.finished:
            raise LiaisonError(f"{self.path} holds a backup finished at {held.finished}; choose another folder")
        if (held.cluster, held.namespace) != (made.cluster, made.namespace):
            raise LiaisonError(f"{self.path} holds another installation's unfinished backup; choose another folder")
        return held

    def read_manifest(self) -> BackupManifest:
        """What the folder says of itself. Raises LiaisonError where it is no backup, or one of another format."""
        try:
            held = msgspec.json.decode((self.path / MANIFEST).read_bytes(), type=BackupManifest)
        except (OSError, msgspec.MsgspecError) as error:
            raise LiaisonError(f"{self.path} is not a backup") from error
        if held.format != FORMAT:
            raise LiaisonError(f"{self.path} has format {held.format}; this version reads {FORMAT}")
        return held

    def next_offset(self, topic: str, partition: int) -> int:
        """The offset behind the last one that is kept of a partition; 0 while none is."""
        held = sorted(self._partition_folder(topic, partition).glob("*.gz"))
        return 1 + list(read_segment(held[-1]))[-1].offset if held else 0

    def write_segment(self, topic: str, partition: int, records: list[BackupRecord]) -> None:
        """Keep a segment of these records, in order; twice is harmless."""
        folder = self._partition_folder(topic, partition)
        for made in (folder.parent, folder):
            made.mkdir(mode=0o700, exist_ok=True)
        _write_whole(folder / f"{records[0].offset:020}.gz", lambda draft: _compress_records(draft, records))

    def write_sealed(self, content: bytes) -> None:
        """Keep the sealed keys."""
        _write_whole(self.path / SEALED_KEYS, lambda draft: draft.write(content))

    def read_sealed(self) -> bytes:
        """The sealed keys of a backup. Raises LiaisonError where it holds none, or others than it was finished with."""
        held = self.read_manifest()
        if not held.sealed:
            raise LiaisonError(f"{self.path} holds no sealed keys: put back the copies that were kept apart")
        if self._sealed_digest() != held.sealed:
            raise LiaisonError(f"{SEALED_KEYS} is missing, damaged or was changed")
        return (self.path / SEALED_KEYS).read_bytes()

    def finish(self, manifest: BackupManifest, time: str, on_file: Callable[[], None]) -> BackupManifest:
        """Read every file back, and say that all is there. Raises LiaisonError for one that cannot be read."""
        found = []
        for file in sorted(self.path.glob("*/*/*.gz")):
            found.append(self._describe_segment(file))
            on_file()
        done = msgspec.structs.replace(manifest, finished=time, segments=tuple(found), sealed=self._sealed_digest())
        self._write_manifest(done)
        return done

    def verify_backup(self, on_file: Callable[[], None]) -> BackupManifest:
        """The manifest of a backup that is finished and unaltered. Raises LiaisonError."""
        held = self.read_manifest()
        if not held.finished:
            raise LiaisonError(f"{self.path} holds an unfinished backup; run `liaison ops backup` again")
        for segment in held.segments:
            if self._describe_segment(self.path / segment.name) != segment:
                raise LiaisonError(f"{segment.name} is damaged or was changed")
            on_file()
        if held.sealed:
            self.read_sealed()
        return held

    def read_records(self, manifest: BackupManifest, topic: str, partition: int) -> Iterator[BackupRecord]:
        """All records of a partition, in order."""
        for segment in manifest.segments:
            if (segment.topic, segment.partition) == (topic, partition):
                yield from read_segment(self.path / segment.name)

    def _sealed_digest(self) -> str:
        try:
            return hashlib.sha256((self.path / SEALED_KEYS).read_bytes()).hexdigest()
        except FileNotFoundError:
            return ""

    def _partition_folder(self, topic: str, partition: int) -> Path:
        return self.path / topic / str(partition)

    def _describe_segment(self, file: Path) -> BackupSegment:
        held = [record.offset for record in read_segment(file)]
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        topic, partition = file.parts[-3:-1]
        name = str(file.relative_to(self.path))
        return BackupSegment(topic, int(partition), name, len(held), held[0], held[-1], file.stat().st_size, digest)

    def _write_manifest(self, manifest: BackupManifest) -> None:
        content = msgspec.json.format(msgspec.json.encode(manifest))
        _write_whole(self.path / MANIFEST, lambda draft: draft.write(content))


def read_segment(file: Path) -> Iterator[BackupRecord]:
    """The records of a segment. Raises LiaisonError where it is missing, torn or altered."""
    try:
        with gzip.open(file, "rb") as content:
            while length := content.read(LENGTH_BYTES):
                yield _decode(content.read(int.from_bytes(length, "big")))
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
        raise LiaisonError(f"{file.name} of {file.parent} can't be read: {type(error).__name__}") from error


def _compress_records(draft: IO[bytes], records: Iterable[BackupRecord]) -> None:
    with gzip.GzipFile(filename="", mode="wb", compresslevel=COMPRESSION, fileobj=draft, mtime=0) as out:
        for record in records:
            body = _encode(record)
            out.write(len(body).to_bytes(LENGTH_BYTES, "big"))
            out.write(body)


def _write_whole(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Write a file so that a crash at any moment leaves it whole or not there."""
    draft = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "wb") as file:
        fill(file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)
