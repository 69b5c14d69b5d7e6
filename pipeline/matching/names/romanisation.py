"""Names in other scripts as a reader of Latin letters finds them in documents: one form, to show, never to compare.

Each word by the rule that travel documents of its country follow (`romanise_name`); Latin words as they are. The
language is that which the country, the letters or else the script make probable (`name_language`).

Of some words the letters don't tell how they are spelt: Arabic and Hebrew leave vowels out; katakana writes foreign
names by their sound. These become the likeliest spelling by the learnt model and by what names are known. Of 2,000
Arabic test words, weighed by how often they occur, 72% become a spelling that bearers of the name have, where the
likeliest by the letters alone is one for 51% and anyascii for under 1%; of Hebrew 46%, 36% and 0%, of katakana 50%, 39%
and 9% (tests/benchmarks/accuracy/romanisation.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from anyascii import anyascii

from pipeline.matching.names.rarity import CEILING, known_rarities
from pipeline.matching.names.spellings import classes_of
from pipeline.matching.names.transliteration.model import rank_forms
from pipeline.records.names import clean_text, fold_case, normalise_name
from pipeline.records.scripts import ICAO_CYRILLIC, MARKS, has_mixed_alphabets, script_of, unmask

_SERBIAN = {
    "г": "g", "ђ": "đ", "ж": "ž", "ћ": "ć", "х": "h", "ц": "c", "ч": "č", "џ": "dž", "ш": "š",
}  # fmt: skip
"""The Latin alphabet of Serbian itself (Gaj), in which its passports give names."""

CYRILLIC = {
    "ru": ICAO_CYRILLIC,
    "be": ICAO_CYRILLIC | {"г": "h", "ё": "io"},
    "bg": ICAO_CYRILLIC | {"щ": "sht", "ъ": "a", "х": "h", "й": "y", "ь": "y", "ю": "yu", "я": "ya"},
    "kk": ICAO_CYRILLIC | {"ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u", "ү": "u", "һ": "h"},
    "mk": ICAO_CYRILLIC | {"ѓ": "gj", "ќ": "kj", "х": "h", "ц": "c", "џ": "dj"},
    "sr": ICAO_CYRILLIC | _SERBIAN,
    "uk": ICAO_CYRILLIC | {"г": "h", "и": "y", "зг": "zgh"},
}
"""ICAO's exceptions by language; Bulgarian by its Transliteration Act (2009)."""

CYRILLIC_STARTS = {"uk": {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}}
"""At a word's beginning: Cabinet of Ministers of Ukraine, resolution 55 (2010)."""

CYRILLIC_ENDS = {"bg": {"ия": "ia"}}
"""At a word's end: Transliteration Act, article 5."""

GREEK = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o", "ου": "ou", "γγ": "ng", "γξ": "nx", "γχ": "nch",
}  # fmt: skip
"""ELOT 743 type 2, which is ISO 843's transcription and that of Greek passports."""

KOREAN_SURNAMES = {
    "김": "Kim", "이": "Lee", "박": "Park", "최": "Choi", "정": "Jung", "강": "Kang", "조": "Cho", "윤": "Yoon",
    "임": "Lim", "오": "Oh", "신": "Shin", "유": "Yoo", "우": "Woo", "문": "Moon", "노": "Noh", "구": "Koo",
}  # fmt: skip
"""Family names that most South Korean passports do not spell by the Revised Romanisation."""

CHINESE_SURNAMES = {
    "单": "Shan",
    "單": "Shan",
    "曾": "Zeng",
    "解": "Xie",
    "仇": "Qiu",
    "查": "Zha",
    "区": "Ou",
    "區": "Ou",
}
"""Family names that are read otherwise than the character commonly is."""

HEBREW_NAMES = {
    "כהן": "cohen", "לוי": "levi", "משה": "moshe", "דוד": "david", "שרה": "sara", "דנה": "dana", "מאיר": "meir",
    "יוסף": "yosef", "יעקב": "yaakov", "בנימין": "binyamin", "יצחק": "yitzhak", "אברהם": "avraham", "חיים": "haim",
    "שמואל": "shmuel", "אריאל": "ariel", "מרים": "miriam", "רבקה": "rivka", "אסתר": "esther", "מזרחי": "mizrahi",
    "פרץ": "peretz", "ביטון": "biton", "דהן": "dahan",
}  # fmt: skip
"""Common Israeli names, whose letters alone would be read as other names: כהן is Cohen, not Khan."""


