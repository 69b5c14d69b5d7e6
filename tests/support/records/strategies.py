"""Generated messages near the case schema: valid ones, ones slightly off, and bytes that are no record at all.

Values are drawn from what breaks text and number handling: digits and letters of every script, combining marks,
surrogates, control characters, the longest texts allowed, numbers at the edges.
"""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from typing import Any

from hypothesis import strategies as st

from pipeline.records import schemas
from pipeline.records.agencies import Agency
from pipeline.records.hashing import partition_of
from pipeline.records.identifier_types import CATALOGUE
from pipeline.records.intake import SourceMessage
from pipeline.records.messages import Position

SENDER = Agency("fr-pj", "FR")
PARTITIONS = 4
LONGEST = 4000
"""Characters that the schema allows a text."""

DIGITS = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in {"Nd", "Nl", "No"}]
SCRIPTS = [
    "Иван Петров", "Γιώργος", "محمد علي", "משה כהן", "王伟", "김민준", "山田太郎", "ヤマダ", "สมชาย", "अमित", "ગુજરાત",
    "தமிழ்", "ამირანი", "Արմեն", "ቴዎድሮስ", "ကျော်", "ខ្មែរ", "ລາວ", "ᠮᠣᠩᠭᠣᠯ", "བོད", "ᏣᎳᎩ",
    "𐐔𐐯𐑅𐐨𐑉𐐯𐐻", "𝔘𝔫𝔦", "İıŞß", "ŉǰΐﬁﬃ", "ᄀᄁᆪ",
]  # fmt: skip
ODD = [
    "", " ", "\u00a0", "\u3000", "\x00", "\x1f", "\x7f", "\x85", "\u2028", "\ufeff", "\u200b", "\u200d", "\u202e",
    "\ufffd", "\uffff", "\U0010ffff", "\ue000", "e\u0301" * 9, "\u0301", "\u0345", "\u093c", "\u1100\u1161", "👨‍👩‍👧",
    "-", "'", "’", ".", "?", "*", "<", "|", "#", ":",
    "+", "0", "00000000000000", "null", "NaN", "1e999", "²",
    "½", "Ⅷ", "①", "٣", "३", "㉈", "𝟘", "১", "O", "I",
]  # fmt: skip
FORMS = [
    "+33 6 12 34 56 78", "0033612345678", "tel:+33-6", "19?0-04-3l", "1980-05-03", "0001-01-01",
    "9999-12-31", "31.12.1999",
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
    "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    "1M8GDM9AXKP042788", "FR1420041010050500013M02606", "529900T8BM49AURSDO55", "IMO 9074729", "49015420323751",
    "CSQU3054383",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "a@b.example",
    "12 rue de la Paix, 75002 Paris",
    "AB-123-CD", "9mm", ".45 ACP", "FR", "Deutschland", "male", "12345678Z", "CHE-123.456.788 MWST", "XX",
    "EL094259216",
]  # fmt: skip

_pieces = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from(FORMS),
    st.sampled_from(SCRIPTS),
    st.sampled_from(DIGITS),
    st.text(max_size=12),
)
_numbers_like = st.one_of(
    st.tuples(st.sampled_from(DIGITS), st.integers(1, 24)).map(lambda drawn: drawn[0] * drawn[1]),
    st.lists(st.sampled_from([*"0123456789", *DIGITS]), min_size=1, max_size=24).map("".join),
    st.from_regex(r"[A-Z]{0,3}[0-9]{4,20}[A-Z]{0,2}", fullmatch=True),
)
_long = st.tuples(_pieces, st.sampled_from([40, 400, LONGEST, 10_000])).map(
    lambda drawn: (drawn[0] * drawn[1])[: drawn[1]]
)
texts = st.one_of(
    _pieces,
    _pieces,
    _numbers_like,
    _long,
    st.lists(_pieces, max_size=6).map("".join),
    st.lists(_pieces, max_size=6).map(" ".join),
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**53, -(2**63), 2**64, 10**400, 0, -1])
    | st.floats(allow_nan=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
"""Any JSON."""


@cache
def _of(pointer: str) -> st.SearchStrategy[Any]:
    """Values of a definition of the schema, by its name."""
    return _strategy(schemas.schema("case")["$defs"][pointer])


def _strategy(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in node:
        return _of(node["$ref"].rsplit("/", 1)[1])
    if "const" in node:
        return st.just(node["const"])
    if node.get("allOf"):  # an entity, by its type
        return st.one_of([_of(part["then"]["$ref"].rsplit("/", 1)[1]) for part in node["allOf"]])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    kinds = node.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not kinds:
        return anything
    return st.one_of([_typed(kind, node) for kind in kinds])


def _typed(kind: str, node: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "null":
        return st.none()
    if kind == "object":
        return _object(node)
    if kind == "array":
        return st.lists(_strategy(node["items"]), max_size=3)
    if kind == "integer":
        return st.integers(node["minimum"], node["maximum"])
    if kind == "number":
        return st.floats(node["minimum"], node["maximum"])
    return st.from_regex(node["pattern"], fullmatch=True) if "pattern" in node else texts


def _object(node: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    known = {name: _strategy(one) for name, one in node.get("properties", {}).items()}
    if "value" in known and "type" in known:
        known["type"] = st.sampled_from([one.name for one in CATALOGUE]) | known["type"]
    required = {name: known.pop(name) for name in node.get("required", ())}
    if not known and not required:
        return st.dictionaries(texts, anything, max_size=4)
    return st.fixed_dictionaries(required, optional=known)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Records of SENDER, mostly valid; sometimes one part of one is replaced by any JSON."""
    document: dict[str, Any] = draw(_strategy({k: v for k, v in schemas.schema("case").items() if k != "$defs"}))
    document["source"] = "/agencies/fr-pj"
    data = document["data"]
    data |= {"agency": SENDER.name, "country": SENDER.country, "entities": draw(st.lists(_of("entity"), max_size=3))}
    for at, entity in enumerate(data["entities"]):
        entity["id"] = f"e{at}"
    data.pop("relations", None)
    if draw(st.integers(0, 9)) == 0:
        _spoil(draw, document)
    return document


def _spoil(draw: st.DrawFn, document: dict[str, Any]) -> None:
    place: Any = document
    while draw(st.booleans()):
        inner = [
            one
            for one in (place.values() if isinstance(place, dict) else place)
            if isinstance(one, dict | list) and one
        ]
        if not inner:
            break
        place = draw(st.sampled_from(inner))
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    place[draw(st.sampled_from(keys))] = draw(anything)


@st.composite
def messages(draw: st.DrawFn) -> SourceMessage:
    """Kafka messages of SENDER's topic: mostly records under their own key, some with bytes changed, some any bytes."""
    document = draw(documents())
    raw = json.dumps(document, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    data = document.get("data")
    name = str(data.get("case_id")) if isinstance(data, dict) else ""
    key = f"{SENDER.name}:{name}".encode("utf-8", "replace")
    match draw(st.integers(0, 19)):
        case 0:
            at = draw(st.integers(0, len(raw)))
            raw = raw[:at] + draw(st.binary(max_size=8)) + raw[at + draw(st.integers(0, 8)) :]
        case 1:
            raw = draw(st.binary(max_size=64))
        case 2:
            key = draw(st.binary(max_size=16))
    position = Position("cases.fr-pj", partition_of(key, PARTITIONS), 0)
    return SourceMessage(position, SENDER.name, key, raw)
