"""Questions that no investigator asks: other systems' query syntax, control characters, very long ones."""

from __future__ import annotations

QUESTIONS = (
    "name:* OR 1=1", '"unclosed', "a AND (b OR", "/re.*gex/", "field:[* TO *]", "~0.8^10", "\\", "{}[]!&&||", "born:x",
    "ivan\x00petrov\x1b[31m", "\u202eivan", "\ud7ff\U0010ffff", "é" * 999, "x" * 10_000, " ", "1" * 500, "*?*?" * 100,
    "'; DROP INDEX cases; --", "${jndi:ldap://x}", "a " * 400, '{"match_all":{}}', "_exists_:data", "plate:????*",
)  # fmt: skip

BODIES = (
    b"[" * 100_000,
    b'{"question":' * 10_000,
    b"\xff",
    b"",
    b"null",
    b'{"question": NaN}',
    b'{"filters":{"offences":[[',
)
"""Bodies that are no JSON, or JSON that is too deep."""
