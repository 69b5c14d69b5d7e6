"""The constants of `liaison ops plan` from what was measured at few and at many partitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pipeline.correlation.postings import HEAD_WORDS, KEY_WORDS, WORD_BYTES
from pipeline.correlation.protocol import CASE_ID_BYTES
from pipeline.matching.screening.small_sketch import SMALL_SKETCH_WORDS
from pipeline.ops.plan import Constants

KEPT: Final = ("receipts", "accepted", "fingerprints", "watches", "links", "hit_guesses", "progress")
"""Topics that hold something of every case; `pairs` is purged of what was applied."""

KEY_BYTES: Final = WORD_BYTES * KEY_WORDS

POSTING_BYTES: Final = CASE_ID_BYTES + WORD_BYTES * (HEAD_WORDS + SMALL_SKETCH_WORDS)
"""Of a posting's record, without its keys."""

Rows = dict[str, Any]


def fit_constants(noted: Rows, stages: str, partitions: Sequence[int]) -> Constants:
    """The constants; `stages` names the rows by partitions.

    What grows with the postings of a case is the slope between few and many partitions.
    """
    few, many = min(partitions), max(partitions)
    held, held_many = (noted[stages][f"{count} partitions"] for count in (few, many))
    live, live_many = noted[f"engines, {few} partitions"], noted[f"engines, {many} partitions"]
    postings = held["postings records"]

    def slope(low: Rows, high: Rows, name: str) -> float:
        return float(max(0.0, high[name] - low[name]) / (held_many["postings records"] - postings))

    keys = (held["postings bytes"] - POSTING_BYTES * postings) / KEY_BYTES
    posting_us, row_bytes = slope(live, live_many, "us correlate"), slope(held, held_many, "places bytes")
    partition_mb = max(0.0, held_many["memory"] - held["memory"]) / (many - few)
    return Constants(
        keys=round(keys, 1),
        intake_us=round(live["us intake"]),
        correlate_us=round(live["us correlate"] - posting_us * postings),
        posting_us=round(posting_us, 1),
        project_us=round(live["us project"]),
        message_bytes=round(live["kafka bytes, cases"]),
        record_bytes=round(sum(live.get(f"kafka bytes, {topic}", 0.0) for topic in KEPT)),
        posting_bytes=round(slope(live, live_many, "kafka bytes, postings")),
        key_bytes=KEY_BYTES,
        home_bytes=round(held["homes bytes"]),
        row_bytes=round(row_bytes),
        entry_bytes=round((held["places bytes"] - row_bytes * postings) / keys, 1),
        worker_mb=round(max(live[f"memory MB, {stage}"] for stage in ("intake", "correlate", "project"))),
        partition_mb=round(partition_mb, 1),
        index_bytes=round(live["index bytes"]),
    )
