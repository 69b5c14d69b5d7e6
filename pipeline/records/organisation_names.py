"""Names of organisations and things (vessels), as typed tokens: core, legal_form, number, particle, title."""

from __future__ import annotations

import re
from functools import cache

from pipeline.records import name_words as words
from pipeline.records.legal_forms import take_legal_forms
from pipeline.records.normalised import NameToken
from pipeline.records.organisation_words import LEAST_COMPOUND, part_words
from pipeline.records.scripts import MARKS
from pipeline.records.vendored import read_table

_DOTTED = re.compile(r"(?<!\w)(?:\w\.[ ]?){2,}(?:\w(?!\w))?")
_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼʻ`´״׳\"](?=\w)")
_SEPARATORS = re.compile(rf"[^\w{MARKS}&+]+|_+")
_ASCII_WORD = re.compile("[A-Za-z0-9&+]+")
_SLASHED = re.compile(r"(?<!\w)(\w)/(\w)(?!\w)")
_BOUND_AMPERSAND = re.compile(r"(?<=\w)&(?=\w)")
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12"}
_ROMAN_LETTERS = {"i": "1", "v": "5", "x": "10"}
_TENS = frozenset(map(str, range(20, 100, 10)))


def organisation_tokens(text: str, entity_type: str) -> tuple[NameToken, ...]:
    """Typed tokens of a case-folded name; a name that is nothing but a legal form keeps its words as core."""
    text = _join_letters(text)
    body, forms = take_legal_forms(text) if entity_type == "organisation" else (text, [])
    particles = words.FUNCTION_WORDS if entity_type == "organisation" else words.ORGANISATION_PARTICLES
    spelled = _split(body)
    short = body.isascii() and len(max(spelled, key=len, default="")) < LEAST_COMPOUND
    if entity_type == "organisation" and not short:
        spelled = [part for word in spelled for part in part_words(word)]
    half = len(spelled) // 2
    if half and "(" in text and spelled[:half] == spelled[half:]:
        spelled = spelled[:half]  # in two languages: "JSC Compel (Societatea pe acțiuni Compel)"
    if particles.issuperset(spelled):
        spelled, forms = _split(text), []
    tokens = [_token(spelled, at, entity_type, particles) for at in range(len(spelled))]
    merged = _merge_number_words(tokens)
    if not any(token.kind in ("core", "number") for token in merged):
        merged = [NameToken(token.text, "core") for token in merged]
    return (*merged, *(NameToken(form, "legal_form") for form in forms))


def _join_letters(text: str) -> str:
    """A.B.C., M/V and AT&T are one word each."""
    if "." in text:
        text = _DOTTED.sub(lambda match: match[0].replace(".", "").replace(" ", "") + " ", text)
    if "/" in text:
        text = _SLASHED.sub(r"\1\2", text)
    return _BOUND_AMPERSAND.sub("", text) if "&" in text else text


def _split(text: str) -> list[str]:
    if not text.isascii():
        return [word for word in _SEPARATORS.split(_APOSTROPHES.sub("", text)) if word]
    if "'" in text or '"' in text or "`" in text:
        text = _APOSTROPHES.sub("", text)
    return _ASCII_WORD.findall(text)


def _token(spelled: list[str], at: int, entity_type: str, particles: frozenset[str]) -> NameToken:
    word = spelled[at]
    if entity_type == "vessel" and at == 0 and len(spelled) > 1 and word in words.VESSEL_PREFIXES:
        return NameToken(word, "title")
    if number := _number(word, is_last=at == len(spelled) - 1 and at > 0):
        return NameToken(number, "number")
    if word in particles and len(spelled) > 1:
        return NameToken(word, "particle")
    return NameToken(word, "core")


def _number(word: str, *, is_last: bool) -> str:
    if word.isdecimal():
        return str(int(word)) if len(word) < 19 else word
    if is_last and word in _ROMAN_LETTERS:
        return _ROMAN_LETTERS[word]
    return _ROMAN.get(word) or _number_words().get(word, "")


@cache
def _number_words() -> dict[str, str]:
    """Spelled numbers and ordinals of one word ("first", "1st", "forty"), from rigour."""
    spellings = read_table("ordinals", dict[str, list[str]])
    return {
        word.casefold(): number
        for number, words in spellings.items()
        for word in words
        if word.isalnum() and len(word) > 2
    }


def _merge_number_words(tokens: list[NameToken]) -> list[NameToken]:
    """Forty + four is 44."""
    merged: list[NameToken] = []
    for token in tokens:
        before = merged[-1] if merged else None
        if before and before.kind == token.kind == "number" and before.text in _TENS and len(token.text) == 1:
            merged[-1] = NameToken(str(int(before.text) + int(token.text)), "number")
        else:
            merged.append(token)
    return merged
