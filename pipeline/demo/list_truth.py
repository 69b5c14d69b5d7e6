"""Public lists that cite each other: what is known of which entries are the same, and how right links between them are.

A list cites another's reference for some of its entries. Such a pair is true. A link of an entry that has its true
counterpart in the other list, to a third entry of that list, is false; of entries without one, nobody knows.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from pipeline.demo.truth import Agreement, TruePair, ordered_pair
from pipeline.errors import LiaisonError
from pipeline.matching.bands import Band

RECALL_ONLY = "number"
"""In a truth's column `by`: pairs known by an equal number. They were found by it, so that others may be true too."""


class TrueListPair(msgspec.Struct, frozen=True):
    """Two entries that are the same; `by` says how that is known."""

    cases: TruePair
    by: str


class ListLink(msgspec.Struct, frozen=True):
    """A link between two entries."""

    cases: TruePair
    band: Band


class ListScore(msgspec.Struct, frozen=True):
    """The links between two lists of one type of entry, and of one way in which truth is known ("": none is).

    `bands`: of each band how many judged links are right, and how many there are. `links` are all, judged or not.
    """

    lists: tuple[str, str]
    type: str
    by: str
    agreed: Agreement
    bands: Mapping[Band, tuple[int, int]]
    links: int


def read_list_truth(path: Path) -> tuple[TrueListPair, ...]:
    """Read a CSV with the columns case_a and case_b, and `by` if there is one. Raises LiaisonError."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if not {"case_a", "case_b"} <= set(rows.fieldnames or ()):
                raise LiaisonError(f"{path}: needs the columns case_a and case_b")
            return tuple(
                TrueListPair(ordered_pair(row["case_a"], row["case_b"]), row.get("by") or "reference") for row in rows
            )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LiaisonError(f"cannot read {path}: {error}") from error


def score_lists(links: Iterable[ListLink], truth: Iterable[TrueListPair], types: Mapping[str, str]) -> list[ListScore]:
    """Score the links of each two lists and type; `types` has every case's type. Other cases' truth is passed over."""
    known = {pair.cases: pair.by for pair in truth if all(case in types for case in pair.cases)}
    settled = {
        (case, _list_of(other)) for pair, by in known.items() if by != RECALL_ONLY for case, other in (pair, pair[::-1])
    }
    groups: defaultdict[tuple[tuple[str, str], str, str], list[tuple[Band, bool]]] = defaultdict(list)
    found = Counter[tuple[tuple[str, str], str]]()
    for link in links:
        if types[link.cases[0]] != types[link.cases[1]]:
            continue
        lists, kind = _lists_of(link.cases), types[link.cases[0]]
        found[lists, kind] += 1
        if link.cases in known:
            groups[lists, kind, known[link.cases]].append((link.band, True))
        elif any((case, _list_of(other)) in settled for case, other in (link.cases, link.cases[::-1])):
            groups[lists, kind, "reference"].append((link.band, False))
    totals = Counter((_lists_of(pair), types[pair[0]], by) for pair, by in known.items())
    told = {key[:2] for key in (*totals, *groups)}
    rows = sorted({*totals, *groups, *((*key, "") for key in found if key not in told)})
    return [_make_score(key, totals[key], groups.get(key, []), found[key[:2]]) for key in rows]


def _make_score(
    key: tuple[tuple[str, str], str, str], true: int, judged: list[tuple[Band, bool]], links: int
) -> ListScore:
    right = sum(is_right for _, is_right in judged)
    bands = {band: [is_right for found, is_right in judged if found == band] for band in dict(judged)}
    counted = {band: (sum(rights), len(rights)) for band, rights in bands.items()}
    return ListScore(*key, Agreement(true, len(judged), right), counted, links)


def _lists_of(pair: TruePair) -> tuple[str, str]:
    first, second = sorted(map(_list_of, pair))
    return first, second


def _list_of(case: str) -> str:
    return case.partition(":")[0]
