from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
import pytest
from aiokafka import TopicPartition

from pipeline.correlation.protocol import case_id, home_partition
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.registers.control import new_generation
from pipeline.streams.runtime.processor import NullStore
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.stages.derive import DeriveProcessor
from support.index.documents import PureStages

STAGES = PureStages(load_model())
RECORD = {"case_id": "1", "agency": "fr-pj", "country": "FR", "entities": []}


class Kept(NamedTuple):
    """A record of `accepted`."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes


def derived(offset: int, born: tuple[int, ...], generation: str = "own") -> list[Output]:
    """The fingerprints that a record which names this generation leads to."""
    one = replace(new_generation(STAGES.model, 4), id="own", born=born)
    accepted = STAGES.accepted(RECORD)
    provenance = msgspec.structs.replace(accepted.provenance, generation=generation)
    value = msgspec.json.encode(msgspec.structs.replace(accepted, provenance=provenance))
    records: list[Any] = [Kept("accepted", 1, offset, b"fr-pj:1", value)]
    work = DeriveProcessor(one.apply_to_settings(Settings()), one, STAGES.model)
    return work.decide_records(TopicPartition("accepted", 1), NullStore(), records).outputs


def test_what_another_generation_took_in_goes_to_its_home_as_no_first_version() -> None:
    """What came before it is not known here, so the home must not take it for all that was ever posted."""
    (output,) = derived(9, (0, 0, 0, 0), generation="another")
    assert (output.key, output.partition) == (b"fr-pj:1", home_partition(case_id("fr-pj:1"), 4))
    assert not msgspec.json.decode(output.value, type=Fingerprint).first


@pytest.mark.parametrize(("offset", "made"), [(6, 1), (7, 0), (8, 0)])
def test_what_intake_wrote_itself_is_left_out_unless_that_was_in_an_earlier_life(offset: int, made: int) -> None:
    assert len(derived(offset, (0, 7, 0, 0))) == made


def test_a_generation_set_up_before_lives_were_told_apart_never_had_another() -> None:
    assert derived(0, ()) == []
