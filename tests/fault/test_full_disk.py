"""A full disk, on a small tmpfs of its own: a commit is refused, loses nothing, and succeeds once there is room.

So do running workers: they stop consuming, say so, and go on by themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.installation.status_ports import STAGES
from support.processes.commands import command_of, with_support
from support.processes.starting import Start
from support.waiting import PATIENCE_S, WaitFor

FILL = """
import sys
from pathlib import Path
from pipeline.correlation.store_file import StoreUnwritableError
from support.installation.filled_stores import KINDS
from support.installation.small_disk import fill

disk = Path(sys.argv[1])
kind = KINDS[sys.argv[2]]
ballast = disk / "ballast"
refusals = set()
made = 0
for pages in range(int(sys.argv[3])):
    ballast.write_bytes(bytes((1 << 20) - pages * 4096))
    store = kind.open_store(disk / f"store{pages}")
    refused = -1
    for offset in range(400):
        kind.put(store, offset)
        try:
            kind.commit(store, offset)
        except StoreUnwritableError as error:
            refused = offset
            refusals.add(kind.step_of(error))
            break
    assert refused > 0, "the disk never filled up"
    assert store.offset == refused - 1, "what was not committed is not taken for committed"
    assert kind.holds(store, refused), "what waits for room is seen"
    fill(disk / "rest")
    kind.put(store, refused + 1)
    try:
        kind.commit(store, refused + 1)
    except StoreUnwritableError as error:
        refusals.add(kind.step_of(error))
    else:
        raise AssertionError("the disk is still full")
    assert kind.holds(store, refused + 1)
    refused += 1
    ballast.unlink()
    (disk / "rest").unlink()
    kind.commit(store, refused)
    store.sync()
    store.close()
    again = kind.open_store(disk / f"store{pages}")
    assert again.offset == refused
    assert kind.holds(again, refused)
    again.close()
    for file in (disk / f"store{pages}").iterdir():
        file.unlink()
    made += 1
print("held", made, *sorted(refusals))
"""
MOUNT = 'mount -t tmpfs -o size=6m tmpfs "$1" && exec "$2" -c "$3" "$1" "$4" "$5"'


SMALL_DISK = "support.installation.small_disk"
WAITING = "the commit of a store failed"
"""What a lane logs when the disk refuses its store's commit."""


@pytest.fixture
def own_disks() -> None:
    """Skip where a user may not mount a disk of their own."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare -rm is refused here: no tmpfs of its own to fill")


@pytest.mark.short
@pytest.mark.rare
@pytest.mark.usefixtures("own_disks")
@pytest.mark.parametrize(
    ("kind", "fillings", "steps"),
    [
        ("table", 1, {"commit"}),
        ("home", 1, {"commit"}),
        ("meeting", 4, {"commit", "rows", "runs"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_store_waits_for_room_and_loses_nothing(kind: str, fillings: int, steps: set[str], tmp_path: Path) -> None:
    """Of a meeting store each file is refused room: the disk is filled again and again, with a page more left."""
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", MOUNT, "sh", str(tmp_path), sys.executable, FILL, kind, str(fillings)],
        capture_output=True,
        env=with_support(os.environ),
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    held, count, *refusals = done.stdout.split()
    assert (held, int(count)) == ("held", fillings)
    assert set(refusals) == steps


class Disk:
    """A small disk under running workers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tell(self, what: str) -> str:
        """Fill or free it; gives how the workers have ended, if they have."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def workers_on(disk: Path, megabytes: int, environment: dict[str, str], *stages: str) -> Iterator[Disk]:
    """Workers of these stages whose home it is."""
    disk.mkdir()
    command = ["unshare", "-rm", *command_of(SMALL_DISK, str(disk), str(megabytes), *stages)]
    with subprocess.Popen(
        command, env=with_support(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Disk(process)
        assert process.stdin
        process.stdin.close()
        process.wait(PATIENCE_S)


@pytest.mark.short
@pytest.mark.rare
@pytest.mark.engines
@pytest.mark.usefixtures("own_disks")
@pytest.mark.timeout(280)
def test_running_workers_wait_for_room_and_lose_nothing(
    records: RecordMaker,
    installation: Installation,
    engine_environment: dict[str, str],
    tmp_path: Path,
    wait_for: WaitFor,
) -> None:
    feed = records.feed(300)
    third = len(feed) // 3

    def waiting() -> set[str]:
        return {stage for stage in STAGES if WAITING in (tmp_path / f"disk-{stage}.log").read_text()}

    with workers_on(tmp_path / "disk", 48, engine_environment, *STAGES) as disk:
        installation.push(feed[:third])
        wait_for(lambda: installation.at_rest() and installation.accounting().decided == third, deadline_s=90)
        assert waiting() == set()
        assert disk.tell("fill") == "done [None, None, None]"
        installation.push(feed[third : 2 * third])
        wait_for(waiting)
        installation.push(feed[2 * third :])
        # Whoever comes first to the full disk waits; the stages behind it have nothing to write then.
        assert not installation.at_rest()
        assert disk.tell("free") == "done [None, None, None]"
        wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=120)
        installation.holds(feed)
        assert disk.tell("fill") == "done [None, None, None]"


@pytest.mark.short
@pytest.mark.rare
@pytest.mark.engines
@pytest.mark.usefixtures("own_disks")
@pytest.mark.timeout(280)
def test_correlate_waits_for_room_while_others_have_it(
    records: RecordMaker,
    installation: Installation,
    engine_environment: dict[str, str],
    start_stage: Start,
    tmp_path: Path,
    wait_for: WaitFor,
) -> None:
    """Both of its stores are there: whichever is refused room first stands still, with its lane."""
    feed = records.feed(240)
    third = len(feed) // 3
    log = tmp_path / "disk-correlate.log"
    start_stage("intake")
    start_stage("project")
    with workers_on(tmp_path / "disk", 24, engine_environment, "correlate") as disk:
        installation.push(feed[:third])
        wait_for(lambda: installation.at_rest() and installation.accounting().decided == third, deadline_s=90)
        assert disk.tell("fill") == "done [None]"
        installation.push(feed[third:])
        wait_for(lambda: installation.accounting().decided == len(feed) and WAITING in log.read_text(), deadline_s=90)
        assert not installation.at_rest()
        assert disk.tell("free") == "done [None]"
        wait_for(installation.at_rest, deadline_s=120)
        installation.holds(feed)
        assert disk.tell("fill") == "done [None]"
    assert installation.faults() == []
