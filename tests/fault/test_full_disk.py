"""A full disk, on a small tmpfs of its own: a commit is refused, loses nothing, and succeeds once there is room."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FILL = """
import sys
from pathlib import Path
from pipeline.correlation.store_file import Identity, StoreUnwritableError
from pipeline.streams.table_store import TableStore

disk = Path(sys.argv[1])
ballast = disk / "ballast"
ballast.write_bytes(bytes(1 << 20))
store = TableStore(disk / "store", Identity("cluster", "topic", 0, "all"))
refused = -1
for offset in range(200):
    store.put(b"%06d" % offset, bytes([offset]) * 40_000)
    try:
        store.commit(offset)
    except StoreUnwritableError:
        refused = offset
        break
assert refused > 0, "the disk never filled up"
assert store.offset == refused - 1, "what was not committed is not taken for committed"
assert store.get(b"%06d" % (refused - 1)) == bytes([refused - 1]) * 40_000
try:
    store.commit(refused)
except StoreUnwritableError:
    pass
else:
    raise AssertionError("the disk is still full")
ballast.unlink()
store.commit(refused)
store.sync()
store.close()
again = TableStore(disk / "store", Identity("cluster", "topic", 0, "all"))
assert again.offset == refused
assert [again.get(b"%06d" % n) for n in range(refused + 1)] == [bytes([n]) * 40_000 for n in range(refused + 1)]
print("held", refused + 1)
"""
MOUNT = 'mount -t tmpfs -o size=6m tmpfs "$1" && exec "$2" -c "$3" "$1"'


@pytest.mark.short
def test_a_store_waits_for_room_and_loses_nothing(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare -rm is refused here: no tmpfs of its own to fill")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", MOUNT, "sh", str(tmp_path), sys.executable, FILL],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("held ")
