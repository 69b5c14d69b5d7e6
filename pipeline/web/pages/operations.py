"""How the installation fares: what waits, throughput, silent feeds, rejections, models, sizes; nothing of any case.

Counts over time are drawn as a line small enough for a cell, or as columns with an axis.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

from pipeline.api.services.operations import read_operations
from pipeline.locale import N_
from pipeline.ops.generations.run import GenerationStatus
from pipeline.ops.status.overview import AgencyFeed, Overview, SilentRecords, StorageSize
from pipeline.ops.status.partition_lag import PartitionLag
from pipeline.ops.status.throughput import Throughput
from pipeline.web.components.badges import badge
from pipeline.web.components.markup import box, inline_svg, link, text
from pipeline.web.components.tables import TableColumn, draw_table, panel
from pipeline.web.components.values import draw_moment
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

TICK: Final = "tick"
"""The event by which the browser asks for the figures anew while the page is followed."""

EVERY_S: Final = 10
"""Seconds between two looks; each is in the audit."""

KEPT: Final = 60
"""Looks of which the waiting records are drawn: ten minutes of following."""

TAKEN_IN: Final = "cases."

Looks = deque[Counter[str]]
"""How many records waited in each topic at each look since the page was opened."""


class TopicActivity(NamedTuple):
    """A topic: how many offsets it was given in each span of the last hour, and which stage has how many to do."""

    name: str
    counts: tuple[int, ...]
    waiting: dict[str, int]

    @property
    def quiet(self) -> bool:
        """Whether nothing happened in it and nothing waits."""
        return not any(self.counts) and not any(self.waiting.values())


async def load(visit: Visit, _: Parameters) -> Overview:
    """The installation at a glance."""
    return await read_operations(visit.new_session())


def draw(view: OpenPage, seen: Overview) -> None:
    """What may need a hand first, the rest in tables."""
    words = view.words
    looks: Looks = view.kept.setdefault("looks", deque(maxlen=KEPT))
    looks.append(Counter({name: sum(activity.waiting.values()) for name, activity in _collect_topics(seen).items()}))
    with box("div", "row apart"):
        text("h1", words("Operations"))
        _draw_follow_switch(view)
    _draw_tiles(words, seen)
    _draw_intake(words, seen.throughput)
    _draw_topics(words, list(_collect_topics(seen).values()), seen.throughput, looks)
    _draw_partition_lags(words, seen.lags)
    _draw_feeds(words, seen)
    with box("div", "halves"):
        _draw_rejections(words, seen.rejected)
        _draw_silent(words, seen.silent)
    _draw_generations(words, seen.generations)
    with box("div", "halves"):
        _draw_sizes(words, words("Indexes"), words("in Elasticsearch"), seen.indices)
        _draw_sizes(words, words("Local state stores"), words("on this machine"), seen.stores)


def _draw_follow_switch(view: OpenPage) -> None:
    """The choice to look again and again; the browser keeps the time, and ticks while the page is seen."""

    async def tick() -> None:
        view.kept["followed"] = True
        await view.redraw()

    view.listen(TICK, tick)
    with box("label", "choice"):
        followed = True if view.kept.get("followed") else None
        box("input", type="checkbox", data_every=str(EVERY_S), data_tick=TICK, checked=followed)
        text("span", view.words("Refresh every {seconds} s", seconds=EVERY_S))


def _draw_tiles(words: Words, seen: Overview) -> None:
    active = next((generation for generation in seen.generations if generation.active), None)
    with box("dl", "tiles"):
        _draw_tile(
            words("Messages waiting (lag)"), words.format_number(sum(records.records for records in seen.waiting))
        )
        longest_s = max((lag.behind_s or 0.0 for lag in seen.lags), default=0.0)
        _draw_tile(words("Longest delay"), _format_seconds(words, longest_s))
        _draw_tile(words("Feeds without data for 24 h"), words.format_number(sum(feed.silent for feed in seen.feeds)))
        _draw_tile(words("Rejected, last 24 h"), words.format_number(sum(seen.rejected.values())))
        _draw_tile(words("Active model"), active.model if active else "–", active.id if active else "")


def _draw_tile(word: str, value: str, under: str = "") -> None:
    with box("div"):
        text("dt", word)
        with box("dd"):
            text("span", value)
            if under:
                text("small", f" {under}", "code")


def _draw_intake(words: Words, throughput: Throughput) -> None:
    """What agencies sent in the last hour, all national topics together."""
    counts = [rate.counts for rate in throughput.rates if rate.topic.startswith(TAKEN_IN)]
    rates = [sum(span) / throughput.span_s for span in zip(*counts, strict=True)]
    most = words.format_number(round(max(rates, default=0.0), 1))
    with panel(words("Messages from agencies"), words("messages per second, last hour")):
        _draw_rate_chart(
            words, throughput.begins, rates, words("Peak in the last hour: {rate} messages per second", rate=most)
        )


def _collect_topics(seen: Overview) -> dict[str, TopicActivity]:
    """All topics that are written or read, the busiest first."""
    waiting: dict[str, dict[str, int]] = {}
    for records in seen.waiting:
        waiting.setdefault(records.topic, {})[records.stage] = records.records
    found = {
        rate.topic: TopicActivity(rate.topic, rate.counts, waiting.pop(rate.topic, {}))
        for rate in seen.throughput.rates
    }
    return found | {name: TopicActivity(name, (), stages) for name, stages in waiting.items()}


def _draw_topics(words: Words, topics: Sequence[TopicActivity], throughput: Throughput, looks: Looks) -> None:
    """Topics in which something happened, what waits most first; the others folded."""
    busy = sorted((topic for topic in topics if not topic.quiet), key=lambda activity: -sum(activity.waiting.values()))
    quiet = [topic for topic in topics if topic.quiet]
    shown = _topic_columns(words, throughput.span_s, looks)
    with panel(words("Topics"), words("messages written, and messages waiting for a consumer"), tight=True):
        if busy:
            draw_table(words("Topics"), shown, busy)
        if quiet:
            with box("details", "table folded", data_fold="idle"):
                text("summary", words.plural("{count} idle topic", "{count} idle topics", len(quiet)))
                draw_table(words("Idle topics"), shown, quiet)


def _topic_columns(words: Words, span_s: float, looks: Looks) -> list[TableColumn[TopicActivity]]:
    columns: list[TableColumn[TopicActivity]] = [
        TableColumn(words("Topic"), lambda activity: text("span", activity.name, "code")),
        TableColumn(
            words("Last hour"),
            lambda activity: _draw_sparkline(activity.counts, words.format_number(sum(activity.counts))),
        ),
        TableColumn(
            words("Messages/s"),
            lambda activity: text("span", words.format_number(round(sum(activity.counts[-1:]) / span_s, 1))),
            "number",
        ),
        TableColumn(
            words("Waiting"),
            lambda activity: text("span", words.format_number(sum(activity.waiting.values()))),
            "number",
        ),
        TableColumn(words("Consumer"), lambda activity: _draw_stages(words, activity.waiting)),
    ]
    if len(looks) > 1:

        def draw_since_opened(activity: TopicActivity) -> None:
            counts = [look[activity.name] for look in looks]
            _draw_sparkline(counts, words("from {first} to {last}", first=counts[0], last=counts[-1]))

        columns.insert(4, TableColumn(words("Since page opened"), draw_since_opened))
    return columns


def _draw_stages(words: Words, waiting: dict[str, int]) -> None:
    with box("span", "row"):
        for stage, records in sorted(waiting.items()):
            with box("span", "nowrap"):
                text("span", stage, "code quiet")
                if records:
                    text("span", f" {words.format_number(records)}", "strong")


def _draw_feeds(words: Words, seen: Overview) -> None:
    counts = {rate.topic: rate.counts for rate in seen.throughput.rates}

    def draw_last_hour(feed: AgencyFeed) -> None:
        sent = counts.get(f"{TAKEN_IN}{feed.agency}", ())
        _draw_sparkline(sent, words.format_number(sum(sent)))

    def draw_state(feed: AgencyFeed) -> None:
        badge(words("No data for 24 h") if feed.silent else words("Active"), "warn" if feed.silent else "plain")

    columns: list[TableColumn[AgencyFeed]] = [
        TableColumn(words("Agency"), lambda feed: text("span", feed.agency, "nowrap")),
        TableColumn(words("Country"), lambda feed: text("span", words.country_name(feed.country))),
        TableColumn(
            words("Last message"),
            lambda feed: draw_moment(words, feed.last),
        ),
        TableColumn(words("Last hour"), draw_last_hour),
        TableColumn(words("State"), draw_state),
    ]
    with panel(words("Feeds"), words("flagged after 24 h without data"), tight=True):
        hint = words("Add one with `liaison ops agency add`.")
        draw_table(words("Feeds"), columns, seen.feeds, empty=words("No agencies yet"), hint=hint)


def _draw_rejections(words: Words, counted: dict[str, int]) -> None:
    columns: list[TableColumn[tuple[str, int]]] = [
        TableColumn(
            words("Reason"),
            lambda row: link(row[0], f"/operations/rejected?{urlencode({'reason': row[0]})}", "code", data_open=""),
        ),
        TableColumn(words("Messages"), lambda row: text("span", words.format_number(row[1])), "number"),
    ]
    with panel(words("Rejected messages"), words("last 24 h"), tight=True):
        draw_table(words("Rejected messages"), columns, counted.items(), empty=words("No rejected messages"))


def _draw_silent(words: Words, counted: Sequence[SilentRecords]) -> None:
    """Who may listen: an agency that plants silent records to be told what others search for."""

    def number(title: str, count: Callable[[SilentRecords], int]) -> TableColumn[SilentRecords]:
        return TableColumn(title, lambda row: text("span", words.format_number(count(row))), "number")

    columns = [
        TableColumn[SilentRecords](words("Agency"), lambda row: text("span", row.agency, "nowrap")),
        number(words("Records"), lambda row: row.records),
        number(words("Without a name"), lambda row: row.nameless),
        number(words("Notices, last 30 days"), lambda row: row.told),
    ]
    with panel(words("Silent records"), words("and notices that another agency searched for one"), tight=True):
        draw_table(words("Silent records"), columns, counted, empty=words("No silent records"))


def _draw_generations(words: Words, generations: Sequence[GenerationStatus]) -> None:
    columns: list[TableColumn[GenerationStatus]] = [
        TableColumn(words("Generation"), lambda status: text("span", status.id, "code")),
        TableColumn(words("Model"), lambda status: text("span", status.model)),
        TableColumn(
            words("State"), lambda status: badge(words("In use") if status.active else words("Standby"), "plain")
        ),
        TableColumn(
            words("Created"),
            lambda status: draw_moment(words, status.time),
        ),
        TableColumn(
            words("Waiting"), lambda status: text("span", words.format_number(sum(status.behind.values()))), "number"
        ),
        TableColumn(
            words("Workers"), lambda status: text("span", words.format_number(sum(status.workers.values()))), "number"
        ),
    ]
    with panel(words("Generations"), words("each model with the links computed by it"), tight=True):
        draw_table(words("Generations"), columns, generations)


def _draw_sizes(words: Words, title: str, aside: str, sizes: Sequence[StorageSize]) -> None:
    columns: list[TableColumn[StorageSize]] = [
        TableColumn(words("Name"), lambda size: text("span", size.name, "code")),
        TableColumn(words("Size"), lambda size: text("span", words.format_megabytes(size.size)), "number"),
    ]
    if any(size.documents is not None for size in sizes):
        documents = TableColumn[StorageSize](
            words("Documents"), lambda size: text("span", words.format_number(size.documents or 0)), "number"
        )
        columns.insert(1, documents)
    with panel(title, aside, tight=True):
        draw_table(title, columns, sizes, empty=words("None"))


WIDTH, HEIGHT, PAD = 100, 24, 1
"""Of a line's own grid; it is stretched to its cell."""


