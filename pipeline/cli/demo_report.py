"""What the demo prints when all is done: the accounting, the links against the truth, the latency, three examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli.case_view import LANGUAGE, fact_table
from pipeline.cli.records import BAND_STYLES, bits, explanation
from pipeline.demo.case_files import handling_of_case
from pipeline.demo.examples import choose_examples, explanation_of
from pipeline.demo.generator import DemoFeed
from pipeline.demo.list_truth import RECALL_ONLY, ListLink, ListScore, score_lists
from pipeline.demo.messages import outcomes
from pipeline.demo.run import DemoResult
from pipeline.demo.story import Cast, find_story, story_steps
from pipeline.demo.truth import Agreement, Latency, TruePair
from pipeline.index.documents import LinkDocument
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.explain.wording import label, percent
from pipeline.matching.explain.words import TYPES
from pipeline.settings import Settings
from pipeline.streams.monitoring.accounting import Accounting
from pipeline.times import now
from pipeline.web.site import PREPARED, first_of_each_agency

OK, WRONG = Text("ok", "green"), Text("differs", "bold red")


def outcome_table(counted: Accounting, expected: Counter[str]) -> RenderableType:
    """Every outcome with its count and what the feed was made to give."""
    table = Table("Outcome", "Messages", "Expected", "", box=SIMPLE_HEAD, pad_edge=False)
    table.columns[1].justify = table.columns[2].justify = "right"
    found = outcomes(counted)
    for outcome in sorted(found | expected, key=_order):
        same = found[outcome] == expected[outcome]
        title = outcome if outcome in ("accepted", "duplicate") else f"rejected: {outcome}"
        table.add_row(title, f"{found[outcome]:,}", f"{expected[outcome]:,}", OK if same else WRONG)
    rejected = sum(counted.rejected.values())
    outcome = f"{counted.accepted:,} accepted + {counted.duplicate:,} duplicate + {rejected:,} rejected"
    verdict = Text("balanced", "green") if counted.balanced else Text("NOT BALANCED", "bold red")
    return Group(table, Text.assemble(f"{counted.consumed:,} consumed = {outcome}  ", verdict))


def _order(outcome: str) -> tuple[int, str]:
    return (("accepted", "duplicate").index(outcome) if outcome in ("accepted", "duplicate") else 2, outcome)


def accuracy_table(agreed: Agreement, shared: int) -> RenderableType:
    """Links found against the truth; `shared` are those by a number in two hands, which say nothing of sameness."""
    return fact_table(
        ("Links found", f"{agreed.found:,}"),
        ("True pairs across countries", f"{agreed.true:,}"),
        ("Precision (links that are right)", f"{agreed.precision:.3f}"),
        ("Recall (true pairs that were found)", f"{agreed.recall:.3f}"),
        ("F1", f"{agreed.f1:.3f}"),
        ("Shared numbers (not counted above)", f"{shared:,}"),
    )


SHOWN_BANDS = (Band.CERTAIN, Band.PROBABLE, Band.POSSIBLE)
TOLD_HEADINGS = ("Pairs", "P", "R", "F1", *(band.title() for band in SHOWN_BANDS))


def list_table(scores: Sequence[ListScore]) -> RenderableType:
    """The links between each two lists, by type; where the truth tells, how right they are, in all and by band."""
    judged = any(score.agreed.true for score in scores)
    headings = (*(TOLD_HEADINGS if judged else ()), "Links")
    table = Table("Lists", "Type", *headings, box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[2:]:
        column.justify, column.no_wrap = "right", True
    for score in scores:
        told = _told_cells(score) if judged else ()
        table.add_row(", ".join(score.lists), label(TYPES, score.type, LANGUAGE), *told, f"{score.links:,}")
    return table


def _told_cells(score: ListScore) -> tuple[str, ...]:
    """What the truth tells: nothing where there is none, of pairs known by a number recall alone."""
    agreed = score.agreed
    if not agreed.true:
        return ("",) * len(TOLD_HEADINGS)
    if score.by == RECALL_ONLY:
        return (f"{agreed.true:,}", "", f"{agreed.recall:.3f}", *("",) * (len(TOLD_HEADINGS) - 3))
    bands = ("/".join(map(str, score.bands.get(band, ("-",)))) for band in SHOWN_BANDS)
    return (f"{agreed.true:,}", f"{agreed.precision:.3f}", f"{agreed.recall:.3f}", f"{agreed.f1:.3f}", *bands)


def pace_table(messages: int, seconds: float, latency: Latency) -> RenderableType:
    """Throughput of the bulk and latency of the trickle after it."""
    rate = messages / seconds if seconds else 0.0
    return fact_table(
        ("Throughput", f"{messages:,} messages sent, correlated and indexed in {seconds:.1f} s: {rate:,.0f}/s"),
        (
            "Sent to searchable",
            f"p50 {latency.p50:.2f} s, p95 {latency.p95:.2f} s ({latency.cases} new cases, sent one by one)",
        ),
    )


def explained_examples(links: Sequence[LinkDocument], true: set[TruePair] | None) -> RenderableType:
    """Up to three links with the whole of their explanation; `true` are all true pairs, None where nobody knows."""
    return Group(*(part for title, link in choose_examples(links).items() for part in _example(title, link, true)))


def _example(title: str, link: LinkDocument, true: set[TruePair] | None) -> Iterator[RenderableType]:
    verdict = "" if true is None else " (true)" if link.cases in true else " (not true)"
    yield Text.assemble(
        (f"{title}: ", "dim"),
        (link.a.case, "bold"),
        " - ",
        (link.b.case, "bold"),
        "  ",
        (link.band, BAND_STYLES[link.band]),
        f"  probability {percent(link.probability, 'en')}, {bits(link.score)} bits{verdict}",
    )
    yield explanation(explanation_of(link))


def commands_to_try(namespace: str, links: Sequence[LinkDocument], *, running: bool) -> RenderableType:
    """What to try next, in another terminal; `running`: the engines are."""
    lines = [] if running else ["liaison up"]
    lines.append(f"export LIAISON_NAMESPACE={namespace}")
    for link in list(choose_examples(links).values())[:1]:
        lines += [f'liaison search "{name}"' for name in _names(explanation_of(link))]
        lines += [f"liaison case {link.a.case}", f"liaison links {link.a.case}"]
    lines += ["liaison export links -o links.ndjson", "liaison ops agency list"]
    return Text("\n".join(f"  {line}" for line in lines))


def _names(evidence: Explanation) -> list[str]:
    """The two spellings of the first name that agrees."""
    items = [item for entity in evidence.entities for item in entity.items if item.field == "name"]
    return list(dict.fromkeys((items[0].value_a, items[0].value_b))) if items else []


def show_report(outcome: DemoResult, feed: DemoFeed, console: Console) -> None:
    """Print what became of a feed."""
    console.rule("Message outcomes")
    console.print(outcome_table(outcome.counted, feed.outcomes))
    _show_accuracy(outcome, feed, console)
    console.print(pace_table(outcome.bulk, outcome.seconds, outcome.latency))
    console.rule("Three links explained")
    console.print(explained_examples(outcome.links, feed.pairs if feed.is_labelled else None))


def _show_accuracy(outcome: DemoResult, feed: DemoFeed, console: Console) -> None:
    """The links against the labels of all cases or, of lists, against what is known of some pairs."""
    shared = sum(link.basis is Basis.SHARED for link in outcome.links)
    if feed.is_labelled:
        console.rule("Links found and true links")
        console.print(accuracy_table(outcome.agreed, shared))
        return
    console.rule("Links between the lists")
    same = [ListLink(link.cases, link.band) for link in outcome.links if link.basis is Basis.SAME]
    if not same:
        console.print("No links. Cases of one country are not linked with each other: give a second list or register.")
    else:
        console.print(list_table(score_lists(same, feed.list_truth, feed.types)))
    console.print(fact_table(("Shared numbers (not counted above)", f"{shared:,}")))


def show_commands(settings: Settings, outcome: DemoResult, console: Console, *, running: bool) -> None:
    """Print what to try next."""
    console.rule("Try next, in another terminal")
    console.print(commands_to_try(settings.namespace, outcome.links, running=running), soft_wrap=True)


def show_pages(url: str, outcome: DemoResult, console: Console) -> None:
    """Print where the pages are, and what seeker, owner and stranger, of an agency each, may try there."""
    console.rule("Try in a browser")
    _show_story(outcome, console)
    console.print(f"\nPages  {url}\nAPI    {url}/docs", style="bold", highlight=False)
    console.print("Serving until Ctrl-C.")


def _show_story(outcome: DemoResult, console: Console) -> None:
    seeker, owner, stranger = first_of_each_agency(PREPARED)[:3]
    found = find_story(
        outcome.links, Cast(seeker.requester, owner.requester, stranger.requester), handling_of_case, now()
    )
    if found:
        names = [person.name for person in (seeker, owner, stranger)]
        for number, step in enumerate(story_steps(found, names, owner.requester.agency), start=1):
            console.print(f"  {number}. {step}", soft_wrap=True, highlight=False)