_BY_SCRIPT = {
    "Arabic": "ar", "Armenian": "hy", "Bengali": "bn", "Cyrillic": "ru", "Devanagari": "hi", "Ethiopic": "am",
    "Georgian": "ka", "Greek": "el", "Gujarati": "gu", "Gurmukhi": "pa", "Han": "zh", "Hangul": "ko", "Hebrew": "he",
    "Hiragana": "ja", "Kannada": "kn", "Katakana": "ja", "Khmer": "km", "Lao": "lo", "Malayalam": "ml",
    "Myanmar": "my", "Sinhala": "si", "Tamil": "ta", "Telugu": "te", "Thai": "th",
}  # fmt: skip
"""The language with most speakers of those that a script writes (CLDR, likely subtags)."""

_BY_COUNTRY = {
    "Arabic": {"AF": "fa", "IR": "fa", "PK": "ur"},
    "Cyrillic": {
        "BA": "sr", "BG": "bg", "BY": "be", "KG": "ky", "KZ": "kk", "ME": "sr", "MK": "mk", "MN": "mn", "RS": "sr",
        "TJ": "tg", "UA": "uk",
    },
    "Devanagari": {"NP": "ne"},
    "Han": {"JP": "ja", "KR": "ko", "HK": "zh-Hant", "MO": "zh-Hant", "TW": "zh-Hant"},
}  # fmt: skip
"""Countries (ISO 3166-1 alpha-2) that write another language in the script (CLDR, likely subtags)."""

_TELLING_LETTERS = {
    "Cyrillic": {"sr": "ђћ", "mk": "ѓќѕ", "be": "ў", "uk": "іїєґ"},
    "Arabic": {"fa": "پچژگی"},
}
"""Letters that only one of the larger languages has, in the order in which they are looked for; і of Belarusian names
comes last, as Ukrainian has it too."""


def name_language(name: str, country: str = "") -> str:
    """BCP 47 tag of a name's probable language; "" for Latin letters, which many languages share.

    `country` is of the agency that wrote the name, ISO 3166-1 alpha-2, "" if it is not known.
    """
    script = script_of(name)
    if script not in _BY_SCRIPT:
        return ""
    if by_country := _BY_COUNTRY.get(script, {}).get(country, ""):
        return by_country
    folded, telling = name.lower(), _TELLING_LETTERS.get(script, {})
    told = (language for language, letters in telling.items() if not set(letters).isdisjoint(folded))
    return next(told, _BY_SCRIPT[script])


_WORDS = re.compile(rf"[\w{MARKS}]{{2,}}(?:['’ʼ׳״][\w{MARKS}]+)*|[\w{MARKS}]+")
"""An apostrophe parts a first letter (О'Коннор), and else says how the letters beside it are spoken (Дар'я)."""
_APOSTROPHES = re.compile("['’ʼ׳״]")
_CASED = ("Armenian", "Cyrillic", "Greek")
"""Scripts that tell small letters from capitals: a particle stays small."""

MAX_NAME_LENGTH = 400
"""Longer texts are no names; what would be read of them costs more than it tells."""


@lru_cache(maxsize=8192)
def romanise_name(name: str, country: str = "") -> str:
    """A name in Latin letters, in the order in which it was sent; "" where it is Latin already, or can't be read.

    `country` is of the agency that wrote it (ISO 3166-1 alpha-2), and decides between languages of one script. Names in
    Chinese characters from Japan are not read: their sound isn't in their letters.
    """
    text = clean_text(name[:MAX_NAME_LENGTH])
    words = () if text.isascii() else _WORDS.findall(text)
    foreign = " ".join(word for word in words if script_of(word) not in ("", "Latin") or has_mixed_alphabets(word))
    if not foreign:
        return ""
    language = name_language(foreign, country)
    romanised = _WORDS.sub(lambda found: _romanise_word(found[0], language, country), text)
    return "" if romanised == name or script_of(romanised) not in ("", "Latin") else romanised