def _draw_sparkline(counts: Sequence[float], alternative_text: str) -> None:
    """Counts as a line over an area, a dash without any; `alternative_text` is what those hear who do not see it."""
    if not counts:
        text("span", "–")
        return
    inline_svg(render_sparkline(counts), "spark")
    text("span", alternative_text, "hidden-words")


def render_sparkline(counts: Sequence[float]) -> str:
    """The line's SVG; its top is the greatest count."""
    most = max(counts, default=0) or 1
    step = WIDTH / max(1, len(counts) - 1)
    points = [
        f"{at * step:.1f} {HEIGHT - PAD - (HEIGHT - 2 * PAD) * count / most:.1f}" for at, count in enumerate(counts)
    ]
    way = "L".join(points) if points else f"0 {HEIGHT}"
    box_ = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "preserveAspectRatio": "none", "aria-hidden": "true"}
    root = Element("svg", box_)
    SubElement(root, "path", {"class": "area", "d": f"M0 {HEIGHT}L{way}L{WIDTH} {HEIGHT}Z"})
    SubElement(root, "path", {"class": "line", "d": f"M{way}"})
    return tostring(root, encoding="unicode")


def _draw_rate_chart(words: Words, begins: Sequence[datetime], rates: Sequence[float], alternative_text: str) -> None:
    """Rates a second as columns, with the greatest one and the times of the first and the last."""
    most = max(rates, default=0)
    with box("figure", "columns-chart", role="img", aria_label=alternative_text):
        text("span", words.format_number(round(most, 1)), "most")
        with box("div", "bars"):
            for rate in rates:
                box("b", style=f"height: {100 * rate / most if most else 0:.1f}%")
        with box("div", "row apart ends"):
            for at in (begins[0], begins[-1]) if begins else ():
                draw_moment(words, at, "")


