"""The law of intake's work: what a record takes is bounded by its bytes, and what is made of it by constants.

Work is counted in operations and never in seconds: letters that are cleaned, words and lines that are read, brackets
that are looked at, prints and Latin forms that are made, values that are hashed into keys. The records are the worst
valid ones that `support.records.worst_cases` can make, each as large as 1 MiB allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.correlation import keys as keys_module
from pipeline.correlation import name_words, person_keys, thing_keys
from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.correlation.keys import MAX_KEYS
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import load_model
from pipeline.matching.names import prints
from pipeline.matching.names.transliteration import model as transliteration
from pipeline.records import addresses, fields, limits, names, organisation_names
from pipeline.records.entity_types import normalise
from pipeline.records.limits import CASE_VALUES, CASE_WORDS, SEVERAL
from pipeline.records.normalised import NormalisedCase
from pipeline.records.validation import read
from support.records.worst_cases import SHAPES, fit, shuffle_values, worst_bytes, worst_case

OPERATIONS_A_BYTE = 8
"""The worst shapes have five to seven: names of very many words in brackets, or that may be fathers'."""

OPERATIONS_A_CASE = 120_000
"""What needs no bytes: the forms and keys of as many words and values as are compared of a case."""

FINGERPRINT_BYTES = 2 << 20
NORMALISED_BYTES = 2 << 20
"""Far below what a message may have (pipeline.streams.catalogues.topics), so that intake writes what it has read."""


@dataclass
class Count:
    """Operations counted so far."""

    operations: int = 0

    def watch(self, patch: pytest.MonkeyPatch, module: ModuleType, name: str, weigh: Callable[..., int]) -> None:
        """Count each call of a function of a module by what it is called with."""
        whole = getattr(module, name)

        def counted(*given: Any, **named: Any) -> Any:
            self.operations += weigh(*given, *named.values())
            return whole(*given, **named)

        patch.setattr(module, name, counted)


def _one(*_: Any) -> int:
    return 1


def _letters(text: str) -> int:
    return len(text)


