from __future__ import annotations

from pipeline.feeds.known_versions import KnownVersions
from pipeline.records.versions import KnownVersion


def test_the_last_version_kept_of_a_case_is_what_is_known_of_it() -> None:
    known = KnownVersions()
    assert known.find("a:1") is None
    known.keep("a:1", KnownVersion(1, "x"))
    known.keep("a:2", KnownVersion(2**53 - 1, "y"))
    known.keep("a:1", KnownVersion(3, "z"))
    assert known.find("a:1") == KnownVersion(3, "z")
    assert known.find("a:2") == KnownVersion(2**53 - 1, "y")
