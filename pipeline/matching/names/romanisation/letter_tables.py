"""Which Latin letters stand for one letter, by the rule that a country's travel documents follow."""

from __future__ import annotations

from pipeline.records.romanised import ICAO_CYRILLIC

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
