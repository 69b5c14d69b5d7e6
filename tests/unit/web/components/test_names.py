from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from pipeline.web.components.names import render_name


def test_a_foreign_name_comes_first_in_its_own_direction_and_language_then_romanised() -> None:
    original, romanised = ElementTree.fromstring(f"<p>{render_name('محمد الخطيب', 'SA')}</p>")
    assert (original.tag, original.attrib, original.text) == ("bdi", {"dir": "auto", "lang": "ar"}, "محمد الخطيب")
    assert romanised.attrib == {"class": "romanised", "dir": "ltr", "lang": "ar-Latn"}
    assert romanised.text == "Mohamed Al-Khatib"


def test_a_latin_name_stands_alone() -> None:
    assert str(render_name("Jérôme Müller", "FR")) == '<bdi dir="auto">Jérôme Müller</bdi>'


def test_what_a_record_says_stays_text() -> None:
    tree = str(render_name("Иван <script>alert(1)</script>"))
    assert "<script" not in tree
    assert tree.count("&lt;script&gt;") == 2
