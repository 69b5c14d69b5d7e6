"""The worst valid cases: records that hold to the schema and cost as much as a record of their size can.

    worst_case("like names")                                     10 persons x 10 names x 40 like words, 38 kB
    worst_case("like names", entities=200, values=50, words=9)   as many as the schema and 1 MiB take
    worst_pair("like names")                                     two, of two agencies, which meet and are all but equal
    worst_bytes(worst_case("deep extensions"))                   the event as a feed sends it

Each shape fills one field with values that are as near to each other as can be and still distinct, since to compare two
values costs most if nothing rules them out early: words of one sound and one edit apart, addresses of one street,
numbers with one tail. A case is a pure function of shape, seed, side and size: `seed` chooses the stock of words,
`side` which of them a case takes and in what order. So two sides of one seed have nearly everything in common.

A shape's size is `entities`, `values` of the field of each, and `words` (or digits, letters, parts: `what` says) of
each value. The default is what hurt most for its bytes; `fit` cuts entities until the event is within 1 MiB.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from random import Random
from typing import Any, Final

import orjson

from pipeline.records.validation import MAX_BYTES
from support.records.builder import RawCase, RawEntity, case_data, event, handling

LONGEST_TEXT: Final = 4_000
"""Characters of a text that the schema allows."""

MOST_ENTITIES: Final = 200
MOST_NAMES: Final = 50
MOST_VALUES: Final = 200
MOST_RELATIONS: Final = 1_000

STOCK: Final = 400
"""Words of a stock: as many as make every name of a case another one, and share words with most others."""

AGENCIES: Final = ("fr-pj", "de-lka")
"""Of the two sides of a pair."""

COMMON_NUMBER: Final = {"type": "passport", "value": "654321987", "country": "FR"}
"""Borne by both cases of a pair, so that they meet whatever else is in them."""

LIKE: Final[Mapping[str, tuple[str, ...]]] = {
    "Latin": ("a", "e", "i", "o", "u", "ei", "ie", "ou"),
    "Cyrillic": ("а", "е", "и", "о", "у", "ы", "э", "я"),
    "Greek": ("α", "ε", "ι", "ο", "υ", "η", "ω", "ει"),
}
"""Vowels, between the same consonants: words of one sound, each one edit from the next."""

FRAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "Latin": ("m{}r{}k{}v", "v{}l{}m{}r", "k{}r{}s{}n"),
    "Cyrillic": ("м{}р{}к{}в", "в{}л{}м{}р", "к{}р{}с{}н"),
    "Greek": ("μ{}ρ{}κ{}σ", "λ{}μ{}ρ{}σ", "κ{}ρ{}σ{}ν"),
}

LETTERS: Final[Mapping[str, str]] = {
    "Arabic": "بتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "Katakana": "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ",
    "Han": "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕",
    "Hangul": "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민",
    "Devanagari": "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह",
    "Thai": "กขคฆงจฉชซฌญดตถทธนบปผฝพฟภมยรลวศษสหอฮ",
    "Georgian": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "Armenian": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
    "Ethiopic": "ሀለሐመሠረሰሸቀበተቸኀነኘአከኸወዐዘዠየደጀገጠጨጰጸፀፈፐ",
}
"""Scripts of which a word has several Latin forms, or that take a model or a table to be read."""

USUAL: Final = (
    "international", "trading", "company", "bank", "group", "shipping", "general", "industrial", "national", "services",
    "transport", "petroleum", "construction", "investment", "holding", "import", "export",
)  # fmt: skip
"""Words of organisations that many languages have."""

FORMS: Final = ("GmbH", "S.A.R.L.", "Ltd", "OOO", "LLC", "S.p.A.")

EXPANDING: Final = "ﷺ"
"""One character of which NFKC makes eighteen: a text of 4,000 becomes one of 72,000."""

Make = Callable[[Random, "Size"], Any]
"""Makes one value of a field of a size; the words that it is made of are the seed's."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a case is; `seed` chooses the stock of which its values are made."""

    entities: int
    values: int
    words: int
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of worst case: the field `fills` of each entity of `type` holds values that `make` makes.

    `what` says what `words` counts. `alone`: it holds one value rather than a list. `also` are fields that every
    entity bears besides; `whole` adds to the case what is no entity's.
    """

    type: str
    fills: str
    make: Make
    size: Size
    what: str = "words"
    alone: bool = False
    also: Mapping[str, Any] = field(default_factory=dict)
    whole: Callable[[Random, RawCase], dict[str, Any]] | None = None


def worst_case(shape: str, *, seed: int = 0, side: int = 0, **size: int) -> RawCase:
    """The data of one case of a shape (SHAPES); `size` gives entities, values or words other than the shape's own."""
    row = SHAPES[shape]
    wanted = replace(row.size, **size, seed=seed)
    chance = Random(f"{shape} {seed} {side}")
    entities = [_make_entity(row, chance, wanted, at) for at in range(wanted.entities)]
    numbers = entities[0].get("identifiers", [])[: MOST_VALUES - 1]
    entities[0] = {**entities[0], "identifiers": [COMMON_NUMBER, *numbers]}
    data = case_data(AGENCIES[side % len(AGENCIES)], "1", entities, handling=handling())
    return data if row.whole is None else data | row.whole(chance, data)


