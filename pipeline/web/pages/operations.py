"""How the installation fares: what waits, silent feeds, rejections, generations, sizes; nothing of any case."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.api.services.operations import operations
from pipeline.ops.generations import Status
from pipeline.ops.overview import Feed, Overview, Size, Waiting
from pipeline.web.components import states
from pipeline.web.components.markup import box, text
from pipeline.web.components.panel import panel
from pipeline.web.components.table import Column, table
from pipeline.web.components.words_with_frames import tag
from pipeline.web.i18n import N_, Words
from pipeline.web.page import Page, Parameters, View
from pipeline.web.session import Visit


async def load(visit: Visit, _: Parameters) -> Overview:
    """The installation at a glance."""
    return await operations(visit.session())


def draw(view: View, seen: Overview) -> None:
    """What may need a hand first, the rest in tables."""
    words = view.words
    text("h1", words("Operations"))
    _tiles(words, seen)
    with box("div", "halves"):
        with box("div", "stack"):
            _feeds(words, seen.feeds)
            _rejections(words, seen.rejected)
        with box("div", "stack"):
            _topics(words, seen.waiting)
    _generations(words, seen.generations)
    with box("div", "halves"):
        _sizes(words, words("Indices"), words("in Elasticsearch"), seen.indices)
        _sizes(words, words("Stores"), words("of this machine"), seen.stores)


def _tiles(words: Words, seen: Overview) -> None:
    active = next((one for one in seen.generations if one.active), None)
    with box("dl", "tiles"):
        _tile(words("Records that wait"), words.number(sum(one.records for one in seen.waiting)))
        _tile(words("Silent feeds"), words.number(sum(one.silent for one in seen.feeds)))
        _tile(words("Rejected in a day"), words.number(sum(seen.rejected.values())))
        _tile(words("Active model"), active.model if active else "–")


def _tile(word: str, value: str) -> None:
    with box("div"):
        text("dt", word)
        text("dd", value)


def _feeds(words: Words, feeds: Sequence[Feed]) -> None:
    columns: list[Column[Feed]] = [
        Column(words("Agency"), lambda one: text("span", one.agency)),
        Column(words("Country"), lambda one: text("span", words.country(one.country))),
        Column(words("Last record"), lambda one: text("span", words.moment(one.last) if one.last else "–", "nowrap")),
        Column(words("State"), lambda one: _state(words("Silent") if one.silent else "", words("Sends"))),
    ]
    with panel(words("Feeds"), words("silent after a day"), tight=True):
        table(words("Feeds"), columns, feeds)


def _state(trouble: str, otherwise: str) -> None:
    tag(trouble or otherwise, "warn" if trouble else "plain")


def _rejections(words: Words, counted: dict[str, int]) -> None:
    columns: list[Column[tuple[str, int]]] = [
        Column(words("Reason"), lambda one: text("span", one[0], "code")),
        Column(words("Records"), lambda one: text("span", words.number(one[1])), "number"),
    ]
    with panel(words("Rejections"), words("of the last day"), tight=True):
        if counted:
            table(words("Rejections"), columns, counted.items())
        else:
            states.empty(words("Nothing was rejected"))


def _topics(words: Words, waiting: Sequence[Waiting]) -> None:
    columns: list[Column[Waiting]] = [
        Column(words("Topic"), lambda one: text("span", one.topic, "code")),
        Column(words("Stage"), lambda one: text("span", one.stage, "code")),
        Column(words("Waiting"), lambda one: text("span", words.number(one.records)), "number"),
    ]
    with panel(words("Topics"), words("records that a stage has yet to do"), tight=True):
        table(words("Topics"), columns, waiting)


def _generations(words: Words, generations: Sequence[Status]) -> None:
    columns: list[Column[Status]] = [
        Column(words("Generation"), lambda one: text("span", one.id, "code")),
        Column(words("Model"), lambda one: text("span", one.model)),
        Column(words("State"), lambda one: tag(words("Active") if one.active else words("In reserve"), "plain")),
        Column(words("Made"), lambda one: text("span", words.moment(one.time) if one.time else "–", "nowrap")),
        Column(words("Waiting"), lambda one: text("span", words.number(sum(one.behind.values()))), "number"),
        Column(words("Workers"), lambda one: text("span", words.number(sum(one.workers.values()))), "number"),
    ]
    with panel(words("Generations"), words("a model and what was computed with it"), tight=True):
        table(words("Generations"), columns, generations)


def _sizes(words: Words, title: str, aside: str, sizes: Sequence[Size]) -> None:
    columns: list[Column[Size]] = [
        Column(words("Name"), lambda one: text("span", one.name, "code")),
        Column(words("Size"), lambda one: text("span", words.megabytes(one.size)), "number"),
    ]
    if any(one.documents is not None for one in sizes):
        documents = Column[Size](
            words("Documents"), lambda one: text("span", words.number(one.documents or 0)), "number"
        )
        columns.insert(1, documents)
    with panel(title, aside, tight=True):
        if sizes:
            table(title, columns, sizes)
        else:
            states.empty(words("None"))


PAGE = Page("/operations", N_("Operations"), "operations", load, draw)
