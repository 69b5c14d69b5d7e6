"""Which consumer groups are behind, partition by partition: by how many messages, and by how many seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.ops.status.partition_lag import PartitionLag
from pipeline.web.components import states
from pipeline.web.components.markup import text
from pipeline.web.components.panel import panel
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words

MOST: Final = 50
"""Partitions that are listed, those that are longest behind."""


def draw_partition_lags(words: Words, lags: Sequence[PartitionLag]) -> None:
    """The partitions that wait, the longest first; groups without lag are counted."""
    behind = sorted((lag for lag in lags if lag.records), key=lambda lag: (-(lag.behind_s or 0), -lag.records))
    groups = {lag.stage for lag in lags}
    caught_up = len(groups - {lag.stage for lag in behind})
    aside = words.plural("{count} group caught up", "{count} groups caught up", caught_up)
    with panel(words("Consumer groups"), aside, tight=True):
        if behind:
            draw_table(words("Consumer groups"), _lag_columns(words), behind[:MOST])
        else:
            states.draw_empty(words("No messages waiting"))


def longest_delay_s(lags: Sequence[PartitionLag]) -> float:
    """For how long the message has waited that has waited longest; 0 where none waits."""
    return max((lag.behind_s or 0.0 for lag in lags), default=0.0)


def format_seconds(words: Words, seconds: float | None) -> str:
    """Seconds as a number; a dash where nobody can tell."""
    return "–" if seconds is None else words("{seconds} s", seconds=words.format_number(round(seconds)))


def _lag_columns(words: Words) -> list[TableColumn[PartitionLag]]:
    return [
        TableColumn(words("Group"), lambda lag: text("span", lag.stage, "code")),
        TableColumn(words("Topic"), lambda lag: text("span", lag.topic, "code breaks")),
        TableColumn(words("Partition"), lambda lag: text("span", lag.partition), "number"),
        TableColumn(words("Messages waiting"), lambda lag: text("span", words.format_number(lag.records)), "number"),
        TableColumn(words("Behind by"), lambda lag: text("span", format_seconds(words, lag.behind_s)), "number"),
    ]
