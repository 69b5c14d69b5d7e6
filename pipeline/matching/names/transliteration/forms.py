"""The likeliest Latin spellings of a word in another script: beam search over the model's arcs."""

from __future__ import annotations

import heapq
from functools import lru_cache

from pipeline.matching.names.transliteration.corridors import BY_SCRIPT
from pipeline.matching.names.transliteration.model import END, START, shipped_model
from pipeline.matching.names.transliteration.units import MAX_LENGTH, latin_letters, source_units

FORMS = 8
"""Forms kept of a word: 16 would add one percent to the recall of their keys, and double the size of a print."""
_BEAM = 24
_ARCS = 8
_UNKNOWN_COST = -400
"""What a unit costs that the model does not know, written as anyascii does."""


@lru_cache(maxsize=16384)
def latin_forms(word: str, script: str) -> tuple[str, ...]:
    """Up to FORMS spellings in a to z, the likeliest first, the plain one among them; only that without a model."""
    plain, corridor = plain_form(word, script), BY_SCRIPT.get(script)
    if corridor is None or len(units := source_units(corridor.name, word)) > MAX_LENGTH:
        return (plain,)
    likely = [form for _, form in _search(corridor.name, units, FORMS) if form]
    return tuple(likely if plain in likely else [*likely[: FORMS - 1], plain])


def rank_forms(word: str, script: str, count: int) -> list[tuple[int, str]]:
    """Up to `count` spellings with the hundredths of a bit that speak for each, the likeliest first; 0 of a plain one.

    Never empty: a word that the model can't spell has its plain form.
    """
    corridor = BY_SCRIPT.get(script)
    if corridor is None or len(units := source_units(corridor.name, word)) > MAX_LENGTH:
        return [(0, plain_form(word, script))]
    return [found for found in _search(corridor.name, units, count) if found[1]] or [(0, plain_form(word, script))]


def plain_form(word: str, script: str) -> str:
    """The one romanisation of a table (anyascii): how people write their own names, rather than foreign ones in theirs.

    Of Korean the customary o and u for eo and eu; of Greek ou for its digraph.
    """
    if script == "Greek":
        return latin_letters(word.replace("ου", "ou").replace("ού", "ou"))
    romanised = latin_letters(word)
    return romanised.replace("eo", "o").replace("eu", "u") if script == "Hangul" else romanised


def _search(corridor: str, units: str, count: int) -> list[tuple[int, str]]:
    path = START + units + END * 2
    beams: list[dict[str, int]] = [{} for _ in range(len(units) + 1)]
    beams[0][""] = 0
    for i in range(len(units)):
        arcs = _best_arcs(corridor, path[i : i + 3])
        for cost, form in _ranked(beams[i], max(count, _BEAM)):
            for arc_cost, width, letters in arcs:
                if i + width <= len(units):
                    ahead, spelled, total = beams[i + width], form + letters, cost + arc_cost
                    if total > ahead.get(spelled, total - 1):
                        ahead[spelled] = total
    return _ranked(beams[-1], count)


def _ranked(beam: dict[str, int], count: int) -> list[tuple[int, str]]:
    return heapq.nsmallest(count, ((cost, form) for form, cost in beam.items()), key=lambda item: (-item[0], item[1]))


@lru_cache(maxsize=32768)
def _best_arcs(corridor: str, context: str) -> tuple[tuple[int, int, str], ...]:
    best = shipped_model(corridor).to_latin.best_arcs(context, _ARCS)
    return best or ((_UNKNOWN_COST, 1, latin_letters(context[1])),)
