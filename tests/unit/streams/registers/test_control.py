"""What `control` says of generations, without a broker; the commands that write it are in tests/integration/ops."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from pipeline.access.audit import FACTS_FORMAT, PLAIN_FORMAT
from pipeline.errors import LiaisonError
from pipeline.matching import model
from pipeline.matching.model import load_model
from pipeline.matching.model_file import FORMAT, encode_model
from pipeline.settings import Settings
from pipeline.streams.kafka.positions import RejectedBatch, rejected_batches
from pipeline.streams.registers.control import (
    AUDIT_FORMAT,
    ControlSetting,
    GenerationControl,
    decode_control,
    new_generation,
)
from pipeline.streams.workers.supervisor import SupervisedProcess, wanted_processes
from support.earlier_version import EarlierVersion
from support.matching.earlier_model import STOP_KEY, earlier_model


def test_the_table_names_the_active_generation_and_all_that_are_computed() -> None:
    file = msgspec.Raw(b'{"version":"m"}')
    setting = ControlSetting("generation", "0123456789ab", "someone", "2026-11-01T10:00:00Z", 8, file)
    active = ControlSetting("active_generation", "0123456789ab", "someone", "2026-11-01T11:00:00Z")
    held = decode_control({str(at).encode(): msgspec.json.encode(each) for at, each in enumerate((setting, active))})
    assert held.active == "0123456789ab"
    assert held.find_generation().model == bytes(file)
    assert held.find_generation("0123456789ab").apply_to_settings(Settings()).correlate_partitions == 8
    with pytest.raises(LiaisonError, match="no generation ffffffffffff"):
        held.find_generation("ffffffffffff")


def test_an_order_to_give_up_a_batch_is_no_generation_and_is_found_by_its_partition() -> None:
    batch = RejectedBatch("cases.fr-pj", "id", 2, 7, 9)
    order = ControlSetting("rejected_batch", "cases.fr-pj-2-7", "someone", "2026-11-01T11:00:00Z", batch=batch)
    table = {batch.key.encode(): msgspec.json.encode(order)}
    assert decode_control(table) == GenerationControl("", {})
    assert rejected_batches(table.items(), "cases.fr-pj", 2) == [batch]
    assert rejected_batches(table.items(), "cases.fr-pj", 22) == []
    assert [offset for offset in range(12) if batch.covers(offset)] == [7, 8, 9]


def test_a_format_of_the_audit_is_neither_generation_nor_batch_and_goes_with_no_generation() -> None:
    order = ControlSetting("rejected_batch", "4", "someone", "2026-11-01T11:00:00Z", audit_format=FACTS_FORMAT)
    table = {AUDIT_FORMAT.encode(): msgspec.json.encode(order)}
    assert decode_control(table) == GenerationControl("", {}, FACTS_FORMAT)
    assert decode_control({}).audit_format == PLAIN_FORMAT
    assert rejected_batches(table.items(), "cases.fr-pj", 2) == []


def test_version_0_3_0_reads_a_control_topic_that_says_a_format(earlier_version: EarlierVersion) -> None:
    """Its processes follow the topic, and end at what they can't decode."""
    order = ControlSetting("rejected_batch", "4", "someone", "2026-11-01T11:00:00Z", audit_format=FACTS_FORMAT)
    active = ControlSetting("active_generation", "0123456789ab", "someone", "2026-11-01T11:00:00Z")
    table = {AUDIT_FORMAT: msgspec.to_builtins(order), "active_generation": msgspec.to_builtins(active)}
    read = earlier_version.run(
        """
import json, sys
from pipeline.streams.kafka.positions import rejected_batches
from pipeline.streams.registers.control import decode_control
table = {key.encode(): json.dumps(value).encode() for key, value in json.load(sys.stdin).items()}
held = decode_control(table)
print(json.dumps([held.active, list(held.generations), rejected_batches(table.items(), "cases.fr-pj", 0)]))
""",
        msgspec.json.encode(table),
    )
    assert msgspec.json.decode(read) == ["0123456789ab", [], []]


def test_without_a_generation_it_says_what_to_do() -> None:
    with pytest.raises(LiaisonError, match="run `liaison topics apply`"):
        GenerationControl("", {}).find_generation()


def test_a_generation_carries_the_model_that_makes_it() -> None:
    shipped = load_model()
    made = new_generation(shipped, 4)
    assert made.compile_model().content_hash == shipped.content_hash
    assert made.by
    with pytest.raises(LiaisonError, match=f"generation {made.id} is another version's of Liaison"):
        replace(made, correlate_partitions=5).compile_model()
    with pytest.raises(LiaisonError, match="can't read the model"):
        replace(made, model=b'{"version":"m"}').compile_model()


def test_another_generation_takes_the_model_on() -> None:
    shipped = load_model()
    made = new_generation(shipped, 4)
    assert made.take_model_on("").content_hash == shipped.content_hash
    taken = replace(made, model=encode_model(earlier_model("2026.10-3"))).take_model_on("")
    assert taken.file == msgspec.structs.replace(shipped.file, stop_keys=(STOP_KEY,))
    own = msgspec.structs.replace(shipped.file, version="trained")
    assert replace(made, model=encode_model(own)).take_model_on("").file == own


def test_a_trained_model_of_other_levels_or_another_form_is_one_clear_line() -> None:
    of_other_levels = msgspec.structs.replace(earlier_model("trained"), format=FORMAT)
    of_another_form = msgspec.structs.replace(load_model().file, version="trained", format=FORMAT - 1)
    damaged = (b'{"version":"m"}', b'{"version":"m","comparisons":{}}', b'{"version":', b"null")
    for unread in (encode_model(of_other_levels), encode_model(of_another_form), *damaged):
        held = replace(new_generation(load_model(), 4), model=unread)
        with pytest.raises(LiaisonError, match=f"can't read the model of generation {held.id}: train one"):
            held.take_model_on("train one")
        with pytest.raises(LiaisonError, match=f"can't read the model of generation {held.id}|is another version's"):
            held.compile_model()


@pytest.mark.parametrize("version", ["FORMS", "SCORING"])
def test_code_that_forms_or_scores_otherwise_refuses_a_generation_and_says_which_it_makes(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = new_generation(load_model(), 4)
    monkeypatch.setattr(model, version, getattr(model, version) + 1)
    own = new_generation(load_model(), 4)
    with pytest.raises(LiaisonError, match=f"this one makes {own.id} of its model: compute that by `liaison ops gen"):
        made.compile_model()
    assert wanted_processes(GenerationControl(made.id, {made.id: made, own.id: own})) >= {
        SupervisedProcess("derive", own.id)
    }


def test_a_supervisor_runs_what_this_program_can_compute() -> None:
    made = new_generation(load_model(), 4)
    foreign = replace(made, id="ffffffffffff")
    held = GenerationControl(made.id, {made.id: made, foreign.id: foreign})
    every = {SupervisedProcess("intake", ""), SupervisedProcess("notify", ""), SupervisedProcess("attest", "")}
    assert wanted_processes(held) == every | {
        SupervisedProcess("correlate", made.id),
        SupervisedProcess("project", made.id),
    }
