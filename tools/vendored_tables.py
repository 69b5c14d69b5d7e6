"""Write the tables of other projects that the package ships, pipeline/records/data/, from what is installed for it.

    make tables

rigour (MIT) brings legal forms, words of organisations, names of territories and people's words, compiled into its
wheel; the Unicode Character Database, by rigour's ICU, the scripts and classes of characters; CLDR, by babel, the
names and codes of countries, and the codes of languages. The base install has none of these libraries: rigour's needs
PyICU, which plain pip compiles, and babel takes 34 MB. tests/contract/test_vendored_tables.py holds what is made of
the tables against the libraries. NOTICE says whose they are.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import cramjam
import msgspec
from babel import Locale
from babel.core import get_global
from rigour import _core

from pipeline.records import countries

FOLDER: Final = Path(countries.__file__).parent / "data"
CASEFOLD, CASEFOLD_NAME, NO_CLEANUP = 4, 4 | 64, 0
"""rigour's Normalize.CASEFOLD, with Normalize.NAME, and Cleanup.Noop: how it folds its own tables."""

ZSTANDARD = b"\x28\xb5\x2f\xfd"
LAST_CODE = 0x110000
SURROGATES = range(0xD800, 0xE000)

CATEGORIES = {"org_symbols": "SYMBOL", "org_domains": "DOMAIN"}
"""rigour's tables of words of organisations, and what it calls what they stand for."""

NO_STATES = frozenset(("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"))
"""Codes that CLDR has names of, and that ISO 3166-1 does not assign."""
NO_LONGER = frozenset(("BUR", "FXX", "TMP", "YMD"))
"""Codes of former states (ISO 3166-3) that CLDR takes for those of later ones."""


LANGUAGES = (
    "en", "fr", "de", "es", "it", "pt", "nl", "pl", "ru", "uk", "el", "tr", "ar", "he", "zh", "ja", "ko", "sv", "da",
    "nb", "fi", "cs", "sk", "hu", "ro", "bg", "hr", "sr", "sl", "et", "lv", "lt", "sq", "mk", "ka", "hy", "fa", "hi",
)  # fmt: skip
"""Languages in which CLDR's country names are known: those of Europe, its neighbours, and the most spoken."""

NO_LANGUAGES = frozenset({"und", "mul", "zxx", "root"})
"""Codes that CLDR has names of, and that nobody speaks."""

OWN_NAMES = ("name", "full_name", "in_sentence", "names_strong")
OTHER_NAMES = ("names_weak",)
"""Fields of rigour's territories."""

OF_TWO = frozenset({"congolese", "dominican", "korean", "guinean", "virgin islander"})
"""Peoples of two countries: which is meant is not told."""

FORMER_CODES = {"csxx": "CS", "yucs": "YU"}
"""ISO 3166-3 codes of which rigour knows the four letters only."""

SHORTEST_WEAK_NAME = 4
"""Letters of a name that is only now and then a territory's: shorter ones are words or codes of something else."""


def main() -> None:
    """Write every table anew; equal tables make equal files."""
    resources = list(read_resources())
    forms = next(one for one in resources if isinstance(one, list) and "aliases" in one[0])
    symbols = next(one for one in resources if isinstance(one, dict) and "org_symbols" in one)
    write("legal_forms", {"compare": form_table(forms, "compare"), "generic": form_table(forms, "generic")})
    write("organisation_symbols", symbol_table(forms, symbols))
    write("person_words", {"nothing": _core.nullwords_list(), "titles": _core.person_name_prefixes_list()})
    write("ordinals", {str(number): spelled for number, spelled in _core.ordinals_dict().items() if number <= 100})
    write("characters", character_classes())
    write("scripts", scripts())
    write("languages", languages())
    write("countries", {"codes": country_codes(), "names": country_names()})