def _romanise_word(word: str, language: str, country: str) -> str:
    """One word; what is Latin stays, but for letters of other alphabets that only look so."""
    if has_mixed_alphabets(word):
        word = unmask(word)
    script = script_of(word)
    if script in ("", "Latin"):
        return word
    if script == "Han" and language == "ja":
        return word
    if script in ("Han", "Hangul"):
        return _romanise_syllables(word, KOREAN_SURNAMES if script == "Hangul" else CHINESE_SURNAMES)
    spelled = _spell_word(_APOSTROPHES.sub("", fold_case(word)), script, language, country)
    if script in _CASED and word[:1].islower():
        return spelled
    shouted = len(word) > 1 and word.isupper()  # as many lists write family names
    return spelled.upper() if shouted else "-".join(map(_capitalise, spelled.split("-")))


def _spell_word(folded: str, script: str, language: str, country: str) -> str:
    if script == "Cyrillic":
        return romanise_cyrillic(folded, language)
    if script == "Greek":
        return romanise_greek(folded)
    if script == "Katakana":
        return find_foreign_name(folded) or romanise_kana(folded)
    if script == "Hiragana":
        return romanise_kana(folded)
    if script in ("Arabic", "Hebrew"):
        return romanise_consonants(folded, script, country)
    return anyascii(folded).replace("'", "").lower()


def _romanise_syllables(word: str, surnames: dict[str, str]) -> str:
    """A name written without blanks: its family name, where it is known as one, and its given name."""
    parts = [token.text for token in normalise_name(word, "", "", "", "", "", "person").tokens] or [word]
    family = surnames.get(parts[0], "") if len(parts) > 1 or len(word) == 1 else ""
    read = [_capitalise(anyascii(part).replace(" ", "").lower()) for part in parts]
    return " ".join([family or read[0], *read[1:]])


def _capitalise(word: str) -> str:
    return " ".join(part[:1].upper() + part[1:] for part in word.split(" "))


_LONGEST = 2
"""Letters that a row of a table has at most."""

_ACUTE, _DIAERESIS = "\u0301", "\u0308"
_GREEK_SPELLINGS = (
    (re.compile(f"(?<=[αεη])υ(?!{_DIAERESIS})(?=[θκξπσςτφχψ]|$)"), "φ"),
    (re.compile(f"(?<=[αεη])υ(?!{_DIAERESIS})"), "β"),
    (re.compile("^μπ|μπ$"), "b"),
)
"""What is spoken f, v and b (ELOT 743); a diaeresis parts the two vowels."""

_GLIDES = {"ゃ": "a", "ゅ": "u", "ょ": "o"}
_LONG_O = re.compile("o[ou](?![aeiou])")
_BEFORE_LIPS = re.compile("n(?=[bmp])")


def romanise_cyrillic(word: str, language: str) -> str:
    """A case-folded Cyrillic word by the rule of its language; by Russian's where there is none here."""
    table = CYRILLIC.get(language, CYRILLIC["ru"])
    starts, ends = CYRILLIC_STARTS.get(language, {}), CYRILLIC_ENDS.get(language, {})
    start, end = starts.get(word[:1], ""), next((ending for ending in ends if word.endswith(ending)), "")
    stem = word[1 if start else 0 : len(word) - len(end)]
    return start + "".join(_spell(stem, table)) + ends.get(end, "")


def romanise_greek(word: str) -> str:
    """A case-folded Greek word by the rule of Greek passports."""
    letters = unicodedata.normalize("NFD", word).replace(_ACUTE, "")
    for written, spoken in _GREEK_SPELLINGS:
        letters = written.sub(spoken, letters)
    return "".join(_spell(letters, GREEK))


def romanise_kana(word: str) -> str:
    """A word in hiragana or katakana by Hepburn's system as in Japanese passports: long o and u are not marked."""
    spelled, doubled = "", False
    for written in word:
        kana = chr(ord(written) - 96) if "ァ" <= written <= "ヶ" else written  # in hiragana
        if kana == "っ":
            doubled = True
        elif kana in _GLIDES:
            # ki and ya are kya, shi and ya are sha
            stem = spelled.removesuffix("i")
            spelled = (stem if stem.endswith(("sh", "ch", "j")) else stem + "y") + _GLIDES[kana]
        elif kana != "ー":
            sound = anyascii(kana).lower()
            spelled += ("t" if sound.startswith("ch") else sound[:1]) + sound if doubled else sound
            doubled = False
    return _BEFORE_LIPS.sub("m", _LONG_O.sub("o", spelled).replace("uu", "u"))