@contextmanager
def counting() -> Iterator[Count]:
    """Count operations, with nothing remembered from before."""
    for module in (names, fields, addresses, prints, transliteration, name_words, person_keys, thing_keys):
        for found in vars(module).values():
            if hasattr(found, "cache_clear") and found.__module__ == module.__name__ and found.cache_info().maxsize:
                found.cache_clear()
    count = Count()
    with pytest.MonkeyPatch.context() as patch:
        for module in (names, fields, addresses):
            if hasattr(module, "clean_text"):
                count.watch(patch, module, "clean_text", _letters)
        count.watch(patch, names, "fold_case", _letters)
        count.watch(patch, names, "normalise_name", lambda *parts: 50)
        count.watch(patch, names, "_is_note", lambda content, rest: 1 + len(rest) // 10)
        count.watch(patch, names, "_person_token", _one)
        count.watch(patch, names, "_is_patronymic", lambda spelled, at: 1 + (len(spelled) - at) // 2)
        count.watch(patch, organisation_names, "_token", _one)
        count.watch(patch, prints, "token_print", _one)
        count.watch(patch, transliteration, "_search", lambda corridor, units, most: 10 * len(units))
        for module in (name_words, thing_keys):
            count.watch(patch, module, "hash_value", _one)
        count.watch(patch, thing_keys, "make_key", _one)
        count.watch(patch, addresses, "_lines", _letters)
        yield count


def take_in(raw: bytes) -> tuple[NormalisedCase, Fingerprint, int]:
    """What intake makes of a record, and by how many operations."""
    case = read(raw).case
    with counting() as count:
        normalised = normalise(case)
        made = make_fingerprint(case, normalised, load_model())
    return normalised, made, count.operations


def over(raw: bytes) -> list[str]:
    """Which bounds a record is over."""
    normalised, made, operations = take_in(raw)
    found = {
        "operations": operations > OPERATIONS_A_CASE + OPERATIONS_A_BYTE * len(raw),
        "words": sum(len(name.tokens) for one in made.entities for name in one.names) > CASE_WORDS,
        "values": any(sum(len(getattr(one, field)) for one in made.entities) > CASE_VALUES for field in SEVERAL),
        "keys": len(made.keys) > MAX_KEYS,
        "fingerprint": len(msgspec.json.encode(made)) > FINGERPRINT_BYTES,
        "normalised": len(msgspec.json.encode(normalised.entities)) > NORMALISED_BYTES,
    }
    return [name for name, holds in found.items() if holds]


SHARE_BYTES = 40_000
"""Size of the records of which `make test` asks: what is bounded for each byte is so at any size."""

ASKED = sorted(SHAPES)[::6]
"""The shapes of which `make test` asks; `make test-rare` asks all, at their largest."""


@pytest.mark.parametrize("shape", ASKED)
def test_intakes_work_is_bounded_by_the_record(shape: str) -> None:
    assert over(worst_bytes(fit(worst_case(shape), SHARE_BYTES))) == []


@pytest.mark.rare
@pytest.mark.timeout(600)
@pytest.mark.parametrize("shape", SHAPES)
def test_intakes_work_is_bounded_by_the_largest_record(shape: str) -> None:
    assert over(worst_bytes(fit(worst_case(shape)))) == []


@pytest.mark.rare
@pytest.mark.timeout(600)
@settings(deadline=None, max_examples=50)
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    seed=st.integers(0, 99),
    entities=st.integers(1, 200),
    values=st.integers(1, 50),
    words=st.integers(1, 300),
)
def test_so_is_that_of_any_size(shape: str, seed: int, entities: int, values: int, words: int) -> None:
    data = fit(worst_case(shape, seed=seed, entities=entities, values=values, words=words), 200_000)
    assert over(worst_bytes(data)) == []


@settings(deadline=None, max_examples=4)
@given(shape=st.sampled_from(sorted(SHAPES)), seed=st.integers(0, 99), order=st.integers(0, 99))
def test_records_of_the_same_values_have_one_fingerprint(shape: str, seed: int, order: int) -> None:
    data = fit(worst_case(shape, seed=seed), 30_000)
    one, other = (take_in(worst_bytes(some))[1] for some in (data, shuffle_values(data, order)))
    assert sorted(one.entities, key=lambda made: made.id) == sorted(other.entities, key=lambda made: made.id)
    assert one.keys == other.keys


PLANTED: Mapping[str, tuple[str, Mapping[str, int], Mapping[str, Sequence[ModuleType]]]] = {
    "every letter and bracket of a name": (
        "notes in brackets", {"entities": 1},
        {"MAX_LETTERS": (names, fields), "_MOST_BRACKETS": (names,)},
    ),
    "every letter and word of a name": (
        "fathers' names", {"words": 560, "values": 5},
        {"MAX_LETTERS": (names, fields), "_MOST_READ": (names,)},
    ),
    "every letter and rendering of a name": (
        "renderings in brackets", {"entities": 1},
        {"MAX_LETTERS": (names, fields), "MAX_RENDERINGS": (names,)},
    ),
    "all of a sign that stands for a phrase": ("expanding signs", {}, {"_MOST_EXPANDED": (names,)}),
    "every word of all names": ("like names", {}, {"CASE_WORDS": (limits,)}),
    "every value of a case": ("most names of two words", {}, {"CASE_VALUES": (limits,)}),
    "every key": ("numbers", {}, {"MAX_KEYS": (keys_module,)}),
}  # fmt: skip
"""What limits keep away: the shape that shows it, its size, and the limits with the modules that know each."""

PLANTED_BYTES = 80_000
"""Size of the records of which planted costs are asked: keys without a limit show beyond 40 kB of numbers."""


@pytest.mark.rare
@pytest.mark.parametrize("cost", PLANTED)
def test_the_law_finds_a_planted_cost(cost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shape, size, planted = PLANTED[cost]
    raw = worst_bytes(fit(worst_case(shape, **size), PLANTED_BYTES))
    assert over(raw) == []
    for name, modules in planted.items():
        for module in modules:
            monkeypatch.setattr(module, name, 1 << 20)
    assert over(raw) != []