def write(name: str, table: object) -> None:
    """Write a table as <name>.json.xz."""
    encoded = msgspec.json.encode(table, order="deterministic")
    (FOLDER / f"{name}.json.xz").write_bytes(lzma.compress(encoded, preset=9 | lzma.PRESET_EXTREME))


def read_resources() -> Iterator[Any]:
    """The JSON documents that rigour's library holds compressed (Zstandard); it has no other way to them."""
    (library,) = Path(_core.__file__).parent.glob("_core*.so")
    held = library.read_bytes()
    at = held.find(ZSTANDARD)
    while at >= 0:
        with suppress(cramjam.DecompressionError, msgspec.DecodeError, IndexError):  # no frame, or no single document
            yield msgspec.json.decode(bytes(cramjam.zstd.decompress(held[at : end_of_frame(held, at)])))
        at = held.find(ZSTANDARD, at + len(ZSTANDARD))


def end_of_frame(held: bytes, at: int) -> int:
    """Where a Zstandard frame ends (RFC 8878, section 3.1.1), by the sizes of its blocks."""
    head = held[at + 4]
    single = head >> 5 & 1
    at += 5 + (not single) + (0, 1, 2, 4)[head & 3] + (single, 2, 4, 8)[head >> 6]
    last = 0
    while not last:
        block = int.from_bytes(held[at : at + 3], "little")
        last = block & 1
        at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
    return at + 4 * (head >> 2 & 1)


def form_table(forms: list[dict[str, Any]], kind: str) -> dict[str, str]:
    """Spellings of legal forms by what stands for them: the abbreviation to compare by, or the kind across countries.

    As rigour's names/org_types.rs builds it: of a spelling of several forms the last one counts; an abbreviation is a
    spelling of itself where no form has it as another.
    """
    table: dict[str, str] = {}
    for form in forms:
        display = fold(form.get("display"))
        target = fold(form.get(kind)) or (display if kind == "compare" else None)
        if form.get(kind) == "" and kind == "compare":
            target = ""
        if target is not None:
            table |= {spelled: target for alias in form.get("aliases", ()) if (spelled := fold(alias))}
            if display:
                table.setdefault(display, target)
    return table


def fold(text: str | None) -> str | None:
    """Case-folded as rigour does; None for nothing."""
    return _core._normalize(text, CASEFOLD, NO_CLEANUP) if text else None


def symbol_table(forms: list[dict[str, Any]], symbols: dict[str, dict[str, list[str]]]) -> dict[str, list[str]]:
    """What words and phrases stand for in names of organisations, as CATEGORY:id, as rigour's names/tagger.rs has it.

    Numbers are left out: names are read for them before.
    """
    table: dict[str, set[str]] = {}

    def add(phrase: str | None, symbol: str) -> None:
        if phrase and (folded := _core._normalize(phrase, CASEFOLD_NAME, NO_CLEANUP)):
            table.setdefault(folded, set()).add(symbol)

    for kind, category in CATEGORIES.items():
        for name, aliases in symbols[kind].items():
            for alias in aliases:
                add(alias, f"{category}:{name.upper()}")
    for territory in map(msgspec.json.decode, _core.territories_jsonl().splitlines()):
        for name in (territory["name"], territory.get("full_name"), *(territory.get("names_strong") or ())):
            add(name, f"LOC:{territory['code']}")
    for form in forms:
        if generic := form.get("generic"):
            for name in (form.get("display"), form.get("compare"), *form.get("aliases", ())):
                add(name, f"ORGCLS:{generic}")
    return {phrase: sorted(found) for phrase, found in table.items()}


def character_classes() -> dict[str, list[tuple[int, int]]]:
    """Classes of characters, each by the first and the last code point of its ranges.

    `word` holds letters, numbers and marks within words; `left_out` what rigour deletes in names of organisations, and
    `parting` what parts their words.
    """

    def is_word(code: int) -> bool:
        forms = (f"{chr(code)}{form}" for form in ("gmbh", "jsc", "llc"))  # some letters make another form of one
        return not all(_core.extract_org_types(form, CASEFOLD, NO_CLEANUP, False) for form in forms)

    parted = {code: _core.tokenize_name(f"a{chr(code)}b") for code in codes()}
    return {
        "word": as_ranges(is_word),
        "left_out": as_ranges(lambda code: parted[code] == ["ab"]),
        "parting": as_ranges(lambda code: parted[code] == ["a", "b"]),
    }


