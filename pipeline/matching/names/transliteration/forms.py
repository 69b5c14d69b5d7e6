"""Finds the likeliest Latin spellings of a word in another script, by a beam search over the model's arcs."""

from __future__ import annotations

from functools import lru_cache

from pipeline.matching.names.transliteration.corridors import BY_SCRIPT
from pipeline.matching.names.transliteration.model import END, START, shipped_model
from pipeline.matching.names.transliteration.units import MAX_LENGTH, latin_letters, source_units

FORMS = 8
"""Forms kept of a word: 16 would add one percent to the recall of their keys, and double the size of a print."""
BEAM = 24
"""Spellings that the search keeps at each place of the word."""
_ARCS = 8
"""Arcs that are tried at each place, the likeliest."""
_HOPELESS = 1 << 30
"""A loss above that of any spelling, in hundredths of a bit."""
_UNKNOWN_COST = -400
"""Hundredths of a bit of a unit that the model does not know; it is written as anyascii writes it."""


@lru_cache(maxsize=16384)
def latin_forms(word: str, script: str) -> tuple[str, ...]:
    """Up to FORMS spellings in a to z, the likeliest first, with the plain one among them.

    A script without a model, and a word longer than MAX_LENGTH, has the plain form alone.
    """
    plain, corridor = plain_form(word, script), BY_SCRIPT.get(script)
    if corridor is None or len(units := source_units(corridor.name, word)) > MAX_LENGTH:
        return (plain,)
    likely = [form for _, form in _search(corridor.name, units, FORMS) if form]
    return tuple(likely if plain in likely else [*likely[: FORMS - 1], plain])


def rank_forms(word: str, script: str, count: int) -> list[tuple[int, str]]:
    """Up to `count` pairs (score, spelling), the likeliest first; the score is log2 of the likelihood in hundredths.

    Never empty: a word that the model can't spell has its plain form, with the score 0.
    """
    corridor = BY_SCRIPT.get(script)
    if corridor is None or len(units := source_units(corridor.name, word)) > MAX_LENGTH:
        return [(0, plain_form(word, script))]
    found = [(-loss, form) for loss, form in _search(corridor.name, units, count) if form]
    return found or [(0, plain_form(word, script))]


def plain_form(word: str, script: str) -> str:
    """The romanisation by a table (anyascii), which is close to how people write their own names in Latin letters.

    Two scripts depart from the table: Korean eo and eu become the customary o and u, and the Greek digraph becomes ou.
    """
    if script == "Greek":
        return latin_letters(word.replace("ου", "ou").replace("ού", "ou"))
    romanised = latin_letters(word)
    return romanised.replace("eo", "o").replace("eu", "u") if script == "Hangul" else romanised


def _search(corridor: str, units: str, count: int) -> list[tuple[int, str]]:
    """Pairs (loss in hundredths of a bit, spelling), in ascending order of loss.

    `most` is the highest loss that a place still accepts. Once an arc leads on from as many spellings as a place keeps,
    the place ahead holds as many, and a spelling that loses more than the last of them is never among its likeliest.
    """
    path, kept = START + units + END * 2, max(count, BEAM)
    beams: list[dict[str, int]] = [{} for _ in range(len(units) + 1)]
    beams[0][""] = 0
    most = [_HOPELESS] * len(beams)
    for i in range(len(units)):
        likeliest = _rank(beams[i], kept)
        for arc_loss, width, letters in best_arcs(corridor, path[i : i + 3]):
            if i + width > len(units):
                continue
            ahead = beams[i + width]
            if len(likeliest) == kept:
                most[i + width] = min(most[i + width], likeliest[-1][0] + arc_loss)
            for loss, form in likeliest:
                total = loss + arc_loss
                if total > most[i + width]:
                    break
                spelled = form + letters
                if total < ahead.get(spelled, _HOPELESS):
                    ahead[spelled] = total
    return _rank(beams[-1], count)


def _rank(beam: dict[str, int], count: int) -> list[tuple[int, str]]:
    return sorted(zip(beam.values(), beam, strict=True))[:count]


@lru_cache(maxsize=32768)
def best_arcs(corridor: str, context: str) -> tuple[tuple[int, int, str], ...]:
    """The likeliest arcs at a place as (cost in hundredths of a bit, width in units, letters)."""
    best = shipped_model(corridor).to_latin.best_arcs(context, _ARCS)
    found = best or ((_UNKNOWN_COST, 1, latin_letters(context[1])),)
    return tuple((-cost, width, letters) for cost, width, letters in found)
