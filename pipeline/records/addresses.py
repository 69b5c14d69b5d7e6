"""Reads addresses, as one text, in parts, or both: whatever field a part stands in, and in whatever order.

A part is known by what stands with it: a word for street, house, building, flat, floor, box or district in the
languages of Europe and its neighbours, Arabic, Persian, Chinese, Japanese and Korean (address_words.toml), the
country's form of a postcode, a city's name in another language. The rest follows from where it stands: a number at
either end of a line is its house, a line of a number alone that of the street before it, what stands beside the
postcode the city. A part that is not found is "", which says nothing.

Streets in Latin, Cyrillic, Greek and Korean letters are told in Latin ones, others in their own. The work is bounded by
MAX_LETTERS and MAX_LINES.

It is one module, as each part is read from what the others left: no rule of it holds by itself.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
from anyascii import anyascii

from pipeline.records.countries import country_code
from pipeline.records.limits import MAX_LETTERS
from pipeline.records.names import clean_text
from pipeline.records.normalised import NormalisedAddress

MAX_LINES = 24
"""Parts of a field that are read; the most of real lists are 15."""
MAX_STREETS = 3
MAX_REGIONS = 6
"""Streets and areas that are kept of one address."""
MAX_KEPT = 80
"""Letters of a part that are kept."""
LONGEST_CITY = 3
"""Words of a line that is held for a city without being told so."""
LONGEST_COUNTRY = 4
SHORTEST_COUNTRY = 4
"""Most words, and fewest letters, of a country's name at the end of a line."""

_BRITISH = r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}"
_CODES = {
    country: form
    for form, countries in (
        (_BRITISH, "GB JE GG IM"),
        (r"\d{3} ?\d{2}", "CZ SK SE GR"),
        (r"\d{6}", "RU BY CN KZ KG RO IN SG VN"),
        (r"\d{5}", "FR DE IT ES FI EE HR UA RS TR KR MX TH MY PK SA EG IQ MA DZ ME BA CU KW JO CR PE LT"),
        (r"\d{4}", "HU BG AT BE CH DK NO SI CY LU AU NZ ZA TN GE AM MK AL AF BD AZ LV"),
        (r"\d{4} ?[a-z]{2}(?![a-z])", "NL"),
        (r"\d{2}-\d{3}", "PL"),
        (r"\d{4}-\d{3}", "PT"),
        (r"[a-z]\d[\dw] ?[a-z\d]{4}", "IE"),
        (r"[a-z]\d[a-z] ?\d[a-z]\d", "CA"),
        (r"\d{3}-\d{4}", "JP"),
        (r"[a-z]{3} ?\d{4}", "MT"),
        (r"\d{5}(?:-\d{4})?", "US"),
        (r"\d{10}|\d{5}(?:-\d{5})?", "IR"),
        (r"(?!)", "AE KP HK"),  # none
    )
    for country in countries.split()
}
"""Forms of postcodes, from the addressing sheets of the Universal Postal Union."""
_ANY_CODE = "|".join(
    (_BRITISH, *(_CODES[country] for country in ("NL", "PL", "PT", "IE", "JP")), r"\d{3} \d{2}|\d{4,6}")
)
"""Where the country is not known."""

