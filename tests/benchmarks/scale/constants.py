"""The constants of `liaison ops plan` from what was measured at few and at many partitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pipeline.correlation.meeting_store_on_disk import RUN_ENTRIES, SKETCH_AT
from pipeline.correlation.postings import HEAD_WORDS, KEY_WORDS, WORD_BYTES
from pipeline.correlation.protocol import CASE_ID_BYTES
from pipeline.matching.screening.small_sketch import SMALL_SKETCH_WORDS
from pipeline.matching.training.run import HIGHEST_KEY_RARITY, KEY_MEETS
from pipeline.ops.plan import Constants

KEPT: Final = ("receipts", "accepted", "fingerprints", "watches", "links", "hit_guesses", "progress")
"""Topics that hold something of every case; `pairs` is purged of what was applied."""

KEY_BYTES: Final = WORD_BYTES * KEY_WORDS

POSTING_BYTES: Final = CASE_ID_BYTES + WORD_BYTES * (HEAD_WORDS + SMALL_SKETCH_WORDS)
"""Of a posting's record, without its keys."""

ROW_BYTES: Final = WORD_BYTES * (SKETCH_AT + SMALL_SKETCH_WORDS) + 2
"""On disk, of a posting's row and its country."""

NEWEST_BYTES: Final = 24
"""In memory, of an entry that is not in a file yet: key and number, and the index of both."""

SPARSE_CASES: Final = KEY_MEETS * 2 ** (HIGHEST_KEY_RARITY / 100)

Rows = dict[str, Any]


def fit_constants(noted: Rows, stages: str, most: str, partitions: Sequence[int]) -> Constants:
    """The constants; `stages` names the rows by partitions, `most` the one with the most cases held.

    CPU that grows with the postings of a case is the slope between few and many partitions in the stages' own work: on
    engines it depends on how many postings come at a time more than on anything else. Of a store with few cases whole
    pages count, so disks are fitted where most are held, with rows as their layout says.
    """
    few, many = min(partitions), max(partitions)
    own, own_many = (noted[stages][f"{count} partitions"] for count in (few, many))
    live = noted[f"engines, {few} partitions"]
    postings, further = own["postings records"], own_many["postings records"] - own["postings records"]
    keys = (own["postings bytes"] - POSTING_BYTES * postings) / KEY_BYTES
    posting_us = (own_many["correlate"] - own["correlate"]) / further
    held = noted[most]
    entry_bytes = (held["places bytes"] - ROW_BYTES * postings) / (keys + postings)
    drift = held["intake"] / own["intake"]
    candidate_us = (held["correlate"] / drift - own["correlate"]) / (held["candidates"] - own["candidates"])
    memory = [held["memory"], *(live[f"memory MB, {stage}"] for stage in ("intake", "correlate", "project"))]
    return Constants(
        keys=round(keys, 1),
        intake_us=round(live["us intake"]),
        correlate_us=round(live["us correlate"] - posting_us * postings),
        posting_us=round(posting_us, 1),
        candidate_us=round(candidate_us, 1),
        candidates=round(held["candidates"] / max(1.0, held["held"] / SPARSE_CASES), 1),
        sparse_cases=round(SPARSE_CASES),
        project_us=round(live["us project"]),
        message_bytes=round(live["kafka bytes, cases"]),
        record_bytes=round(sum(live.get(f"kafka bytes, {topic}", 0.0) for topic in KEPT)),
        posting_bytes=round((live["kafka bytes, postings"] - KEY_BYTES * keys) / postings),
        key_bytes=KEY_BYTES,
        home_bytes=round(held["homes bytes"]),
        row_bytes=round(ROW_BYTES + entry_bytes),
        entry_bytes=round(entry_bytes, 1),
        worker_mb=round(max(memory)),
        partition_mb=round(RUN_ENTRIES * NEWEST_BYTES / 1e6, 1),
        index_bytes=round(live["index bytes"]),
    )
