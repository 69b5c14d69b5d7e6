"""What a training learnt, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.table import Table

from pipeline.matching.model_file import ModelFile
from pipeline.matching.training.reading import Cases
from pipeline.matching.training.run import Trained


def weight_table(file: ModelFile) -> Table:
    """All weights of the fields of which something was learnt, with their source."""
    shown = Table(
        "field", "level", "bits", "against companions", "source", title=f"Match weights of model {file.version}"
    )
    own = {f"{name} ({kind})": one for kind, some in file.own.items() for name, one in some.items()}
    for name, comparison in {**file.comparisons, **own}.items():
        if all(level.source == "reference" for level in comparison.levels) and not comparison.curve:
            continue
        for level in comparison.levels:
            shown.add_row(name, level.level, f"{level.bits / 100:+.1f}", _by_kind(level.companions), level.source)
        for at, bits in comparison.curve:
            shown.add_row(name, f"name bits {at / 100:+.1f}", f"{bits / 100:+.1f}", "", comparison.curve_source)
        if comparison.terms:
            common = min(comparison.terms, key=lambda value: comparison.terms[value])
            shown.add_row(
                name, f"most common: {common}", f"{comparison.terms[common] / 100:+.1f}", "", comparison.terms_source
            )
        shown.add_section()
    return shown


def _by_kind(companions: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {bits / 100:+.1f}" for kind, bits in companions.items())


def remarks(trained: Trained, file: ModelFile, cases: Cases) -> Iterator[str]:
    """What the table does not say."""
    companions = _by_kind(file.prior.companions)
    yield f"prior {file.prior.bits / 100:+.1f} bits, companions {companions} ({file.prior.source})"
    yield f"blocking keys at least {file.key_rarity / 100:.1f} bits rare"
    if not trained.learnt:
        yield "No entity type had enough records that meet: every weight is at its reference."
    for name in trained.kept:
        yield f"{name}: the data could not tell; it keeps its reference weights."
    for kind, found in trained.learnt.items():
        if not found.fits:
            yield f"{kind}: too few records to learn from; weights and prior stay at their reference."
        for rule, fit in found.fits.items():
            if not fit.converged:
                yield f"{kind}, {rule}: the estimate had not settled after {len(fit.log_likelihoods)} rounds."
    for kind, calibration in file.calibrations.items():
        yield f"calibration, {kind}: {calibration.source}"
    if cases.invalid:
        yield f"{cases.invalid} lines were no valid case record and were left out."
