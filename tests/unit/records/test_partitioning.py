from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner import default

from pipeline.records.partitioning import murmur2, partition_of


@given(st.binary(max_size=40))
def test_murmur2_is_that_of_kafka_python(key: bytes) -> None:
    assert murmur2(key) == default.murmur2(key) & 0xFFFFFFFF


def test_the_partition_is_the_hash_without_its_sign_modulo_the_count() -> None:
    assert partition_of(b"21", 4) == (-973932308 & 0x7FFFFFFF) % 4


def test_known_values_of_the_java_client() -> None:
    """org.apache.kafka.common.utils.UtilsTest.testMurmur2."""
    known = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    }
    assert {key: murmur2(key) for key in known} == {key: value & 0xFFFFFFFF for key, value in known.items()}
