"""Slots of workers: who gets which, what goes with it, and homes that can hold none."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.runtime.worker_slots import claimed_slot, home_id


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", namespace="n-")


def test_an_instance_is_named_by_group_home_and_slot(settings: Settings) -> None:
    with claimed_slot(settings, "correlate-ab12") as slot:
        assert slot.group == "n-correlate-ab12"
        assert slot.instance_id == f"n-correlate-ab12-{home_id(settings)}-0"
        assert slot.stores == settings.home / "stores" / "0"


def test_a_home_keeps_its_id_and_no_two_have_the_same(settings: Settings, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as many:
        ids = set(many.map(lambda _: home_id(settings), range(32)))
    assert len(ids) == 1
    assert home_id(Settings(home=tmp_path / "other")) not in ids


def test_an_id_that_a_crash_has_torn_is_written_anew(settings: Settings) -> None:
    first = home_id(settings)
    (settings.home / "workers" / "id").write_text(first[:5])
    second = home_id(settings)
    assert len(second) == len(first)
    assert home_id(settings) == second


def test_workers_of_a_group_have_a_slot_each_and_other_groups_their_own(settings: Settings) -> None:
    with (
        claimed_slot(settings, "intake") as first,
        claimed_slot(settings, "intake") as second,
        claimed_slot(settings, "correlate-ab12") as other,
    ):
        assert [first.number, second.number, other.number] == [0, 1, 0]


def test_two_that_come_at_once_get_two_slots(settings: Settings) -> None:
    with ExitStack() as held, ThreadPoolExecutor(8) as many:
        slots = list(many.map(lambda _: held.enter_context(claimed_slot(settings, "intake")), range(24)))
        assert sorted(slot.number for slot in slots) == list(range(24))


def test_who_comes_back_gets_the_slot_that_was_used_last(settings: Settings) -> None:
    with ExitStack() as others:
        first = others.enter_context(claimed_slot(settings, "intake"))
        with claimed_slot(settings, "intake"), claimed_slot(settings, "intake"):
            pass
        first.touch()
        folder = settings.home / "workers" / "n-intake"
        os.utime(folder / "1", (2000, 2000))
        os.utime(folder / "2", (3000, 3000))
        assert others.enter_context(claimed_slot(settings, "intake")).number == 2
        assert others.enter_context(claimed_slot(settings, "intake")).number == 1


def test_a_slot_given_up_is_not_remembered(settings: Settings) -> None:
    with claimed_slot(settings, "intake"), claimed_slot(settings, "intake") as last:
        last.give_up()
    assert [path.name for path in (settings.home / "workers" / "n-intake").iterdir()] == ["0"]


def test_that_a_worker_was_fenced_is_kept_for_the_next(settings: Settings) -> None:
    with claimed_slot(settings, "intake") as slot:
        before = slot.was_fenced
        slot.note_fenced(fenced=True)
        assert (before, slot.was_fenced) == (False, True)
    with claimed_slot(settings, "intake") as slot:
        assert slot.was_fenced
        slot.note_fenced(fenced=False)
        assert not slot.was_fenced


DIES = """
import os, signal, sys
from pathlib import Path
from pipeline.settings import Settings
from pipeline.streams.runtime.worker_slots import claimed_slot
with claimed_slot(Settings(home=Path(sys.argv[1]), namespace="n-"), "intake") as slot:
    print(slot.number, flush=True)
    if len(sys.argv) == 2:
        os.execv(sys.executable, [*sys.orig_argv, "again"])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_slot_is_free_once_its_process_dies_and_comes_back_to_one_that_executes_itself_anew(
    settings: Settings,
) -> None:
    done = subprocess.run([sys.executable, "-c", DIES, str(settings.home)], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["0", "0"], done.stderr
    with claimed_slot(settings, "intake") as slot:
        assert slot.number == 0


def test_a_file_system_without_locks_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(LiaisonError, match=r"no worker can start in .*: No locks available; .*flock"):
        claimed_slot(settings, "intake").__enter__()


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LiaisonError, match=r"no worker can start in .*: Not a directory; "):
        claimed_slot(Settings(home=tmp_path / "file"), "intake").__enter__()


FULL = """
from pathlib import Path
import os, sys
from contextlib import suppress
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.runtime.worker_slots import claimed_slot
home = Path(sys.argv[1])
(home / "workers").mkdir()
with suppress(OSError), (home / "ballast").open("wb", buffering=0) as ballast:
    while ballast.write(bytes(4096)):
        pass
try:
    claimed_slot(Settings(home=home), "intake").__enter__()
except LiaisonError as error:
    print(error)
assert not (home / "workers" / "id").exists()
(home / "ballast").unlink()
with claimed_slot(Settings(home=home), "intake") as slot:
    print(slot.number)
"""
MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" -c "$3" "$1"'


def test_a_full_disk_is_refused_and_leaves_no_torn_id(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare -rm is refused here: no tmpfs of its own to fill")
    command = ["unshare", "-rm", "sh", "-c", MOUNT, "sh", str(tmp_path), sys.executable, FULL]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    refused, slot = done.stdout.splitlines()
    assert "No space left on device" in refused
    assert slot == "0"
