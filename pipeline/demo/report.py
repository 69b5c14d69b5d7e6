"""What the demo prints when all is done: the accounting, the links against the truth, the latency, three examples."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.demo.truth import Agreement, Pair
from pipeline.index import terminal
from pipeline.index.documents import LinkDocument
from pipeline.matching.explain.explanation import Explanation, Item
from pipeline.matching.explain.wording import percent
from pipeline.streams.monitoring.accounting import Accounting

SHOWN = 3
"""Examples printed in full."""

OK, WRONG = Text("ok", "green"), Text("differs", "bold red")


class Latency(msgspec.Struct, frozen=True):
    """Seconds from sending to searchable: median, 95th percentile, and how many cases were measured."""

    p50: float
    p95: float
    cases: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """From what was measured; by nearest rank."""
        ordered = sorted(seconds)
        return cls(_rank(ordered, 0.50), _rank(ordered, 0.95), len(ordered))


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def accounted(counted: Accounting, expected: Counter[str]) -> RenderableType:
    """Every outcome with its count and what the feed was made to give."""
    table = Table("Outcome", "Messages", "Expected", "", box=SIMPLE_HEAD, pad_edge=False)
    table.columns[1].justify = table.columns[2].justify = "right"
    found = outcomes(counted)
    for outcome in sorted(found | expected, key=_order):
        same = found[outcome] == expected[outcome]
        table.add_row(_title(outcome), f"{found[outcome]:,}", f"{expected[outcome]:,}", OK if same else WRONG)
    rejected = sum(counted.rejected.values())
    outcome = f"{counted.accepted:,} accepted + {counted.duplicate:,} duplicate + {rejected:,} rejected"
    verdict = Text("balanced", "green") if counted.balanced else Text("NOT BALANCED", "bold red")
    return Group(table, Text.assemble(f"{counted.consumed:,} consumed = {outcome}  ", verdict))


def outcomes(counted: Accounting) -> Counter[str]:
    """The accounting by outcome, rejections by their reason, as the feed's messages say what they expect."""
    return Counter({"accepted": counted.accepted, "duplicate": counted.duplicate, **counted.rejected})


def _order(outcome: str) -> tuple[int, str]:
    return (("accepted", "duplicate").index(outcome) if outcome in ("accepted", "duplicate") else 2, outcome)


def _title(outcome: str) -> str:
    return outcome if outcome in ("accepted", "duplicate") else f"rejected: {outcome}"


def accuracy(agreed: Agreement) -> RenderableType:
    """Links found against the truth."""
    return _facts(
        ("Links found", f"{agreed.found:,}"),
        ("True pairs across countries", f"{agreed.true:,}"),
        ("Precision (links that are right)", f"{agreed.precision:.3f}"),
        ("Recall (true pairs that were found)", f"{agreed.recall:.3f}"),
        ("F1", f"{agreed.f1:.3f}"),
    )


def pace(messages: int, seconds: float, latency: Latency) -> RenderableType:
    """Throughput of the bulk and latency of the trickle after it."""
    rate = messages / seconds if seconds else 0.0
    return _facts(
        ("Throughput", f"{messages:,} messages sent, correlated and indexed in {seconds:.1f} s: {rate:,.0f}/s"),
        (
            "Sent to searchable",
            f"p50 {latency.p50:.2f} s, p95 {latency.p95:.2f} s ({latency.cases} new cases, sent one by one)",
        ),
    )


def _facts(*facts: tuple[str, str]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in facts:
        table.add_row(Text(name, "dim"), value)
    return table


def examples(links: Sequence[LinkDocument], true: set[Pair]) -> RenderableType:
    """Up to three links with the whole of their explanation."""
    return Group(*(part for title, link in chosen(links).items() for part in _example(title, link, true)))


def _example(title: str, link: LinkDocument, true: set[Pair]) -> Iterator[RenderableType]:
    verdict = "true" if link.cases in true else "not true"
    yield Text.assemble(
        (f"{title}: ", "dim"),
        (link.a.case, "bold"),
        " - ",
        (link.b.case, "bold"),
        "  ",
        (link.band, terminal.BAND_STYLE.get(link.band, "")),
        f"  probability {percent(link.probability, 'en')}, {terminal.bits(link.score)} bits ({verdict})",
    )
    yield terminal.explanation(told(link))


def told(link: LinkDocument) -> Explanation:
    """The link's explanation."""
    return msgspec.convert(link.evidence, Explanation)


def chosen(links: Sequence[LinkDocument]) -> dict[str, LinkDocument]:
    """Names in two scripts, a thing in other hands, evidence that only just suffices; others where one is missing."""
    ordered = sorted(links, key=lambda link: (-link.score, link.link))
    picked: dict[str, LinkDocument] = {}
    for title, candidates in (
        ("Across scripts", [link for link in ordered if _crosses_scripts(told(link))]),
        ("Same thing, different people", [link for link in ordered if _rests_on_things(told(link))]),
        ("Weakest", ordered[::-1]),
        ("Strongest", ordered),
        ("In the middle", ordered[len(ordered) // 2 :]),
    ):
        left = [link for link in candidates if link not in picked.values()]
        if left and len(picked) < SHOWN:
            picked[title] = left[0]
    return picked


def _crosses_scripts(explanation: Explanation) -> bool:
    return any(
        item.field == "name" and item.bits > 0 and crosses_scripts(item)
        for entity in explanation.entities
        for item in entity.items
    )


def crosses_scripts(item: Item) -> bool:
    """Whether two values are written in two scripts."""
    return _script(item.value_a) != _script(item.value_b)


def _script(text: str) -> str:
    """The script of a text's first letter, as Unicode names it."""
    return next((unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha()), "")


def _rests_on_things(explanation: Explanation) -> bool:
    return all("person" not in (entity.type_a, entity.type_b) for entity in explanation.entities if entity.counted > 0)


def commands(namespace: str, links: Sequence[LinkDocument], *, running: bool) -> RenderableType:
    """What to try next, in another terminal; `running`: the engines are."""
    lines = [] if running else ["liaison up"]
    lines.append(f"export LIAISON_NAMESPACE={namespace}")
    for link in list(chosen(links).values())[:1]:
        lines += [f'liaison search "{name}"' for name in _names(told(link))]
        lines += [f"liaison case {link.a.case}", f"liaison links {link.a.case}"]
    lines += ["liaison export links -o links.ndjson", "liaison ops agency list"]
    return Text("\n".join(f"  {line}" for line in lines))


def _names(explanation: Explanation) -> list[str]:
    """The two spellings of the first name that agrees."""
    items = [item for entity in explanation.entities for item in entity.items if item.field == "name"]
    return list(dict.fromkeys((items[0].value_a, items[0].value_b))) if items else []
