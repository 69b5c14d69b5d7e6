"""Ending case folders whose time has passed or whose agency left: what they kept is replaced by marks without content.

A folder's own end comes first, since it hides all that it keeps. Every step may be done twice: what an end that was cut
off left, or what somebody added at the same moment, is found by the next run, as items of a folder that has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import msgspec

from pipeline.access.folders import (
    Folder,
    FolderChart,
    FolderItem,
    FolderState,
    FolderVisit,
    ItemKind,
    close_folder,
    close_visit,
    drop_chart,
    drop_item,
    item_key,
)
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog, NewValue
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_table

TOGETHER: Final = 200
"""Values of one transaction, of which the marks of a chart are two."""


class FolderErasure(msgspec.Struct, frozen=True):
    """The marks that end folders, and that take out what ended folders keep."""

    folders: tuple[Folder, ...] = ()
    items: tuple[FolderItem, ...] = ()
    charts: tuple[FolderChart, ...] = ()
    visits: tuple[FolderVisit, ...] = ()


def plan_erasure(
    folders: Iterable[Folder],
    items: Iterable[FolderItem],
    visits: Iterable[FolderVisit],
    ends: Callable[[Folder], bool],
    now: datetime,
) -> FolderErasure:
    """What is to be written where `ends` says that a folder's time has come. Pure."""
    held = list(folders)
    ending = tuple(close_folder(folder, now) for folder in held if ends(folder))
    ended = {folder.id for folder in ending} | {one.id for one in held if one.state is FolderState.ENDED}
    gone = [item for item in items if item.folder in ended and not item.removed]
    charts = (item for item in gone if item.kind is ItemKind.CHART)
    return FolderErasure(
        ending,
        tuple(drop_item(item, now) for item in gone),
        tuple(drop_chart(item, now) for item in charts),
        tuple(close_visit(visit, now) for visit in visits if visit.folder in ended and (visit.seen or visit.before)),
    )


_folder = msgspec.json.Decoder(Folder)
_item = msgspec.json.Decoder(FolderItem)
_visit = msgspec.json.Decoder(FolderVisit)


async def read_erasure(settings: Settings, ends: Callable[[Folder], bool], now: datetime) -> FolderErasure:
    """The same of what the topics hold."""
    folders, items, visits = [
        (await read_table(settings, topics.topic_name(settings, topic))).values()
        for topic in (topics.FOLDERS, topics.FOLDER_ITEMS, topics.FOLDER_VISITS)
    ]
    return plan_erasure(map(_folder.decode, folders), map(_item.decode, items), map(_visit.decode, visits), ends, now)


async def apply_erasure(log: DecisionLog, erasure: FolderErasure) -> None:
    """Write the marks: folders first, a chart's content with its item. Raises LiaisonError; then run it again."""
    charts = {item_key(chart.folder, chart.item): chart for chart in erasure.charts}
    values = [NewValue(topics.FOLDERS, folder.id, folder) for folder in erasure.folders]
    for item in erasure.items:
        if item.key in charts:
            values.append(NewValue(topics.FOLDER_CHARTS, item.key, charts[item.key]))
        values.append(NewValue(topics.FOLDER_ITEMS, item.key, item))
    values += [NewValue(topics.FOLDER_VISITS, visit.key, visit) for visit in erasure.visits]
    for at in range(0, len(values), TOGETHER):
        await log.write_all(values[at : at + TOGETHER])