def worst_pair(shape: str, *, seed: int = 0, **size: int) -> tuple[RawCase, RawCase]:
    """Two cases of one shape, of two agencies: all but equal, and with one number in common so that they meet."""
    return worst_case(shape, seed=seed, side=0, **size), worst_case(shape, seed=seed, side=1, **size)


def shuffle_values(data: RawCase, seed: int) -> RawCase:
    """The same case with entities and all lists of values in another order; entities keep their ids."""
    chance = Random(f"shuffle {seed}")

    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            return chance.sample([shuffled(each) for each in value], len(value))
        return {key: shuffled(each) for key, each in value.items()} if isinstance(value, dict) else value

    return {**data, "entities": shuffled(data["entities"])}


def worst_bytes(data: RawCase) -> bytes:
    """The event of a case as a feed sends it."""
    return orjson.dumps(event(data))


def fit(data: RawCase, most: int = MAX_BYTES) -> RawCase:
    """The case with as many of its first entities as `most` bytes hold, and one at least.

    Relations to the others go with them.
    """
    kept = len(data["entities"])
    while len(worst_bytes(data)) > most and kept > 1:
        kept -= 1 + kept // 20 if kept > 20 else 1
        entities = data["entities"][:kept]
        ids = {entity["id"] for entity in entities}
        relations = [one for one in data.get("relations", []) if {one["from"], one["to"]} <= ids]
        data = data | {"entities": entities} | ({"relations": relations} if "relations" in data else {})
    return data


def _make_entity(row: Shape, chance: Random, size: Size, at: int) -> RawEntity:
    values = [row.make(chance, size) for _ in range(size.values)]
    named = {} if row.fills == "names" or row.type not in _NAMED else {"names": [{"full": "Ivan Petrov"}]}
    own = {row.fills: values[0] if row.alone else values} if row.fills else {}
    return {"id": f"e{at}", "type": row.type, **named, **row.also, **own}


_NAMED: Final = ("person", "organisation", "vessel", "account", "document")


@cache
def like_words(script: str, seed: int) -> tuple[str, ...]:
    """A seed's stock of words of one of a few sounds, each an edit or two from many others; both sides have the same.

    Kept, since most shapes ask for it with each value.
    """
    frames, vowels = FRAMES[script], LIKE[script]
    found = [frame.format(*chosen) for frame in frames for chosen in product(vowels, repeat=3)]
    return tuple(Random(f"stock {seed}").sample(found, STOCK))


def _like_name(*scripts: str) -> Make:
    def make(chance: Random, size: Size) -> dict[str, str]:
        stock = [word for script in scripts for word in like_words(script, size.seed)]
        return {"full": " ".join(chance.choices(stock, k=size.words))[:LONGEST_TEXT]}

    return make


def _script_name(*scripts: str) -> Make:
    """Names of words of several letters of scripts that have to be romanised."""

    def make(chance: Random, size: Size) -> dict[str, str]:
        return {"full": " ".join("".join(chance.choices(LETTERS[chance.choice(scripts)], k=size.words)) for _ in "abc")}

    return make


def _parted_name(chance: Random, size: Size) -> dict[str, str]:
    """A name with all its parts, each of many words."""
    stock = like_words("Latin", size.seed)
    parts = ("given", "middle", "family", "patronymic")
    return {part: " ".join(chance.choices(stock, k=size.words))[:LONGEST_TEXT] for part in parts}


