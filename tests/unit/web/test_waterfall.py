from __future__ import annotations

from xml.etree.ElementTree import fromstring

from pipeline.matching.waterfall import Bar
from pipeline.web.components.waterfall import LEFT, WIDTH, chart
from pipeline.web.i18n import words

STEPS = [
    Bar("prior", "before <any> evidence", 0, -1700),
    Bar("name", "the name", -1700, 800),
    Bar("score", "score", 0, 800),
]


def test_the_drawing_says_in_words_what_it_shows() -> None:
    drawn = fromstring(chart(words("en"), STEPS))
    assert drawn.get("role") == "img"
    assert drawn.findtext("title") == "From −17.0 bits before any evidence to a score of +8.0 bits"


def test_bars_fill_the_width_and_carry_their_side_in_form_and_number() -> None:
    drawn = fromstring(chart(words("fr"), STEPS))
    bars = drawn.findall("rect")
    assert [bar.get("class") for bar in bars] == ["against", "for", "total"]
    assert float(bars[1].get("x", "")) == LEFT
    assert float(bars[1].get("width", "")) == WIDTH
    assert [one.text for one in drawn.findall("text")][1::2] == ["−17,0", "+25,0", "+8,0"]


def test_labels_are_text_and_never_markup() -> None:
    assert "before &lt;any&gt; evidence" in chart(words("en"), STEPS)
