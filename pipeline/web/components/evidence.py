"""Two sides compared field by field: values, level, bits, rarity, and what would change the decision."""

from __future__ import annotations

from nicegui.element import Element

from pipeline.matching.explanation import EntityEvidence, Explanation, Item
from pipeline.matching.wording import agreement, bits, counterfactual, grouped, steady, token_level
from pipeline.matching.words import COMPANIONS, FIELDS, SENTENCES, TYPES
from pipeline.web.components.markup import box, foreign, text
from pipeline.web.i18n import Words
from pipeline.web.vocabulary import GENDERS


def field_name(words: Words, field: str) -> str:
    """A comparison's name as a heading: "Birth date"."""
    said = FIELDS[words.language].get(field, field)
    for article in ("the ", "le ", "la ", "les ", "l'"):
        said = said.removeprefix(article)
    return said[:1].upper() + said[1:]


def rarity(words: Words, item: Item) -> str:
    """ "1 in 3,400" in the reader's language; empty for what does not speak for the pair."""
    if not item.rarity:
        return ""
    number = grouped(item.rarity.removeprefix("1 in "), words.language)
    return SENTENCES[words.language]["rarity"].format(number=number)


def compared(words: Words, found: Explanation, side_a: str, side_b: str) -> None:
    """The whole comparison as one table, a block of rows for each pair of entities."""
    titles = (words("Field"), side_a, words("How they agree"), side_b, words("Bits"), words("Rarity"))
    with box("div", "scroll"), box("table", "folds compare"):
        text("caption", words("The two sides field by field"), "hidden-words")
        with box("thead"), box("tr"):
            for title in titles:
                text("th", title, "number" if title in titles[4:] else "", scope="col")
        for part in found.entities:
            with box("tbody"):
                _entities(words, part, titles)


def _entities(words: Words, part: EntityEvidence, titles: tuple[str, ...]) -> None:
    kind = TYPES[words.language].get(part.type_a, part.type_a)
    with box("tr", "pair"):
        heading = words("{kind} {a} and {b}", kind=kind, a=part.entity_a, b=part.entity_b)
        text("th", heading, scope="rowgroup", colspan="4")
        text("td", bits(part.bits, words.language), "number strong", data_column=titles[4])
        text("td", "")
    for item in part.items:
        _item(words, item, titles)
    if part.alternative:
        with box("tr"):
            said = COMPANIONS[words.language].get(part.type_a, "{bits}").format(bits="").strip()
            text("th", words("Another explanation"), scope="row")
            text("td", said, colspan="3")
            text("td", bits(part.alternative, words.language), "number against", data_column=titles[4])
            text("td", "")


def _item(words: Words, item: Item, titles: tuple[str, ...]) -> None:
    with box("tr"):
        text("th", field_name(words, item.field), scope="row")
        with box("td", "value", data_column=titles[1]):
            foreign(_value(words, item.field, item.value_a))
        with box("td", data_column=titles[2]):
            text("span", agreement(item, words.language))
            _tokens(words, item)
        with box("td", "value", data_column=titles[3]):
            foreign(_value(words, item.field, item.value_b))
        side = "for" if item.bits > 0 else "against" if item.bits < 0 else "quiet"
        text("td", bits(item.bits, words.language), f"number {side}", data_column=titles[4])
        text("td", rarity(words, item), "number", data_column=titles[5])


def _value(words: Words, field: str, value: str) -> str:
    """A value as compared; a code in words."""
    return words.of(GENDERS, value) if field == "gender" else value


def _tokens(words: Words, item: Item) -> None:
    """Which words of two names were held to be which, where they are not written alike."""
    for pair in item.tokens:
        if pair.a != pair.b:
            with box("div", "tokens"):
                foreign(pair.a or "∅")
                text("span", " ~ ")
                foreign(pair.b or "∅")
                text("span", ": " + token_level(pair, words.language))


def what_would_change(words: Words, found: Explanation) -> Element:
    """Without which field the link would fall into another band or vanish."""
    with box("ul", "stack small") as listed:
        for one in found.decisive:
            text("li", counterfactual(one, found, words.language))
        if not found.decisive:
            text("li", steady(found, words.language))
    return listed