def _long_word(chance: Random, size: Size) -> dict[str, str]:
    return {"full": _long_text(chance, size)}


def _long_text(chance: Random, size: Size) -> str:
    """One word of so many letters, of which few differ from another's."""
    vowels = LIKE["Latin"][:5]
    text = "mirakovel" * (size.words // 9 + 1)
    at = chance.randrange(min(size.words, 60))
    return (text[:at] + chance.choice(vowels) + text[at:])[: size.words]


def _bracketed_name(chance: Random, size: Size) -> dict[str, str]:
    """A name in one script with as many renderings in another behind it, in brackets and parted by semicolons."""
    words = like_words("Latin", size.seed)
    inner = ";".join(chance.choices(words, k=size.words))
    return {"full": f"мирко вальмар ({inner})"[:LONGEST_TEXT]}


def _noted_name(chance: Random, size: Size) -> dict[str, str]:
    """A name of many brackets, each of which may be a note."""
    words = chance.choices(like_words("Latin", size.seed), k=size.words)
    return {"full": " ".join(f"({word})[{word[0]}]" for word in words)[:LONGEST_TEXT]}


def _expanding_name(chance: Random, size: Size) -> dict[str, str]:
    """Characters that become many by NFKC."""
    first, last = chance.choices(like_words("Latin", size.seed), k=2)
    return {"full": f"{first} {EXPANDING * size.words} {last}"}


def _fathers_name(chance: Random, size: Size) -> dict[str, str]:
    """A name of words that may each be a father's, which the others tell."""
    return {"full": " ".join(f"{chance.choice('bdgkmprstv')}{chance.choice('aeiou')}vich" for _ in range(size.words))}


def _masked_name(chance: Random, size: Size) -> dict[str, str]:
    """Words that mix look-alikes of two alphabets."""
    return {"full": " ".join(word.replace("a", "а").replace("e", "е") for word in chance.choices(
        [word for word in like_words("Latin", size.seed) if "a" in word or "e" in word], k=size.words
    ))}  # fmt: skip


def _organisation_name(chance: Random, size: Size) -> dict[str, str]:
    """Words that mean something in many languages, numbers, acronyms and legal forms."""
    words = like_words("Latin", size.seed)

    def choose() -> str:
        return chance.choice((chance.choice(words), chance.choice(USUAL), f"{chance.randrange(100)}", "bk"))

    return {"full": " ".join([*(choose() for _ in range(size.words)), chance.choice(FORMS)])[:LONGEST_TEXT]}


def _address(chance: Random, size: Size) -> dict[str, str]:
    """An address in parts, in one street of one town, with many flats and buildings."""
    flats = " ".join(f"{chance.randrange(1, 400)}" for _ in range(size.words))
    words = like_words("Latin", size.seed)
    return {
        "street": f"{chance.choice(words)} {chance.choice(words)} street",
        "house": f"{chance.randrange(1, 40)}{chance.choice('abcd')}",
        "unit": flats,
        "city": "Paris",
        "postcode": f"{75000 + chance.randrange(20)}",
        "country": "FR",
    }


def _address_text(chance: Random, size: Size) -> dict[str, str]:
    """An address as one text of so many letters: lines of words, numbers and postcodes."""
    words, text = like_words("Latin", size.seed), ""
    while len(text) < size.words:
        number, street, city = chance.randrange(1, 99), chance.choice(words), chance.choice(words)
        text += f"{street} str. {number}, bldg {number} flat {number}, {75000 + number} {city}, "
    return {"full": text[: size.words]}


def _birth_date(chance: Random, size: Size) -> str:
    """A range of several years or about a date, all in one decade or two."""
    year = 1960 + chance.randrange(20)
    if chance.random() < 0.5:
        return f"{year}-{chance.randrange(1, 13):02}/{year + chance.randrange(1, size.words + 1)}~"
    return f"{year}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}" + chance.choice(("", "~"))


def _damaged_date(chance: Random, size: Size) -> str:
    """A date of which most characters can't be read."""
    return "".join(chance.choice("?*xz0123456789") for _ in range(size.words))


def _birth_place(chance: Random, size: Size) -> str:
    return ", ".join(chance.choices(like_words("Latin", size.seed), k=size.words))[:LONGEST_TEXT]


def _identifier(chance: Random, size: Size) -> dict[str, str]:
    """A number of so many digits with the tail that all others have too."""
    tail = "123456"
    head = "".join(chance.choices("0123456789", k=max(1, size.words - len(tail))))
    return {"type": chance.choice(("passport", "national_id", "tax_id")), "value": head + tail, "country": "FR"}


def _own_identifier(chance: Random, size: Size) -> dict[str, str]:
    """A number of a type of the agency's own word, with blanks, strokes and look-alikes."""
    return {"type": f"own {chance.randrange(50)}", "value": "".join(chance.choices("0O1IlB8S5-/ .", k=size.words))}


def _phone(chance: Random, size: Size) -> str:
    """A number of one town; every second as dialled, with what people write around it."""
    digits = f"1{chance.randrange(10**8):08}"
    return f"+33{digits}" if chance.random() < 0.5 else f"(0) {'-'.join(digits)} ext {'9' * size.words}"


def _email(chance: Random, size: Size) -> str:
    user = ".".join(chance.choices(like_words("Latin", size.seed), k=size.words))
    return f"{user}@{chance.choice(like_words('Latin', size.seed)[:20])}.example"


def _plate(chance: Random, size: Size) -> str:
    """A plate of which most characters are any number of unread ones."""
    return "".join(f"{chance.choice('AB12')}*?" for _ in range(size.words))


def _method(chance: Random, size: Size) -> str:
    return " ".join(chance.choices(like_words("Latin", size.seed), k=size.words))[:LONGEST_TEXT]


def _nationality(chance: Random, size: Size) -> str:
    """A name of a country that is none, so that every table is looked through."""
    return " ".join(chance.choices(like_words("Latin", size.seed), k=size.words))[:LONGEST_TEXT]


def _nothing(chance: Random, size: Size) -> None:
    """No field of its own: the entity is all that the shape repeats."""


def _relate(chance: Random, data: RawCase) -> dict[str, Any]:
    """As many relations as the schema takes, between all entities."""
    ids = [entity["id"] for entity in data["entities"]]
    pairs = [(a, b) for a in ids for b in ids]
    types = ("owner", "driver", "user", "member", "employee", "sibling")
    return {
        "relations": [
            {"from": a, "to": b, "type": chance.choice(types)} for a, b in chance.choices(pairs, k=MOST_RELATIONS)
        ]
    }


def _extend_deep(chance: Random, data: RawCase) -> dict[str, Any]:
    """Extensions that nest as deep as they may, many times over."""

    def nest(depth: int) -> Any:
        return {f"a:{chance.randrange(10)}": nest(depth - 1)} if depth else "x"

    return {"extensions": {f"f{at}": [nest(55) for _ in range(40)] for at in range(20)}}


def _extend_wide(chance: Random, data: RawCase) -> dict[str, Any]:
    """Extensions of very many small values, with colons in their texts and escapes in their keys."""
    return {"extensions": {f"f{at}:{chance.randrange(9)}": [":" * 20, at, None, True] for at in range(12_000)}}


def _like_offences(chance: Random, data: RawCase) -> dict[str, Any]:
    return {"offences": [{"scheme": "ICCS", "code": f"0{at % 10}0{at % 7}"} for at in range(MOST_VALUES)]}


SHAPES: Final[Mapping[str, Shape]] = {
    "like names": Shape("person", "names", _like_name("Latin"), Size(10, 10, 40)),
    "like names of two scripts": Shape("person", "names", _like_name("Latin", "Cyrillic"), Size(10, 10, 40)),
    "like names of three scripts": Shape("person", "names", _like_name("Latin", "Cyrillic", "Greek"), Size(10, 10, 40)),
    "one person of like names": Shape("person", "names", _like_name("Latin"), Size(1, MOST_NAMES, 40)),
    "most persons of like names": Shape("person", "names", _like_name("Latin"), Size(MOST_ENTITIES, 16, 40)),
    "most names of two words": Shape("person", "names", _like_name("Latin"), Size(MOST_ENTITIES, MOST_NAMES, 2)),
    "names in parts": Shape("person", "names", _parted_name, Size(5, 20, 400), "words a part"),
    "names of many scripts": Shape("person", "names", _script_name(*LETTERS), Size(50, 50, 12), "letters a word"),
    "Arabic names": Shape("person", "names", _script_name("Arabic"), Size(50, 50, 30), "letters a word"),
    "Hebrew names": Shape("person", "names", _script_name("Hebrew"), Size(50, 50, 30), "letters a word"),
    "katakana names": Shape("person", "names", _script_name("Katakana"), Size(50, 50, 30), "letters a word"),
    "long foreign words": Shape(
        "person", "names", _script_name("Arabic", "Hebrew", "Katakana", "Han", "Thai"), Size(20, 20, 150),
        "letters a word",
    ),
    "long words": Shape("person", "names", _long_word, Size(5, 50, 4_000), "letters"),
    "renderings in brackets": Shape("person", "names", _bracketed_name, Size(5, 50, 400), "renderings"),
    "notes in brackets": Shape("person", "names", _noted_name, Size(5, 50, 250), "brackets"),
    "expanding letters": Shape("person", "names", _expanding_name, Size(2, 40, 3_900), "letters"),
    "expanding signs": Shape("person", "names", _expanding_name, Size(MOST_ENTITIES, MOST_NAMES, 30), "letters"),
    "short notes in brackets": Shape("person", "names", _noted_name, Size(MOST_ENTITIES, MOST_NAMES, 30), "brackets"),
    "fathers' names": Shape("person", "names", _fathers_name, Size(MOST_ENTITIES, MOST_NAMES, 74)),
    "masked letters": Shape("person", "names", _masked_name, Size(10, 10, 40)),
    "organisations": Shape("organisation", "names", _organisation_name, Size(10, 10, 40)),
    "most organisations": Shape("organisation", "names", _organisation_name, Size(MOST_ENTITIES, 12, 30)),
    "vessels": Shape("vessel", "names", _organisation_name, Size(50, 20, 40)),
    "addresses": Shape("person", "addresses", _address, Size(10, 50, 20), "flats"),
    "most addresses": Shape("person", "addresses", _address, Size(30, MOST_VALUES, 3), "flats"),
    "addresses as texts": Shape("person", "addresses", _address_text, Size(5, 50, LONGEST_TEXT), "letters"),
    "addresses of organisations": Shape("organisation", "addresses", _address_text, Size(10, 150, 600), "letters"),
    "birth dates": Shape("person", "birth_dates", _birth_date, Size(MOST_ENTITIES, 50, 20), "years of a range"),
    "damaged birth dates": Shape(
        "person", "birth_date_text", _damaged_date, Size(MOST_ENTITIES, 1, 10), "characters", alone=True
    ),
    "birth places": Shape("person", "birth_places", _birth_place, Size(10, 50, 200)),
    "numbers": Shape("person", "identifiers", _identifier, Size(50, MOST_VALUES, 9), "digits"),
    "long numbers": Shape("person", "identifiers", _identifier, Size(5, 50, LONGEST_TEXT), "digits"),
    "numbers of own types": Shape("person", "identifiers", _own_identifier, Size(40, MOST_VALUES, 60), "characters"),
    "phones": Shape("person", "phones", _phone, Size(50, MOST_VALUES, 20), "digits of an extension"),
    "e-mails": Shape("person", "emails", _email, Size(20, MOST_VALUES, 20)),
    "unknown nationalities": Shape("person", "nationalities", _nationality, Size(20, MOST_VALUES, 20)),
    "plates": Shape("vehicle", "plate", _plate, Size(MOST_ENTITIES, 1, 80), "unread parts", alone=True),
    "events": Shape(
        "event", "method", _method, Size(MOST_ENTITIES, 1, 500), alone=True,
        also={"start": "2020-01-01", "end": "2020-12-31", "latitude": 48.85, "longitude": 2.35},
    ),
    "addresses as entities": Shape(
        "address", "full", lambda chance, size: _address_text(chance, size)["full"], Size(MOST_ENTITIES, 1, 3_900),
        "letters", alone=True,
    ),
    "most entities": Shape("person", "", _nothing, Size(MOST_ENTITIES, 1, 1), also={"birth_date": "1980-05-01"}),
    "dense relations": Shape(
        "person", "names", _like_name("Latin"), Size(MOST_ENTITIES, 1, 3), whole=_relate
    ),
    "deep extensions": Shape("person", "names", _like_name("Latin"), Size(1, 1, 2), whole=_extend_deep),
    "wide extensions": Shape("person", "names", _like_name("Latin"), Size(1, 1, 2), whole=_extend_wide),
    "offences": Shape("person", "names", _like_name("Latin"), Size(1, 1, 2), whole=_like_offences),
}  # fmt: skip
"""Shapes by name, each at its default size."""
