"""What any bytes become: records, or an error of the module's own, within the limits; without codecs nothing."""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.kafka.record_batches import (
    BatchLimits,
    BatchReader,
    CorruptBatchError,
    UnreadableBatchError,
    split_batches,
)
from support.kafka.record_batches import (
    HEADER,
    made_batch,
    made_record,
    varint,
    with_codec,
    with_crc,
    zstd_bomb,
    zstd_frame,
)

LIMITS = BatchLimits(1 << 20, 1000)
CODECS = {0: "none", 1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
XERIAL = b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1)
MIB = 1 << 20


def body(count: int, value: bytes = b"v" * 50) -> bytes:
    return b"".join(made_record(at, b"k%d" % at, value, [(b"h", b"x")]) for at in range(count))


def read(fetched: bytes, limits: BatchLimits = LIMITS) -> list[tuple[int, bytes | None]]:
    reader = BatchReader(limits)
    return [(record.offset, record.key) for batch in split_batches(fetched) for record in reader.read_records(batch)]


def problem(fetched: bytes, limits: BatchLimits = LIMITS) -> str:
    with pytest.raises(UnreadableBatchError) as raised:
        read(fetched, limits)
    return str(raised.value)


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_gives_the_records_of_all_batches(codec: int) -> None:
    fetched = made_batch(body(300), 300, base=7, codec=codec) + made_batch(body(2), 2, base=307, codec=codec)
    assert read(fetched) == [(7 + at, b"k%d" % (at % 300)) for at in range(302)]


@pytest.mark.parametrize("codec", CODECS)
def test_a_batch_inflates_to_the_limit_and_no_byte_further(codec: int) -> None:
    content = made_record(0, b"k", b"v" * 5000)
    fetched = made_batch(content, 1, codec=codec)
    assert read(fetched, BatchLimits(len(content), 1)) == [(0, b"k")]
    assert f"more than {len(content) - 1} bytes" in problem(fetched, BatchLimits(len(content) - 1, 1))


def test_raw_snappy_is_read_as_well_as_framed() -> None:
    import cramjam

    raw = bytes(cramjam.snappy.compress_raw(body(3)))
    assert len(read(made_batch(b"", 3, codec=2, compressed=raw))) == 3
    framed = XERIAL + struct.pack(">i", len(raw)) + raw
    assert len(read(made_batch(b"", 3, codec=2, compressed=framed))) == 3
    assert "malformed" in problem(made_batch(b"", 3, codec=2, compressed=framed[:-4]))
    endless = XERIAL + struct.pack(">i", 0)
    assert "malformed" in problem(made_batch(b"", 3, codec=2, compressed=endless))


@pytest.mark.parametrize(
    ("fetched", "said"),
    [
        (with_codec(made_batch(body(1), 1), 5), "compression 5"),
        (made_batch(body(1), 1, codec=4, compressed=b"\x28\xb5\x2f\xfdnonsense"), "zstd data is malformed"),
        (made_batch(body(1001), 1001), "more than 1000 records"),
        (made_batch(body(2), 2, delta=0), "as many records as offsets"),
        (made_batch(body(1), -1, delta=0), "as many records as offsets"),
        (made_batch(body(2), 900), "too short for its number of records"),
        (made_batch(body(3), 2), "malformed"),
        (made_batch(body(1)[:-2], 1), "malformed"),
        (made_batch(made_record(5, b"k", b"v"), 1), "outside of its offsets"),
        (made_batch(made_record(1, b"a", b"v") + made_record(0, b"b", b"v"), 2), "out of order"),
        (made_batch(made_record(1, b"a", b"v") + made_record(1, b"b", b"v"), 2), "out of order"),
    ],
    ids=range(11),
)
def test_a_batch_that_can_not_be_read_says_why(fetched: bytes, said: str) -> None:
    assert said in problem(fetched)


def test_a_batch_that_compaction_has_emptied_or_thinned_is_read() -> None:
    assert read(made_batch(b"", 0, delta=9)) == []
    assert read(made_batch(made_record(4, b"k", b"v"), 1, base=10, delta=9)) == [(14, b"k")]


