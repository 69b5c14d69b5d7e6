from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner import default

from pipeline.records.hashing import content_hash, fingerprint_hash, murmur2, partition_of
from pipeline.records.validation import read
from support.records.samples import changed, example, message

SAMPLE = example()["data"]


def fingerprint_of(raw: bytes) -> str:
    return fingerprint_hash(read(raw).case)


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 4},
        {"title": "Autre"},
        {"summary": "Autre"},
        {"status": "corrected"},
        {"opened": "2026-10-29"},
        {"relations": []},
        {"extensions": {"a": 1}},
        {"language": "de"},
        {"evaluation": None},
        {"offences": []},
        {"handling": SAMPLE["handling"] | {"caveat_translations": {"en": "Do not contact the suspect."}}},
    ],
    ids=str,
)
def test_what_is_not_matched_leaves_the_fingerprint_alone(fields: dict[str, Any]) -> None:
    assert fingerprint_of(message(**fields)) == fingerprint_of(message())
    assert content_hash(read(message(**fields)).data) != content_hash(read(message()).data)


@pytest.mark.parametrize(
    "fields",
    [
        {"retain_until": "2032-01-01"},
        {"handling": {"code": "H2"}},
        {"contact": {"unit": "x"}},
        {"status": "withdrawn"},
        {"entities": [], "relations": []},
    ],
    ids=str,
)
def test_what_is_matched_or_told_changes_the_fingerprint(fields: dict[str, Any]) -> None:
    assert fingerprint_of(message(**fields)) != fingerprint_of(message())


def test_any_field_of_an_entity_changes_the_fingerprint() -> None:
    raw = changed(lambda event: event["data"]["entities"][0].update(remark="seen twice"))
    assert fingerprint_of(raw) != fingerprint_of(message())


def test_null_is_the_same_as_left_out() -> None:
    raw = changed(lambda event: event["data"]["entities"][0].update(death_date=None))
    assert fingerprint_of(raw) == fingerprint_of(message())


def test_a_withdrawal_is_the_same_whatever_was_sent_with_it() -> None:
    assert fingerprint_of(message(status="withdrawn")) == fingerprint_of(
        message(status="withdrawn", entities=[], relations=[])
    )


def test_hashes_are_stable() -> None:
    """Stored hashes are held against new ones: a change here means that every case looks changed."""
    assert fingerprint_of(message()) == "268d542afbaad49eb1d53b5e702e6c76"
    assert content_hash(read(message()).data) == "2daf06bcf5b4de36dd89613d4aa8b3ec"


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