def codes() -> Iterator[int]:
    """Every code point but the surrogates, which no text holds."""
    return (code for code in range(LAST_CODE) if code not in SURROGATES)


def as_ranges(belongs: Callable[[int], bool]) -> list[tuple[int, int]]:
    """The ranges of the code points that belong."""
    found = [code for code in codes() if belongs(code)]
    known = frozenset(found)
    starts, ends = ([code for code in found if code + step not in known] for step in (-1, 1))
    return list(zip(starts, ends, strict=True))


def scripts() -> dict[str, Any]:
    """The first code point of each run of characters of one script, and its script; "" for what is of none."""
    starts, names = [0], [script(0)]
    for code in codes():
        if script(code) != names[-1]:
            starts.append(code)
            names.append(script(code))
    return {"starts": starts, "names": names}


def languages() -> list[str]:
    """The shortest code of each language that CLDR has a name for."""
    return sorted({str(code).partition("_")[0] for code in Locale("en").languages} - NO_LANGUAGES)


def script(code: int) -> str:
    """A character's script by Unicode's own name; "" where it has none of its own."""
    found = _core.codepoint_script(code)
    return "" if found in (None, "Common", "Inherited", "Unknown") else str(found)


def country_codes() -> dict[str, str]:
    """The codes of ISO 3166-1 of three letters with those of two, by CLDR's aliases."""
    aliases = get_global("territory_aliases")
    of_three = aliases.keys() - NO_LONGER
    found = {
        code: told[0] for code in of_three if len(code) == 3 and code.isalpha() and len(told := aliases[code]) == 1
    }
    named = Locale("en").territories
    return {code: two for code, two in sorted(found.items()) if len(two) == 2 and two in named and two not in NO_STATES}


def country_names() -> dict[str, str]:
    """Folded names with codes of two letters: CLDR's, then those of rigour's territories."""
    names: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == len("FR") and code.isalpha():
                names.setdefault(countries.fold_name(name), code)
    for name, code in territory_names():
        names.setdefault(name, code)
    return names


def territory_names() -> Iterator[tuple[str, str]]:
    """Folded names with their codes, own names before those now and then in use; one that several share tells none."""
    territories = [msgspec.json.decode(line) for line in _core.territories_jsonl().splitlines()]
    for fields, shortest in ((OWN_NAMES, 1), (OTHER_NAMES, SHORTEST_WEAK_NAME)):
        bearers: dict[str, set[str]] = {}
        for one in territories:
            for name in names_in(one, fields):
                bearers.setdefault(name, set()).add(territory_code(one))
        for name, codes in bearers.items():
            if (
                len(codes) == 1
                and "" not in codes
                and name not in OF_TWO
                and (len(name) >= shortest or not name.isascii())
            ):
                yield name, next(iter(codes))


def names_in(territory: dict[str, Any], fields: tuple[str, ...]) -> Iterator[str]:
    """What the fields name a territory, folded."""
    for field in fields:
        held = territory.get(field) or ()
        yield from {countries.fold_name(name) for name in ((held,) if isinstance(held, str) else held)} - {""}


def territory_code(territory: dict[str, Any]) -> str:
    """Two letters, of a former state its former code, of a Soviet republic the Union's; "" of parts of countries."""
    code = str(territory["code"])
    if code.startswith("su-"):
        return "SU"
    own = (code, *(territory.get("other_codes") or ()), FORMER_CODES.get(code, ""))
    return next((one.upper() for one in own if len(one) == len("FR")), "")


if __name__ == "__main__":
    main()
