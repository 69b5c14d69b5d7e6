"""What a restore makes of the generation that was active; the rest is in tests/integration/ops/test_backup.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from pipeline.access.hit_ledger import Admission
from pipeline.errors import LiaisonError
from pipeline.matching.model import load_model
from pipeline.matching.model_file import encode_model
from pipeline.matching.reference import SHIPPED
from pipeline.ops.backup.files import BackupFolder, BackupManifest, BackupRecord
from pipeline.ops.backup.restore import rebuild_generation, restate_records
from pipeline.streams.catalogues import topics
from pipeline.streams.registers.control import ControlSetting, new_generation
from support.matching.earlier_model import STOP_KEY, earlier_model

BEGUN = BackupManifest("b1", "cluster", "t-", 4, (), (0,) * 4, {}, "2026-11-25T10:00:00+00:00")
FORMER = "0123456789ab"


def backup_of(path: Path, model: bytes) -> tuple[BackupFolder, BackupManifest]:
    """A backup whose active generation has this model."""
    settings = (
        ControlSetting("generation", FORMER, "someone", "2026-11-01T10:00:00Z", 8, msgspec.Raw(model)),
        ControlSetting("active_generation", FORMER, "someone", "2026-11-01T11:00:00Z"),
    )
    folder = BackupFolder(path)
    folder.begin_or_resume(BEGUN)
    held = [BackupRecord(at, at, each.setting.encode(), msgspec.json.encode(each)) for at, each in enumerate(settings)]
    folder.write_segment("control", 0, held)
    return folder, folder.finish(BEGUN, "2026-11-25T11:00:00+00:00", lambda: None)


def test_an_earlier_versions_shipped_model_becomes_this_ones_with_what_an_operator_set(tmp_path: Path) -> None:
    made, told = rebuild_generation(*backup_of(tmp_path / "backup", encode_model(earlier_model("2026.10-3"))))
    own = msgspec.structs.replace(load_model().file, stop_keys=(STOP_KEY,))
    assert (made.compile_model().file, made.correlate_partitions) == (own, 8)
    assert told == f"model 2026.10-3 shipped with another version of Liaison: {SHIPPED} of this one is taken"


def test_this_versions_own_model_is_as_it_was(tmp_path: Path) -> None:
    made, told = rebuild_generation(*backup_of(tmp_path / "backup", encode_model(load_model().file)))
    assert replace(made, by="", time="") == replace(new_generation(load_model(), 8), by="", time="")
    assert told == ""


def test_what_was_refused_comes_before_all_guesses_that_are_restored() -> None:
    """Their places in another topic would let some of them count for nothing."""
    at = datetime(2026, 11, 25, tzinfo=UTC)
    admissions = (
        Admission("refused|fr-pj:1", "fr-pj", "fr-pj", at, kinds=("born",), refused="{}", offset=70),
        Admission("spent|fr-pj|nl-np", "fr-pj", "nl-np", at, spent=3),
    )
    held = [BackupRecord(at, 0, each.id.encode(), msgspec.json.encode(each)) for at, each in enumerate(admissions)]
    held.append(BackupRecord(9, 0, b"refused|fr-pj:2", None))
    refused, spent, gone = restate_records(topics.HIT_ADMISSIONS, iter(held))
    assert msgspec.json.decode(refused.value or b"", type=Admission) == msgspec.structs.replace(
        admissions[0], offset=-1
    )
    assert [spent, gone] == held[1:]
    assert list(restate_records(topics.NOTICES, iter(held))) == held


@pytest.mark.parametrize("model", [encode_model(earlier_model("trained")), b'{"version":"m"}', b"[]"])
def test_a_model_that_cannot_be_read_is_one_line_that_says_what_to_do(tmp_path: Path, model: bytes) -> None:
    words = f"can't read the model of generation {FORMER}: restore by the version of Liaison that made the backup"
    with pytest.raises(LiaisonError, match=words):
        rebuild_generation(*backup_of(tmp_path / "backup", model))