_CRIMEAN = re.compile(r"29[5-9]\d{3}")
"""Postcodes of five digits that Russia's post gives with a 2 before them, so that records have both: 98600, 298600."""
_MARKED = re.compile("[\u00c0-\u03ff\u1e00-\u1fff]")
_FOLDED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ё": "е", "ي": "ی", "ى": "ی",
     "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "’": "'", "ʼ": "'", "`": "'", "´": "'", "‘": "'",
     "–": "-", "—": "-", "‐": "-", "−": "-", "№": " no ", "#": " no ", "〒": " zip ", "·": " ", "&": " "}
)  # fmt: skip
_REWRITTEN = tuple(
    (sign, re.compile(pattern), new)
    for sign, pattern, new in (
        ("°", r"\bn\.? ?°", " no "), ("°", r"\bp°", "pth "), ("°", r"\.?°\.?", "@ "), ("c/", r"\bc/ ", "calle "),
        ("mah", r"\b(?:mahallesi|mahalle|mah)\b\.?", " mahallesi,"), ("mh", r"\bmh\b\.?", " mahallesi,"),
        ("/f", r"(?<=\d)/f\b", "@ floor "), ("box", r"\bp\.? ?o\.? ?box\b", " pobox "),
        *((sign, re.escape(sign), " ") for sign in "„“”\"«»*"),
        ("صندوق", r"صندوق (?:برید|پستی)", " pobox "),
        *((f" {way} ", rf" (?={way} )", ", ") for way in ("شارع", "خیابان", "کوچه", "میدان", "بلوار", "طریق", "پلاک")),
        ("(", r"\((\d+)\)", r" \1 "), ("(", r"\([^()\d]*\)(?= *\w)", " "),
        ("-chome", r"(\d+)-chome\b", r" chome \1 "),
        (".", r"(?<=(?<![^\W_])[^\W\d_])\. ?(?=[^\W\d_](?![^\W_]))", ""),
        (".", r"(?<=\b[pc])\.(?=[^\W\d_]{2,3}\b)", ""),
        (" - ", r"(?<=\d) - (?=\d{1,3}(?![\d@]))", "-"), ("/", r"(?<=[^\W\d_]{3})/(?=[^\W\d_]{3})", ","),
        ("'", r"(?<=\b[ld])'", " "), ("'", r"'", ""),
    )
)  # fmt: skip
"""Signs and short forms, brought to one: n.º, 3.º, C/, 5/F, ж.к., P.zza, 11 - 13, Beşiktaş/İstanbul, l'Opéra. A pattern
is tried where its sign is."""
_REWRITTEN_ASCII = tuple(each for each in _REWRITTEN if each[0].isascii())
_DIGIT = re.compile(r"\d")
_LINE = re.compile(r"[\n,;،、，|()]+| - ")
_TOKEN = re.compile(
    r"(?P<number>\d+(?:[-/]\d+)*)(?P<tail>@|[-/]?[^\W\d_]+(?![^\W_]))?(?P<more>/\d+)?"
    r"|(?P<word>[^\W\d_]+(?:-[^\W\d_]+)*)"
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ORDINALS = frozenset(
    ("@", "st", "nd", "rd", "th", "er", "re", "eme", "ste", "is", "go", "ησ", "η", "ο", "οσ", "го", "й", "ой", "ый",
     "ая", "я", "ти", "та", "ма")
)  # fmt: skip
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_GLUED = ("strasse", "straat", "str")
_GLUED_STREET = re.compile(r"(?<=[^\W\d_]{3})(?:strasse|straat|str)$")
"""A word for street at the end of its name, which is also shortened or written apart."""
_GLUED_AREA = re.compile(r"(?<=[^\W\d_])-(?:ku|gu|shi|si|ken|do|gun|guyok|eup|myeon|fu)$")
_CODE_COUNTRY = re.compile(r"^[a-z]{1,2}-(?=\d)")
_CEDEX = re.compile(r"\b(?:cedex|sp)(?: \d+)?$")

_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_EAST_ASIAN = re.compile(f"{_HAN.pattern}|{_HANGUL.pattern}")
_EAST_ASIAN_UNIT = re.compile(r"(\d+) ?(?:号室|號室|室|房|호)")
_EAST_ASIAN_FLOOR = re.compile(r"\d+ ?(?:層|层|楼|樓|階|층)")
_EAST_ASIAN_BUILDING = re.compile(r"(\d+) ?(?:栋|棟|幢|座|号楼|동(?![가-힣]))")
_CHINESE = re.compile(
    r"^(?:中国)?(?:(?P<region>.{2,8}?)(?:省|自治区))?(?:(?P<city>.{2,5}?)市)?(?:(?P<area>.{1,6}?)(?:新区|区|區|县|縣))?"
    r"(?P<street>.{1,10}?)(?P<way>大街|大道|胡同|路|街|道|巷|弄)(?:.段)?(?P<house>\d+)?[号號]?"
)
_CHINESE_WAYS = {"路": "road", "街": "street", "大街": "street", "大道": "avenue", "道": "avenue"}
_JAPANESE = re.compile(
    r"^(?:(?P<region>東京都|北海道|京都府|大阪府|.{2,3}県))?(?:(?P<city>.{1,4}?)市)?(?:(?P<area>.{1,4}?)区)?(?P<street>\D*)"
    r"(?P<house>\d+(?:(?:丁目|番地?|号|-)の?\d+)*)?"
)
_KOREAN_STREET = re.compile(r"^[가-힣]+(?:로|길)(?:\d+번?길)?$")
_KOREAN_CITY = re.compile(r"(?:특별자치|특별|광역)?시$")
_KOREAN_AREA = re.compile(r"(?:특별자치도|도|구|군|읍|면|동)$")


class _Words(NamedTuple):
    """The tables of address_words.toml by folded word: kinds of street, marks, cities."""

    ways: dict[str, str]
    marks: dict[str, str]
    marks_of: dict[str, dict[str, str]]
    sides: frozenset[str]
    small: frozenset[str]
    letters: frozenset[str]
    ending: frozenset[str]
    numbered: frozenset[str]
    saints: dict[str, str]
    compass: dict[str, str]
    cities: dict[str, str]
    english: frozenset[str]


@cache
def _words() -> _Words:
    table = tomllib.loads(files("pipeline.records").joinpath("address_words.toml").read_text("utf-8"))

    def by_word(lines: dict[str, str]) -> dict[str, str]:
        return {_fold(word): meaning for meaning, line in lines.items() for word in line.split()}

    def listed(name: str) -> frozenset[str]:
        return frozenset(map(_fold, table[name]["words"].split()))

    cities = {
        _fold(name).replace("-", " "): city
        for city, line in table["cities"].items()
        for name in (city, *line.split(", "))
    }
    return _Words(
        by_word(table["ways"]), by_word(table["marks"]),
        {country: by_word(lines) for country, lines in table["marks_of"].items()},
        listed("sides"), listed("small"), listed("letters"), listed("ending"), listed("numbered"),
        by_word(table["saints"]), by_word(table["compass"]), cities, frozenset(cities.values()),
    )  # fmt: skip


@lru_cache(maxsize=512)
def _marks(country: str) -> dict[str, str]:
    """What words mark in a country, which may be any text."""
    words = _words()
    return words.marks | words.marks_of[country] if country in words.marks_of else words.marks


class _Token(msgspec.Struct, frozen=True, gc=False):
    """A word, or a number ("8", "8/1") with the letter behind it ("b", "bis"); an ordinal is no house."""

    text: str
    number: bool = False
    letter: str = ""
    ordinal: bool = False

    @property
    def value(self) -> str:
        return self.text + self.letter


class _Line(msgspec.Struct):
    """Tokens between two commas, of the field `stated` or "full", without those that a mark has told.

    `marked`: a house or building stood here with its mark. `area`: it names a district or a part of a country, `place`
    a city.
    """

    stated: str
    tokens: list[_Token] = []
    marked: bool = False
    has_unit: bool = False
    area: bool = False
    place: bool = False

    words: list[str] = []
    numbers: int = 0
    way: bool = False

    def add(self, token: _Token) -> None:
        self.tokens.append(token)
        if not token.number:
            self.words.append(token.text)
        elif not token.ordinal:
            self.numbers += 1

    def find_way(self, ways: dict[str, str]) -> None:
        """Tell whether it holds a word for a street, and not that alone."""
        for word in self.words:
            if word in ways:
                self.way = len(self.words) > 1 or self.numbers > 0
            elif word.endswith(_GLUED) and _GLUED_STREET.search(word):
                self.way = True


def address(
    full: str, house: str, street: str, unit: str, postcode: str, city: str, region: str, country: str
) -> NormalisedAddress:
    """The normalised address; every argument may be "", `country` is alpha-2. Stated parts win over those read."""
    if not (full or house or street or unit or postcode or region) and (not city or city.isalpha()):
        return NormalisedAddress(city=city_name(city), country=country)
    if street and city and not (full or unit or region):
        plain = _read_plain(house, street, postcode, city, country)
        if plain is not None:
            return plain
    return _read(full, house, street, unit, postcode, city, region, country)


@lru_cache(maxsize=32768)
def _read(
    full: str, house: str, street: str, unit: str, postcode: str, city: str, region: str, country: str
) -> NormalisedAddress:
    reader = _Reader(country)
    for name, text in (("street", street), ("full", full), ("city", city), ("region", region)):
        if text:
            reader.add(name, text)
    return reader.read(full, house, unit, postcode)


def _read_plain(house: str, street: str, postcode: str, city: str, country: str) -> NormalisedAddress | None:
    """An address stated in its parts, with nothing but words in its street and city, of which none is a mark.

    It is what _Reader makes of it, in a third of the time; None of any other.
    """
    words, of_city, marks = _plain_words(street), _plain_words(city), _marks(country).keys()
    if not words or not of_city or (house and not (house.isascii() and house.isdigit())):
        return None
    if not marks.isdisjoint(words) or not marks.isdisjoint(of_city) or not (country or len(of_city) == 1):
        return None  # without a country the city's last words may name it
    named, way = _name_street(words[: _find_tail(words)], country)
    return NormalisedAddress(
        house=house[:MAX_KEPT],
        way=way,
        street=named[:MAX_KEPT],
        postcode=_postcode(postcode, country),
        city=_city(of_city),
        country=country,
    )


def _plain_words(text: str) -> list[str]:
    """The words of a text in ASCII that holds nothing else; none of other texts."""
    plain = text.isascii() and len(text) <= MAX_LETTERS and text.replace(" ", "").isalpha()
    return text.lower().split() if plain else []


@lru_cache(maxsize=65536)
def city_name(text: str) -> str:
    """A city's name as addresses hold it: folded, the English name of those that have another."""
    words = _CEDEX.sub("", _fold(text)[:MAX_KEPT]).replace("-", " ").split()
    return _city(words)


class _Reader:
    """Reads one address: add() its fields, then read()."""

    def __init__(self, country: str) -> None:
        self.country = country
        self.words = _words()
        self.marks = _marks(country)
        self.texts: list[tuple[str, str]] = []
        self.house = ""
        self.box = ""
        self.chome = ""
        self.way = ""
        self.buildings: list[str] = []
        self.units: list[str] = []
        self.lines: list[_Line] = []
        self.ukrainian = country == "UA"

    def add(self, name: str, text: str) -> None:
        """Take in a field, in lines."""
        for line in _lines(text[:MAX_LETTERS]):
            if line.isascii():
                self.texts.append((name, line))
                continue
            self.ukrainian = self.ukrainian or _UKRAINIAN.search(line) is not None
            if _EAST_ASIAN.search(line):
                self.texts += self._part_east_asian(name, line)
            else:
                self.texts.append((name, line))

    def read(self, full: str, house: str, unit: str, postcode: str) -> NormalisedAddress:
        """The address in parts."""
        # 1. The postcode first: what stands beside it is the city.
        read = self._take_postcode()
        code = _postcode(postcode or read, self.country)
        # 2. The country, then all that has a mark.
        self._drop_country()
        for name, text in self.texts:
            known = None if _DIGIT.search(text) else _read_words(text, self.country)
            if known is None:
                self.lines.append(self.read_line(name, text))
            else:
                self.lines.append(_Line(name, *known))
        if house.isascii() and house.isdigit():
            self.house = house[:MAX_KEPT]
        elif house:
            tokens = self._tokens(_fold(house[:MAX_KEPT]))
            self.house = next((token.value for token in tokens if token.number), _compact(house))
        if unit:
            tokens = self._tokens(_fold(unit[:MAX_KEPT]))
            self.units = [token.value for token in tokens if token.number or len(token.text) == 1]
        # 3. Which line is the street; of the others, which is the city.
        streets, tail = self._take_streets()
        city, regions = self._take_city(tail)
        if not self.house and self.buildings:
            self.house = self.buildings.pop(0)
        if self.box and not streets:
            streets, self.house = ["box"], self.house or self.box
        return NormalisedAddress(
            text="" if streets else " ".join(_lines(full[:MAX_LETTERS])),
            house=f"{self.chome}-{self.house}" if self.chome and self.house else self.house,
            building=" ".join(self.buildings[:MAX_STREETS]),
            unit=" ".join(self.units[:MAX_STREETS]),
            way=self.way,
            street=", ".join(streets[:MAX_STREETS])[:MAX_KEPT],
            postcode=code,
            city=city,
            region=", ".join(regions[:MAX_REGIONS])[:MAX_KEPT],
            country=self.country,
        )

    def _part_east_asian(self, name: str, line: str) -> Iterator[tuple[str, str]]:
        """Lines of an address in Chinese, Japanese or Korean, which tell parts by the letter at their end."""
        for pattern, parts in ((_EAST_ASIAN_UNIT, self.units), (_EAST_ASIAN_BUILDING, self.buildings)):
            parts += (found[1] for found in pattern.finditer(line))
            line = pattern.sub(" ", line)
        line = _EAST_ASIAN_FLOOR.sub(" ", line).strip()
        if code := re.match(r"(?:zip )?\d{3}-\d{4}|zip", line):
            yield name, code[0]
            line = line[code.end() :].strip()
        if _HANGUL.search(line):
            yield from self._part_korean(line)
        elif found := _CHINESE.match(line):
            yield "region", found["region"] or ""
            yield "city", found["city"] or ""
            yield "region", found["area"] or ""
            yield "street", f"{found['street']} {_CHINESE_WAYS.get(found['way'], 'lane')}"
            yield "street", f"no {found['house']}"
            yield "full", line[found.end() :]
        elif re.search(r"\d", line) and (found := _JAPANESE.match(line)):
            region = (found["region"] or "").rstrip("都府県")
            yield "region" if found["city"] else "city", region
            yield "city", found["city"] or ""
            yield "region", found["area"] or ""
            yield "street", found["street"]
            if found["house"]:
                house = "-".join(re.findall(r"\d+", found["house"])[:4])
                yield "street", f"no {house}"
        else:
            yield name, line

    def _part_korean(self, line: str) -> Iterator[tuple[str, str]]:
        street = ""
        for word in line.split():
            if word in self.words.cities or (_KOREAN_CITY.search(word) and not street):
                yield "city", word if word in self.words.cities else _KOREAN_CITY.sub("", word)
            elif _KOREAN_STREET.match(word):
                street = word
            elif word[0].isdigit() and street:
                yield "street", f"no {word}"
            else:
                yield "region", _KOREAN_AREA.sub("", word)
        yield "street", street

    # Postcode and country

    def _take_postcode(self) -> str:
        """Take the likeliest postcode out of its line, which it parts into what stands before and behind it."""
        self.texts = [(name, line) for name, line in self.texts if line]
        pattern = _code_pattern(self.country)
        best: tuple[int, int, re.Match[str]] | None = None
        for at, (name, line) in enumerate(self.texts):
            for found in pattern.finditer(line) if _DIGIT.search(line) else ():
                rank = self._rank_postcode(name, line, found)
                if rank and (best is None or rank >= best[0]):
                    best = rank, at, found
        if best is None:
            return ""
        _, at, found = best
        name, line = self.texts[at]
        before, behind = line[: found.start()].strip(" -."), line[found.end() :].strip(" -.")
        state = before if len(before) <= len("oh") and not behind else ""  # Blacklick, OH 43004
        if before == state and not behind and name == "full":
            self._note_city_beside(at)
        parts = [
            ("region" if state else name if behind or re.search(r"\d", before) or name == "street" else "city", before),
            ("city", behind),
        ]
        self.texts[at : at + 1] = [(stated, text) for stated, text in parts if text]
        return found["code"].replace(" ", "")

    def _note_city_beside(self, at: int) -> None:
        """A postcode alone on its line: the city is on the line before it, or on the next where none is before."""
        for near in (*range(at - 1, -1, -1), *range(at + 1, len(self.texts))):
            name, line = self.texts[near]
            words = _WORD.findall(line)
            if (
                name == "full"
                and len(line) > len("oh")
                and not re.search(r"\d", line)
                and not any(self._role(word) == "area" or word in self.words.ways for word in words)
                and not country_code(line)
            ):
                self.texts[near] = ("city", line)
                return

    def _rank_postcode(self, name: str, line: str, found: re.Match[str]) -> int:
        """How likely a number is the postcode, 0 if it is none."""
        code = found["code"].replace(" ", "")
        telling = len(code) > len("1234") or not code.isdigit()
        if found["mark"]:
            return 5
        if name == "city":
            return 4
        if name == "street":
            return int(telling and bool(self.country) and len(code) > len("12345"))
        alone = sum(len(re.findall(r"\d+", text)) for _, text in self.texts) < 2
        if not telling and alone:
            return 0
        words = line.replace(".", " ").split()
        has_way = any(word in self.words.ways or _GLUED_STREET.search(word) for word in words)
        if (found.start() == 0 or found.end() == len(line)) and not has_way and self._role(words[0]) != "house":
            return 3
        return 2 if (telling and not alone) or found.start() == 0 or not code.isdigit() else 0

    def _drop_country(self) -> None:
        """Drop the country's name at the end of the last line, and state it where none is stated."""
        if not self.texts:
            return
        name, line = self.texts[-1]
        if self.country and name != "full":
            return
        words = line.replace(".", " ").split()
        for count in range(min(len(words), LONGEST_COUNTRY), 0, -1):
            text = " ".join(words[-count:])
            if len(text) < SHORTEST_COUNTRY and text not in ("uk", "usa", "uae"):
                continue
            if count == len(words) and (len(self.texts) == 1 or name in ("street", "region")):
                continue
            if (
                count == len(words)
                and name == "city"
                and not self.country
                and (len(self.texts) < 3 or text in self.words.cities)
            ):
                continue  # 18009 Granada
            code = country_code(text)
            if code and (code == self.country or not self.country):
                self.country = code
                self.texts[-1:] = [(name, " ".join(words[:-count]))] if len(words) > count else []
                return

    # Lines

    def _role(self, word: str) -> str:
        return self.marks.get(word, "")

    def _tokens(self, line: str) -> list[_Token]:
        found: list[_Token] = []
        letters, number_before, may_join = self.words.letters, False, False
        for digits, behind, more, word in _TOKEN.findall(line):
            if word:
                found.append(_Token(word))
                may_join = may_join or (number_before and (len(word) == 1 or word in letters or word in _ROMAN))
                number_before = False
                continue
            number, tail, number_before = digits + more, behind.lstrip("-/"), True
            if not tail:
                found.append(_Token(number, True))
            elif tail in _ORDINALS:
                found.append(_Token(number, number=True, ordinal=True, letter="@" if tail == "@" else ""))
            elif tail in _ROMAN and behind[0] == "/":
                found.append(_Token(f"{number}/{_ROMAN[tail]}", number=True))
            elif len(tail) == 1 or tail in letters:
                found.append(_Token(number, number=True, letter=_latin(tail)))
            else:
                found += _Token(number, number=True), _Token(tail)
                number_before, may_join = False, may_join or tail in _ROMAN
        return self._join_letters(found) if may_join else found

    def _join_letters(self, tokens: list[_Token]) -> list[_Token]:
        """7 B, 12 B 34, 7 bis, 31 II: the letter is the house's, unless it is a mark of the number behind it."""
        joined: list[_Token] = []
        for at, token in enumerate(tokens):
            before = joined[-1] if joined else None
            if before and before.number and not before.ordinal and not before.letter and not token.number:
                behind = tokens[at + 1] if at + 1 < len(tokens) else None
                bare = behind is None or (behind.number and not self._role(token.text))
                if token.text in self.words.letters or (len(token.text) == 1 and bare):
                    joined[-1] = _Token(before.text, number=True, letter=_latin(token.text))
                    continue
                if token.text in _ROMAN and behind is None:
                    joined[-1] = _Token(f"{before.text}/{_ROMAN[token.text]}", number=True)
                    continue
            joined.append(token)
        return joined

    def read_line(self, name: str, text: str) -> _Line:
        """Tell the numbers of a text that have a mark; the line keeps the rest."""
        tokens, line, at = self._tokens(text), _Line(name), 0
        while at < len(tokens):
            token, behind = tokens[at], at + 1
            following = tokens[behind] if behind < len(tokens) else None
            role = "" if token.number else self.marks.get(token.text, "")
            if token.text == "str" and not line.words and (self.house or line.tokens):
                role = "building"  # d. 10, str. 7: stroenie
            elif role == "house" and line.has_unit:
                role = "unit"  # room 1, no. 708
            if token.number:
                at = behind
                rest = tokens[behind + 1 :]
                if (
                    following
                    and self._role(following.text) == "drop"
                    and (token.ordinal or not rest or not rest[0].number)
                ):
                    at += 1  # 3rd floor, 2. em.
                elif token.letter == "@":  # 3.º izda, 2.º B
                    at += bool(following and (following.text in self.words.sides or len(following.text) == 1))
                else:
                    line.add(token)
                continue
            if role in _NUMBERED:
                while behind + 1 < len(tokens) and self._role(tokens[behind].text) in ("house", "box"):
                    behind += 1  # Villa No. 21
                if behind < len(tokens) and self._is_value(tokens[behind], role):
                    if role == "box":  # Postfach 22 08
                        while behind + 1 < len(tokens) and tokens[behind + 1].number:
                            self.box, behind = self.box + tokens[behind].value, behind + 1
                    self._tell(role, tokens[behind])
                    line.marked = line.marked or role in ("house", "building")
                    line.has_unit = line.has_unit or role == "unit"
                    at = behind + 1
                    continue
            at += 1
            if role == "place" and following and not following.number and not line.tokens:
                line.place = True
            elif role == "area":
                line.area = True
                at += bool(following and following.number)  # sector 1
            elif "-" in token.text and _GLUED_AREA.search(token.text):
                line.area = True
                line.add(_Token(_GLUED_AREA.sub("", token.text)))
            elif token.text == "chome" and following and following.number:
                self.chome, at = following.text, at + 1
            elif role not in ("post", "box") and (role != "drop" or len(token.text) < len("floor")):
                line.add(token)
        line.find_way(self.words.ways)
        return line

    def _is_value(self, token: _Token, role: str) -> bool:
        lettered = role in ("building", "unit", "drop") and (len(token.text) == 1 or token.text in _ROMAN)
        return token.number or lettered

    def _tell(self, role: str, token: _Token) -> None:
        value = token.value if token.number else _latin(token.text)
        if role == "box":
            self.box += value
        elif role == "house" and not self.house:
            self.house = value
        elif role == "building":
            self.buildings.append(value)
        elif role in ("house", "unit"):
            self.units.append(value)

    # Streets and city

    def _take_streets(self) -> tuple[list[str], list[str]]:
        """The streets, and the words behind the house on the street's own line, which may be the city."""
        ranks = [self._rank_street(at) for at in range(len(self.lines))]
        is_stated = any(rank and line.stated == "street" for rank, line in zip(ranks, self.lines, strict=True))
        if is_stated:
            ranks = [rank if line.stated == "street" else 0 for rank, line in zip(ranks, self.lines, strict=True)]
        best = max(ranks, default=0)
        if not best:
            self._take_numbers(is_stated)
            return [], []
        chosen = [at for at, rank in enumerate(ranks) if rank == best]
        chosen = chosen[:MAX_STREETS] if best == _OF_WAY else chosen[:1]
        named, tail = [], []
        for at in chosen:
            before = self.lines[at - 1] if at else None
            tokens, behind = self._split_house(
                self.lines[at].tokens, bool(before and before.numbers and not before.words)
            )
            tokens, further = self._split_tail(tokens)
            tail += further + behind
            if street := self._name_street(tokens, only=len(chosen) == 1):
                named.append(street)
        self.lines = [line for at, line in enumerate(self.lines) if at not in chosen]
        self._take_numbers(is_stated)
        return named, tail

    def _rank_street(self, at: int) -> int:
        line = self.lines[at]
        if not line.words or line.place:
            return 0
        way = line.way
        if line.stated in ("city", "region") or line.area:
            return 1 if way and line.numbers and line.stated == "city" else 0
        if way:
            return 6 if line.numbers or line.marked else _OF_WAY
        beside = self.lines[at + 1 : at + 2] + self.lines[at - 1 : at] * (at > 0)
        numbered = line.numbers or line.marked
        if numbered:
            return 4
        if any(not near.words and (near.numbers or near.marked) for near in beside):
            return 3
        return 2 if line.stated == "street" else 0

    def _split_house(self, tokens: list[_Token], told: bool) -> tuple[list[_Token], list[str]]:
        """The street's tokens without the house, and the words behind it; `told`: the line before is a number."""
        at = None if self.house else self._find_house(tokens)
        if at is None or (told and at == 0):
            return tokens, []
        if self.buildings and any(self.words.ways.get(token.text) == "est" for token in tokens):  # Mladost 1, bl. 22
            return tokens, []
        self.house = tokens[at].value
        if at == 0:
            return tokens[1:], []
        behind = tokens[at + 1 :]
        self.units += [token.value for token in behind if token.number]
        return tokens[:at], [token.text for token in behind if not token.number]

    def _split_tail(self, tokens: list[_Token]) -> tuple[list[_Token], list[str]]:
        """Words behind a kind of street that ends a name: 62 Grove Avenue Belfast."""
        at = _find_tail([token.text for token in tokens])
        if any(token.number for token in tokens[at:]):
            return tokens, []
        return tokens[:at], [token.text for token in tokens[at:]]

    def _find_house(self, tokens: list[_Token]) -> int | None:
        numbers = [at for at, token in enumerate(tokens) if token.number and not token.ordinal]
        if not numbers:
            return None
        ways = self.words.ways
        last = len(tokens) - 1
        while last > 0 and tokens[last - 1].number and not tokens[last - 1].ordinal:
            last -= 1  # the first of the numbers at the end
        named = [token for token in tokens[:last] if token.text not in ways or token.text not in self.words.numbered]
        ends = last > 0 and tokens[-1].number and bool(named)
        if numbers[0] == 0 and len(tokens) > 1 and (not ends or tokens[1].text in ways):
            return 0
        if ends:
            return last
        inner = numbers[0]
        if inner and any(token.text not in ways for token in tokens[:inner]):
            return inner
        return None

    def _take_numbers(self, is_stated: bool) -> None:
        """Other lines' numbers are units, but that of the first without words is the house if there is none."""
        for line in self.lines:
            if not line.numbers or line.stated == "city" or (is_stated and line.stated == "full"):
                continue
            for token in line.tokens:
                if not token.number or token.ordinal:
                    continue
                if self.house or line.words:
                    self.units.append(token.value)
                else:
                    self.house = token.value

    def _name_street(self, tokens: list[_Token], only: bool) -> str:
        """The words of a street's name; its kind is told if it is the only one."""
        street, way = _name_street([token.text for token in tokens], self.country)
        self.way = way if only else ""
        return self._romanise(street)

    def _romanise(self, street: str) -> str:
        if street.isascii():
            return street
        if self.ukrainian:
            street = street.translate(_UKRAINIAN_LETTERS)
        for letters, latin in _GREEK_PAIRS:
            street = street.replace(letters, latin)
        return _latin(street)

    def _take_city(self, tail: list[str]) -> tuple[str, list[str]]:
        """The city, and the other names of places."""
        order = self.lines
        if len(order) > 1:
            order = sorted(order, key=lambda line: 4 * (not line.place) + 2 * (line.stated != "city") + line.area)
        cities: list[str] = []
        regions: list[str] = []
        areas: set[str] = set()
        for line in order:
            if not (words := line.words):
                continue
            name = _city([part for word in words for part in word.split("-")])
            told = line.place or (line.stated == "city" and not line.area)
            (cities if told else regions).append(name)
            if line.area and not told:
                areas.add(name)
        known = self.words.english
        if len(cities) > 1:
            cities.sort(key=lambda name: name not in known)
        if not cities and tail:
            cities = [_city(tail)]
            regions += tail if len(tail) > 1 else []
        if not cities:
            held = [name for name in regions if name in known and name not in areas]
            plain = [
                _city(line.words)
                for line in self.lines
                if line.stated == "full" and line.words and not (line.area or line.way or line.numbers)
            ]
            plain = [name for name in plain if len(name.split()) <= LONGEST_CITY]
            cities = held[:1] or plain[-1:] or [name for name in regions if name in known][:1]
        city = cities[0] if cities else ""
        if regions or len(cities) > 1:
            regions = [name for name in dict.fromkeys((*cities[1:], *regions)) if name and name != city]
        return city, regions


def _find_tail(street: list[str]) -> int:
    """Where words behind a kind of street begin that ends a name: 62 Grove Avenue Belfast."""
    words = _words()
    ways = [at for at, word in enumerate(street) if word in words.ways and word not in _OTHERS]
    if not ways or not 0 < ways[-1] < len(street) - 1 or (ways[0] == 0 and street[ways[-1]] not in words.ending):
        return len(street)
    return ways[-1] + 1


def _name_street(street: list[str], country: str) -> tuple[str, str]:
    """The words of a street's name, and its kind."""
    words, way, named = _words(), "", []
    ways = words.ways
    if len(street) > 1 and street[-1] in ways and (street[0] not in ways or street[-1] in words.ending):
        way, street = ways[street[-1]], street[:-1]
    elif len(street) > 1 and street[0] in ways:
        way, street = ways[street[0]], street[1:]
    for word in street:
        if word.endswith(_GLUED) and (glued := _GLUED_STREET.search(word)):
            word, way = word[: glued.start()], way or "st"
        word = words.saints.get(word, word)
        if word not in words.small and (len(word) > 1 or not word.isalpha() or _HAN.match(word)):
            named.append(word)
    if len(named) > 1:
        named = [ways.get(word, word) if len(word) > len("st") else word for word in named]
    if country in ("CN", "TW", "HK"):
        named = [words.compass.get(word, word) for word in named]
    return " ".join(named or street).replace("-", " "), way


_UKRAINIAN = re.compile("[іїєґ]")
_UKRAINIAN_LETTERS = str.maketrans({"и": "y", "г": "h"})
_GREEK_PAIRS = (("ου", "ou"), ("γγ", "ng"), ("αυ", "av"), ("ευ", "ev"), ("μπ", "b"))
_NUMBERED = frozenset({"house", "building", "unit", "drop", "box"})
_OF_WAY = 5
_OTHERS = frozenset(
    ("st", "al", "pl", "os", "sh", "v", "r", "c", "n", "per", "via", "hill", "hl", "row", "grove", "sir")
)  # fmt: skip
"""Words for a kind of street that mean something else within a name: a saint, an article, a word of it."""


@lru_cache(maxsize=512)
def _code_pattern(country: str) -> re.Pattern[str]:
    form = _CODES.get(country, _ANY_CODE)
    mark = r"(?:zip|postcode|postal code|индекс|邮编|c ?p|[a-z]{1,2}-)[ :.]*"
    return re.compile(rf"(?<![\w/-])(?P<mark>{mark})?(?P<code>{form})(?![\w/@])(?!-\d)")


@lru_cache(maxsize=32768)
def _read_words(text: str, country: str) -> tuple[list[_Token], bool, bool, bool, bool, list[str], int, bool] | None:
    """A line without digits, read alike wherever it stands; None if a letter in it may be a building's or flat's."""
    words = _WORD.findall(text)
    if _marks(country).keys().isdisjoint(words) and not ("-" in text and any(map(_GLUED_AREA.search, words))):
        line = _Line("", [_Token(word) for word in words], words=words)
        line.find_way(_words().ways)
    else:
        reader = _Reader(country)
        line = reader.read_line("", text)
        if reader.buildings or reader.units:
            return None
    return line.tokens, line.marked, line.has_unit, line.area, line.place, line.words, line.numbers, line.way


@lru_cache(maxsize=32768)
def _lines(text: str) -> tuple[str, ...]:
    """A folded text in lines, with short forms and signs rewritten."""
    folded = _fold(text.replace("\n", ",").replace("\r", ","))
    if folded.replace(" ", "").isalpha():
        return (folded.strip(),)
    for sign, pattern, new in _REWRITTEN_ASCII if folded.isascii() else _REWRITTEN:
        if sign in folded:
            folded = pattern.sub(new, folded)
    parts = [part.strip(" .-") for part in _LINE.split(folded)[:MAX_LINES]]
    return tuple([part for part in parts if part])


def _fold(text: str) -> str:
    """Case-folded, without accents on Latin and Greek letters, and digits as 0 to 9."""
    if text.isascii():
        return clean_text(text).lower().translate(_FOLDED)
    folded = clean_text(text.replace("º", "°").replace("ª", "°")).casefold().translate(_FOLDED)
    folded = _MARKED.sub(lambda found: _bare(found[0]), folded)
    return "".join(str(unicodedata.digit(char)) if not char.isascii() and char.isdigit() else char for char in folded)


@lru_cache(maxsize=1024)
def _bare(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


def _latin(text: str) -> str:
    """Plain Latin letters for alphabets that are read one way: Latin, Cyrillic, Greek and Korean."""
    return text if text.isascii() else _spell_in_latin(text)


@lru_cache(maxsize=32768)
def _spell_in_latin(text: str) -> str:
    if _HAN.search(text) or _ARABIC.search(text):
        return text
    return anyascii(_HANGUL.sub(lambda found: _korean_syllable(found[0]), text)).casefold().replace("'", "")


def _korean_syllable(letter: str) -> str:
    """As in street signs: a consonant sounds otherwise at the end of a syllable (Revised Romanization)."""
    latin = anyascii(letter).lower()
    first, last = (ord(letter) - 0xAC00) // 588, (ord(letter) - 0xAC00) % 28
    if first == 5:  # rieul
        latin = "r" + latin[1:]
    return latin[:-1] + {1: "k", 7: "t", 17: "p"}[last] if last in (1, 7, 17) else latin


_ARABIC = re.compile("[\u0590-\u07ff]")


def _city(words: list[str]) -> str:
    """Words that name a city, under its English name if it is known by several."""
    cities = _words().cities
    if len(words) > 1 and words[0] == "of":
        words = words[1:]  # Town of Azov
    name = " ".join(words)[:MAX_KEPT]
    if name in cities:
        return cities[name]
    if len(words) > 1 and (len(words[-1]) <= len("to") or words[-1] == "cedex") and not words[-1].isdigit():
        return _city(words[:-1])  # Torino TO
    return cities.get(_latin(name), name)


def _postcode(text: str, country: str) -> str:
    """A stated or read postcode as addresses hold it; "" of none."""
    code = text[:MAX_KEPT] if text.isascii() and text.isdigit() else _compact(text)
    return code[1:] if _CRIMEAN.fullmatch(code) and country in ("UA", "RU", "") else code


@lru_cache(maxsize=32768)
def _compact(text: str) -> str:
    """A postcode without blanks and country ("F-75002")."""
    return _CODE_COUNTRY.sub("", "".join(_fold(text[:MAX_KEPT]).split()))