LONG_S: Final = 180
"""A delay from here on is read more easily in minutes, hours or days."""

MOST: Final = 50
"""Partitions that are listed, those that are longest behind."""


def _draw_partition_lags(words: Words, lags: Sequence[PartitionLag]) -> None:
    """The partitions that wait, the longest first; groups without lag are counted."""
    behind = sorted((lag for lag in lags if lag.records), key=lambda lag: (-(lag.behind_s or 0), -lag.records))
    groups = {lag.stage for lag in lags}
    caught_up = len(groups - {lag.stage for lag in behind})
    aside = words.plural("{count} group caught up", "{count} groups caught up", caught_up)
    with panel(words("Consumer groups"), aside, tight=True):
        draw_table(words("Consumer groups"), _lag_columns(words), behind[:MOST], empty=words("No messages waiting"))


def _format_seconds(words: Words, seconds: float | None) -> str:
    """How long, in seconds up to three minutes; a dash where nobody can tell."""
    if seconds is None:
        return "–"
    if seconds < LONG_S:
        return words("{seconds} s", seconds=words.format_number(round(seconds)))
    return words.format_short_span(timedelta(seconds=seconds))


def _lag_columns(words: Words) -> list[TableColumn[PartitionLag]]:
    return [
        TableColumn(words("Group"), lambda lag: text("span", lag.stage, "code")),
        TableColumn(words("Topic"), lambda lag: text("span", lag.topic, "code breaks")),
        TableColumn(words("Partition"), lambda lag: text("span", lag.partition), "number"),
        TableColumn(words("Messages waiting"), lambda lag: text("span", words.format_number(lag.records)), "number"),
        TableColumn(words("Behind by"), lambda lag: text("span", _format_seconds(words, lag.behind_s)), "number"),
    ]


PAGE = Page("/operations", N_("Operations"), "operations", load, draw)