def _spell(letters: str, table: Mapping[str, str]) -> Iterator[str]:
    """Latin letters of each row that fits, the longest first; of a letter without one, what anyascii gives."""
    at = 0
    while at < len(letters):
        found = next((part for width in range(_LONGEST, 0, -1) if (part := letters[at : at + width]) in table), "")
        yield table[found] if found else anyascii(letters[at]).lower()
        at += len(found) or 1


_CANDIDATES = 48
"""Spellings that are weighed: mohamed is the 12th of what the letters of محمد alone make likely."""

_VARIANT_GAIN_CB = 300
"""What a spelling gains that the name data know at all; a frequent name gains by how frequent it is besides."""

_CLUSTERS = re.compile("{0}{{3,}}|^{0}{0}".format("(?:[cdgkstz]h|[bcdfghjklmnpqrstvwxz])"))
_CLUSTER_LOSS_CB = 150
"""What a run of consonants that nobody can speak costs: Belhaj before Blhaj. Chosen on development words."""

_FRENCH_SPEAKING = frozenset(("DJ", "DZ", "KM", "LB", "MA", "MR", "TD", "TN"))
"""Countries whose documents spell Arabic names for readers of French: Ouarzazi, Cherif, Youssef."""

_FRENCH_SPELLINGS = ((re.compile("sch|sh"), "ch"), (re.compile("w|oo"), "ou"), (re.compile("(?<![aeoq])u"), "ou"),
                     (re.compile("ee"), "i"), (re.compile("^j"), "dj"))  # fmt: skip
"""How they write the sounds of sh, w, u, ee and j."""

_ARTICLE = "ال"
_SERVANT = "عبدال"
_DIVINE = "الله"


def romanise_consonants(word: str, script: str, country: str = "") -> str:
    """A word in Arabic or Hebrew letters, case-folded and without vowel points; `country` as of name_language."""
    if script == "Hebrew":
        return HEBREW_NAMES.get(word) or _find_likeliest(word, script, french=False)
    french = country in _FRENCH_SPEAKING
    if word.endswith(_DIVINE):
        return _find_likeliest(word, script, french=french)
    if word.startswith(_SERVANT) and len(word) > len(_SERVANT) + 1:
        return f"abd {_join_article(word.removeprefix(_SERVANT), script, french=french)}"
    if word.startswith(_ARTICLE) and len(word) > len(_ARTICLE) + 1:
        return _join_article(word.removeprefix(_ARTICLE), script, french=french)
    return _find_likeliest(word, script, french=french)


def find_foreign_name(kana: str) -> str:
    """The Latin name that a word in katakana most likely stands for; "" unless the likeliest is a known name."""
    ranked = [(bits + _weigh_spelling(form), form) for bits, form in rank_forms(kana, "Katakana", _CANDIDATES)]
    best = max(ranked)[1]
    return best if _weigh_spelling(best) > 0 else ""


def _join_article(rest: str, script: str, *, french: bool) -> str:
    return ("el " if french else "al-") + _find_likeliest(rest, script, french=french)


@lru_cache(maxsize=16384)
def _find_likeliest(word: str, script: str, *, french: bool) -> str:
    ranked = rank_forms(word, script, _CANDIDATES)
    if french:
        for english, letters in _FRENCH_SPELLINGS:
            ranked = [(bits, english.sub(letters, form)) for bits, form in ranked]
    return max(ranked, key=lambda item: (item[0] + _weigh_spelling(item[1]), item[1]))[1]


def _weigh_spelling(form: str) -> int:
    """Hundredths of a bit for a spelling that is a name as people write it."""
    rarity = known_rarities().get(form)
    if rarity is not None:
        return CEILING - rarity + _VARIANT_GAIN_CB
    return _VARIANT_GAIN_CB if classes_of(form) else -_CLUSTER_LOSS_CB * len(_CLUSTERS.findall(form))
