"""Links as the demo finds them, each with an explanation of one agreement."""

from __future__ import annotations

import msgspec

from pipeline.correlation.claims import ClaimSide, ClaimState
from pipeline.index.documents import LinkDocument
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.explanation import EntityEvidence, Explanation, Item


def demo_link(
    number: int, score: int, name: tuple[str, str] = ("a", "a"), kind: str = "person", basis: Basis = Basis.SAME
) -> LinkDocument:
    item = Item("name" if kind == "person" else "plate", "same", *name, 1_000)
    entity = EntityEvidence(kind, kind, "a#1", "b#1", (item,), 1_000, 1_000)
    evidence = Explanation(-1_700, 0, 0, (entity,), score, 0.9, Band.PROBABLE, (), "model", "hash", basis=basis)
    a, b = ClaimSide(f"a:{number}", 1, country="FR"), ClaimSide(f"b:{number}", 1, country="BE")
    return LinkDocument(
        link=f"{number:032x}",
        state=ClaimState.LIVE,
        generation="g",
        cases=(a.case, b.case),
        a=a,
        b=b,
        score=score,
        probability=0.9,
        band=Band.PROBABLE,
        evidence=msgspec.to_builtins(evidence),
    )
