from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from pipeline.errors import LiaisonError
from pipeline.ops.backup.files import BackupFolder, BackupManifest, BackupRecord, read_segment

BEGUN = BackupManifest("b1", "cluster", "t-", 4, ("00c0ffee",), (0, 0, 0, 0), {}, "2026-11-25T10:00:00+00:00")
LATER = "2026-11-25T11:00:00+00:00"


def nothing() -> None:
    pass


def records(first: int, count: int) -> list[BackupRecord]:
    return [
        BackupRecord(offset, 1000 + offset, b"key", b'{"n": %d}' % offset) for offset in range(first, first + count)
    ]


def held(path: Path) -> BackupFolder:
    """Two segments of one partition, and one of another topic with a Kafka null in it."""
    folder = BackupFolder(path)
    folder.begin_or_resume(BEGUN)
    folder.write_segment("accepted", 0, records(0, 3))
    folder.write_segment("accepted", 0, records(7, 2))
    folder.write_segment("control", 0, [BackupRecord(0, 1, b"gone", None)])
    return folder


def test_what_is_written_is_read_back_in_order(tmp_path: Path) -> None:
    folder = held(tmp_path / "b")
    done = folder.finish(BEGUN, LATER, nothing)
    assert folder.verify_backup(nothing) == done
    assert list(folder.read_records(done, "accepted", 0)) == [*records(0, 3), *records(7, 2)]
    assert [record.value for record in folder.read_records(done, "control", 0)] == [None]
    assert list(folder.read_records(done, "accepted", 1)) == []
    assert [(segment.records, segment.first, segment.last) for segment in done.segments] == [
        (3, 0, 2),
        (2, 7, 8),
        (1, 0, 0),
    ]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    held(tmp_path / "b").finish(BEGUN, LATER, nothing)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b").rglob("*") if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b").rglob("*") if path.is_dir()} == {0o700}


def test_one_that_was_cut_off_goes_on_behind_its_last_segment(tmp_path: Path) -> None:
    folder = held(tmp_path / "b")
    (tmp_path / "b" / "accepted" / "0" / "00000000000000000009.gz.part").write_bytes(b"torn")
    assert (folder.next_offset("accepted", 0), folder.next_offset("accepted", 1)) == (9, 0)
    assert folder.begin_or_resume(msgspec.structs.replace(BEGUN, id="b2")) == BEGUN
    folder.write_segment("accepted", 0, records(9, 1))
    done = folder.finish(BEGUN, LATER, nothing)
    assert len(list(folder.read_records(done, "accepted", 0))) == 6


def test_an_unfinished_one_is_not_restored_and_a_finished_one_not_added_to(tmp_path: Path) -> None:
    folder = held(tmp_path / "b")
    with pytest.raises(LiaisonError, match="unfinished"):
        folder.verify_backup(nothing)
    folder.finish(BEGUN, LATER, nothing)
    with pytest.raises(LiaisonError, match="choose another folder"):
        folder.begin_or_resume(BEGUN)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear ...")
    with pytest.raises(LiaisonError, match="is not empty"):
        BackupFolder(tmp_path).begin_or_resume(BEGUN)
    with pytest.raises(LiaisonError, match="not a backup"):
        BackupFolder(tmp_path).verify_backup(nothing)
    with pytest.raises(LiaisonError, match="another installation"):
        held(tmp_path / "b").begin_or_resume(msgspec.structs.replace(BEGUN, cluster="other"))
    (tmp_path / "b" / "manifest.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(BEGUN, format=99)))
    with pytest.raises(LiaisonError, match="format 99"):
        BackupFolder(tmp_path / "b").verify_backup(nothing)


@pytest.mark.parametrize("harm", ["altered", "torn", "lost", "exchanged"])
def test_what_is_not_what_was_written_is_found(tmp_path: Path, harm: str) -> None:
    folder = held(tmp_path / "b")
    folder.finish(BEGUN, LATER, nothing)
    file = tmp_path / "b" / "accepted" / "0" / "00000000000000000007.gz"
    if harm == "altered":
        file.write_bytes(file.read_bytes()[:-9] + b"\0" + file.read_bytes()[-8:])
    elif harm == "torn":
        file.write_bytes(file.read_bytes()[:-4])
    elif harm == "lost":
        file.unlink()
    else:
        folder.write_segment("accepted", 0, [BackupRecord(7, 1, b"key", b"{}"), BackupRecord(8, 1, b"key", b"{}")])
    with pytest.raises(LiaisonError, match=r"0{19}7.gz"):
        folder.verify_backup(nothing)


def test_a_frame_that_ends_early_is_no_record(tmp_path: Path) -> None:
    import gzip

    file = tmp_path / "0.gz"
    file.write_bytes(gzip.compress((99).to_bytes(4, "big") + b"\x94"))
    with pytest.raises(LiaisonError, match="can't be read"):
        list(read_segment(file))
