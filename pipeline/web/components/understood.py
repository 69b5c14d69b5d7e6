"""How a question was understood: a chip for each part, which can be left out, settled on one reading or typed anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from pipeline.locale import N_
from pipeline.matching.explain.words import IDENTIFIER_TYPES, TYPES
from pipeline.search.probes import NAME_CLAUSES
from pipeline.search.questions import NARROWING, TYPED
from pipeline.search.understanding import (
    Reading,
    SearchHint,
    SearchHintKind,
    UnderstoodPart,
    lacking,
    leave_out,
    settle_reading,
)
from pipeline.web.components.markup import bidi_text, box, icon, link, text
from pipeline.web.components.values import format_birth_date, format_offence
from pipeline.web.i18n import Words

READ_AS = {
    "type": N_("Type"),
    "name": N_("Name"),
    "alias": N_("Other name"),
    "nickname": N_("Nickname"),
    "born": N_("Date of birth"),
    "birthplace": N_("Place of birth"),
    "nationality": N_("Nationality"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "number": N_("Number"),
    "plate": N_("Plate"),
    "case": N_("Case number"),
    "city": N_("Place"),
    "offence": N_("Offence"),
    "text": N_("Text"),
}


def question_address(asked: Mapping[str, str], question: str) -> str:
    """Where another question is asked with the same filters."""
    return f"/search#{urlencode({'q': question, **{name: value for name, value in asked.items() if name != 'q'}})}"


def draw_understood(words: Words, asked: Mapping[str, str], parts: Sequence[UnderstoodPart]) -> None:
    """The chips of a question, `asked` being what the address says."""
    with box("section", "understood", aria_label=words("Understood as")):
        text("span", words("Understood as"), "small quiet")
        with box("ul", "chips"):
            for at, part in enumerate(parts):
                with box("li", "chip"):
                    _draw_part(words, asked, at, part)


def _draw_part(words: Words, asked: Mapping[str, str], at: int, part: UnderstoodPart) -> None:
    question = asked["q"]
    with box("details", "menu"):
        with box("summary"):
            _draw_readings(words, part)
        with box("div", "sheet"):
            for reading in part.readings if len(part.readings) > 1 else ():
                settled = settle_reading(question, at, reading)
                if settled is not None:
                    said = f"{_label_field(words, reading.field)} {_format_value(words, reading)}"
                    link(words("Only: {reading}", reading=said), question_address(asked, settled))
            text("button", words("Edit these words"), "button slight", type="button", data_retyped=part.words)
    left = leave_out(question, at)
    if left is not None:
        removed = words("Remove {words}", words=part.words)
        with link("", question_address(asked, left), "remove", aria_label=removed, title=removed):
            icon("close")


def _draw_readings(words: Words, part: UnderstoodPart) -> None:
    """What the words are taken for: the one field with all its values, or the fields that they may be of."""
    if not part.readings:
        text("b", words("Left out"))
        bidi_text(part.words, "s")
        return
    fields = list(dict.fromkeys(reading.field for reading in part.readings))
    first, *others = (_label_field(words, field) for field in fields)
    text("b", _join_or(words, [first, *(label[:1].lower() + label[1:] for label in others)]))
    values = [_format_value(words, reading) for reading in part.readings] if len(fields) == 1 else [part.words]
    bidi_text(_join_or(words, values))


OFFERED: Final = (SearchHintKind.OFFENCE, SearchHintKind.PLACE, SearchHintKind.MONTH, SearchHintKind.SENTENCE)
"""Hints on what words of a sentence may be: a chip each, which applies it where it is pressed."""


def draw_hints(words: Words, asked: Mapping[str, str], hints: Sequence[SearchHint]) -> None:
    """What may be meant, as chips; what may not have been meant so, what no record has, and what to try."""
    offers = [hint for hint in hints if hint.kind in OFFERED]
    if offers:
        with box("section", "understood", aria_label=words("Did you mean")):
            text("span", words("Did you mean"), "small quiet")
            with box("ul", "chips"):
                for offer in offers:
                    with box("li"), link("", _offer_address(asked, offer), "chip offer"):
                        text("b", _name_offer(words, offer))
                        if said := _describe_offer(words, offer):
                            bidi_text(said)
    others = [hint for hint in hints if hint.kind not in OFFERED]
    if others:
        with box("div", role="status"), box("ul", "hints"):
            for hint in others:
                draw_hint(words, hint, "li", asked)


def _offer_address(asked: Mapping[str, str], offer: SearchHint) -> str:
    """Where it is asked so: with the filters there are, but for the days that it says itself."""
    days = {"from": offer.opened_from, "to": offer.opened_to} if offer.opened_from else {}
    return question_address({**asked, **days}, offer.question)


def _name_offer(words: Words, offer: SearchHint) -> str:
    match offer.kind:
        case SearchHintKind.OFFENCE:
            return words("Offence:")
        case SearchHintKind.PLACE:
            return words("City:")
        case SearchHintKind.MONTH:
            return f"{offer.words}{words(': ').rstrip()}"
        case _:
            return words("All of them")


def _describe_offer(words: Words, offer: SearchHint) -> str:
    """The value as it would be applied, asked: "1–31 Mar 2026?"."""
    match offer.kind:
        case SearchHintKind.MONTH:
            return words("{value}?", value=words.format_days(offer.opened_from, offer.opened_to))
        case SearchHintKind.SENTENCE:
            return ""
        case _:
            return words("{value}?", value=offer.words)


def draw_hint(words: Words, hint: SearchHint, tag: str = "p", asked: Mapping[str, str] | None = None) -> None:
    """One hint; `asked` is what else the address of the question that may be meant keeps."""
    with box(tag, "hint"):
        if said := lacking(hint, words.language):
            text("span", said)
        bidi_text(hint.words, "b")
        text("span", hint.advice)
        if hint.question:
            link(hint.question, question_address(asked or {}, hint.question))


def _label_field(words: Words, field: str) -> str:
    return words.label(IDENTIFIER_TYPES, TYPED[field][1]) if field in TYPED else words(READ_AS[field])


def _join_or(words: Words, said: Sequence[str]) -> str:
    """All of them in a row, "or" before the last."""
    *others, last = said
    return words("{things} or {last}", things=", ".join(others), last=last) if others else last


def _format_value(words: Words, reading: Reading) -> str:
    match reading.field:
        case "born":
            return format_birth_date(words, reading.value)
        case "offence":
            return format_offence(words, reading.value)
        case "nationality":
            return words.country_name(reading.value)
        case "type":
            return words.label(TYPES, reading.value)
        case _:
            return reading.value


MET = {
    "case": N_("the case number"),
    "number": N_("the same number"),
    "near": N_("a number that differs in one digit"),
    "phone": N_("the same phone number"),
    "email": N_("the same e-mail address"),
    "piece": N_("parts of the plate"),
    "place": N_("the same place"),
    "born": N_("the date of birth"),
    "text": N_("words in the title or summary"),
    "sound": N_("a similar-sounding name"),
    "name": N_("part of the name"),
    "key": N_("name together with another detail"),
}
"""The clauses of a question that a case can meet, said only where the matcher has no better reason."""

EXACT: Final = {
    "case": N_("Exact number"),
    "number": N_("Exact number"),
    "phone": N_("Exact number"),
    "email": N_("Exact e-mail address"),
    "place": N_("In this city"),
    "born": N_("Born then"),
}
"""What a result is, by the clause that it met, where nothing else was asked: then it has exactly that."""


def find_lookup(parts: Sequence[UnderstoodPart], met: Collection[str]) -> str:
    """What a result is to a question that asks for one thing, in English; "" where more is asked, or less is met.

    Who bears the name that a lone word may be is no answer to the place that it may be as well.
    """
    asked = [part for part in parts if part.readings and part.readings[0].field != NARROWING]
    if len(asked) != 1 or not NAME_CLAUSES.isdisjoint(met):
        return ""
    return next((said for clause, said in EXACT.items() if clause in met), "")