def test_an_old_format_is_unreadable_and_has_its_place() -> None:
    from aiokafka.record.legacy_records import LegacyRecordBatchBuilder

    builder = LegacyRecordBatchBuilder(magic=1, compression_type=0, batch_size=1000)
    builder.append(4, timestamp=None, key=b"k", value=b"v")
    (batch,) = split_batches(bytes(builder.build()))
    assert (batch.base_offset, batch.last_offset) == (0, 4)
    with pytest.raises(UnreadableBatchError, match="older"):
        BatchReader(LIMITS).read_records(batch)


@pytest.mark.parametrize("position", range(16, 61))
def test_a_changed_byte_is_noticed(position: int) -> None:
    damaged = bytearray(made_batch(body(2), 2))
    damaged[position] ^= 0x40
    with pytest.raises(CorruptBatchError):
        read(bytes(damaged))


def test_a_batch_cut_short_is_damage_where_it_is_the_first_and_else_the_end() -> None:
    whole = made_batch(body(2), 2)
    for cut in range(1, len(whole)):
        assert len(read(whole + whole[:cut])) == 2
        with pytest.raises(CorruptBatchError):
            read(whole[:cut])


def test_bombs_are_given_up_within_the_limits() -> None:
    limits = BatchLimits(16 * MIB, 100_000)
    headers = varint(8 * MIB - 20) + varint(0) + b""
    heads = b"\0" + varint(0) * 2 + varint(-1) * 2 + varint(3 * MIB) + b"\0\1" * (3 * MIB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "inflate to more" in problem(zstd_bomb(b"x" * 1000, 1 << 30, 3), limits)
    assert "inflate to more" in problem(made_batch(b"", 1, codec=4, compressed=zstd_frame(headers, 100 << 30)), limits)
    assert "too many headers" in problem(made_batch(varint(len(heads)) + heads, 1, codec=1), limits)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 150 << 10, "KiB: the limit's buffer, the bombs themselves, and no more"


def only_own_errors(fetched: bytes) -> None:
    reader = BatchReader(LIMITS)
    try:
        for batch in split_batches(fetched):
            with suppress(UnreadableBatchError):
                records = reader.read_records(batch)
                assert all(batch.base_offset <= record.offset <= batch.last_offset for record in records)
                assert len(records) == batch.record_count
    except CorruptBatchError:
        pass


@given(st.binary(max_size=300))
def test_any_bytes_are_records_or_an_error_of_our_own(fetched: bytes) -> None:
    only_own_errors(fetched)


@given(
    st.integers(-2, 40),
    st.integers(0, 7),
    st.integers(-3, 40),
    st.integers(-(2**15), 2**15 - 1),
    st.binary(max_size=200),
)
def test_any_content_behind_a_good_crc_is_records_or_an_error_of_our_own(
    count: int, codec: int, delta: int, attributes: int, content: bytes
) -> None:
    only_own_errors(made_batch(b"", count, codec=codec, delta=delta, attributes=attributes & ~7, compressed=content))
    if codec in CODECS:
        made = made_batch(content, count, codec=codec, delta=delta, attributes=attributes & ~7)
        only_own_errors(made)


@given(st.data(), st.sampled_from(sorted(CODECS)))
def test_any_damage_to_the_records_is_an_error_of_our_own(data: st.DataObject, codec: int) -> None:
    made = bytearray(made_batch(body(5), 5, codec=codec))
    for _ in range(data.draw(st.integers(1, 4))):
        made[data.draw(st.integers(HEADER.size, len(made) - 1))] = data.draw(st.integers(0, 255))
    only_own_errors(with_crc(bytes(made)))


@given(st.integers(0, 2**63 - 1), st.integers(0, 12))
def test_lengths_beyond_the_end_are_an_error_of_our_own(length: int, cut: int) -> None:
    size = varint(length) if length < 2**62 else b"\xff" * 9 + b"\x01"
    for front in (b"", b"\0", b"\0\0\0", b"\0\0\0\1", b"\0\0\0\1\1", b"\0\0\0\1\1\2"):
        only_own_errors(made_batch(varint(40) + front + size + b"\0" * cut, 1))


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
