"""Questions as good as records: the entries of one list asked of an index of another's, on the real index.

    make bench-questions       (PYTHONPATH=tests:tools python tests/benchmarks/search/list_questions.py [--half a])

UN entries that the UK's list cites are asked of an index of all UK entries: by their first name; by the names that are
not in Latin letters, where they have any; by all names and the date of birth; by all that a question can say. "first":
the counterpart is the first result; "in a band": of its first ten results it is one with a band; "right": of all
results with a band, the share that are counterparts. The lists are those of tests/benchmarks/lists, with all dates and
places of birth.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from rich.progress import track

from benchmarks.lists.sets import REFERENCE, LinkSet, agency_of, load_list
from benchmarks.search.recall import TEN, engines, indexed
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import IndexReader
from pipeline.index.searching import search_cases
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import judge_score
from pipeline.records.countries import country_code
from pipeline.records.scripts import script_of
from pipeline.search.questions import MAX_PARTS, MAX_QUESTION_CHARS, parse_question, quote_value
from pipeline.settings import Settings

ASKING, HELD = "un-sc", "uk-ofsi"
ORIGINAL = "original script"
FORMS = ("one name", ORIGINAL, "names, a date of birth", "all fields")

Entity = dict[str, Any]


class QuestionFigures(NamedTuple):
    """Of the questions of one form and type: how many, counterparts first and in a band, results in a band."""

    asked: int
    first: int
    banded: int
    results: int


def question_of(entity: Entity, form: str) -> str:
    """The question, with as much of what is known as one may be long; "" where nothing is known in its form."""
    parts = list(_parts_of(entity, form))
    while len(" ".join(parts)) > MAX_QUESTION_CHARS or len(parts) > MAX_PARTS:
        del parts[-1]
    return " ".join(parts)


def _parts_of(entity: Entity, form: str) -> Iterator[str]:
    names = [(name.get("kind"), _in_full(name)) for name in entity.get("names", ())]
    if form == "one name":
        return iter([quote_value("name", names[0][1])])
    if form == ORIGINAL:
        return _quoted({"name": [name for _, name in names if script_of(name) not in ("", "Latin")]})
    born = [date for date in (entity.get("birth_date"), *entity.get("birth_dates", ())) if date]
    if form != "all fields":
        return _quoted({"born": born[:1], "name": [name for _, name in names]})
    places = [place for place in (entity.get("birth_place"), *entity.get("birth_places", ())) if place]
    return _quoted({
        "type": [entity["type"]],
        "born": born,
        "nationality": [country for country in entity.get("nationalities", ()) if country_code(country)],
        "birthplace": places,
        "name": [name for kind, name in names if kind != "nickname"],
        "nickname": [name for kind, name in names if kind == "nickname"],
    })  # fmt: skip


def _quoted(fields: Mapping[str, Iterable[str]]) -> Iterator[str]:
    return (quote_value(field, value) for field, values in fields.items() for value in dict.fromkeys(values))


def _in_full(name: Mapping[str, str]) -> str:
    return name.get("full") or " ".join(filter(None, (name.get("given"), name.get("family"))))


def counterparts_of(lists: LinkSet) -> dict[str, set[str]]:
    """The UK's entries for each UN entry that they cite."""
    found: dict[str, set[str]] = {}
    for (asking, held), (_, by) in sorted(lists.truth.items()):
        if (agency_of(asking), agency_of(held), by) == (ASKING, HELD, REFERENCE):
            found.setdefault(asking, set()).add(held)
    return found


async def measured(own: Settings, lists: LinkSet) -> dict[tuple[str, str], QuestionFigures]:
    """Figures by form and type."""
    model = load_model(own.model)
    held = [event["data"] for event in lists.events if event["data"]["agency"] == HELD]
    async with indexed(own, model, held) as reader:
        return {key: figures async for key, figures in _figures(reader, model, lists)}


async def _figures(
    reader: IndexReader, model: Model, lists: LinkSet
) -> AsyncIterator[tuple[tuple[str, str], QuestionFigures]]:
    entities, counterparts = lists.entities, counterparts_of(lists)
    for kind in ("person", "organisation"):
        asking = [case for case in counterparts if entities[case]["type"] == kind]
        for form in FORMS:
            rows = [
                await _ask(reader, model, question, counterparts[case])
                for case in track(asking, f"{kind}: {form}")
                if (question := question_of(entities[case], form))
            ]
            if not rows:
                continue
            yield (form, kind), QuestionFigures(len(rows), *map(sum, zip(*rows, strict=True)))


async def _ask(reader: IndexReader, model: Model, question: str, true: set[str]) -> tuple[int, int, int]:
    """Whether the counterpart is first, whether it has a band, and how many results have one."""
    limits = QueryLimits(datetime.now(UTC).date())
    found = await search_cases(reader, parse_question(question), model, limits, limit=TEN)
    banded = [result.case.case for result in found if judge_score(result.score + model.prior).band]
    return int(bool(found) and found[0].case.case in true), int(not true.isdisjoint(banded)), len(banded)


def table(found: Mapping[tuple[str, str], QuestionFigures]) -> Iterator[str]:
    """The figures as Markdown."""
    yield "| asked by | type | questions | first | in a band | right |"
    yield "|---|---|---|---|---|---|"
    for (form, kind), (asked, first, banded, results) in found.items():
        shares = (first / asked, banded / asked, banded / max(1, results))
        yield f"| {form} | {kind} | {asked} | {' | '.join(f'{share:.3f}' for share in shares)} |"


def main() -> int:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--half", choices=("a", "b"), help="UN entries of that half, by their key")
    try:
        lists = load_list("lists-several-values").in_half(options.parse_args().half)
    except FileNotFoundError as error:
        print(f"no lists: {error.filename} is missing")
        return 1
    with engines() as own:
        print("\n".join(table(asyncio.run(measured(own, lists)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
