"""`liaison batch compare`, `explain`, `train` and `model export`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import Annotated

import msgspec
import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.locale import LANGUAGES, SOURCE
from pipeline.matching.entity_pairs import PairError, explain_pair, names_alone, read_pair
from pipeline.matching.explain.breakdown import svg as chart
from pipeline.matching.explain.breakdown import text
from pipeline.matching.explain.explaining import explain_entities
from pipeline.matching.explain.wording import legend
from pipeline.matching.model import Model, generation_id, load_model
from pipeline.matching.model_file import ModelFile, encode_editable_model, encode_model
from pipeline.matching.training.calibration import calibrate_model
from pipeline.matching.training.pairs import Budget
from pipeline.matching.training.reading import Cases, read_cases
from pipeline.matching.training.run import Trained, key_rarity
from pipeline.matching.training.run import train as learn
from pipeline.progress_bars import show_progress

CasesArgument = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, help="Case records, one JSON per line.")
]
Pairs = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False, allow_dash=True, help='One {"a": entity, "b": entity} per line; - for stdin.'
    ),
]
ModelPath = Annotated[Path | None, typer.Option("--model", exists=True, dir_okay=False, help="Matching model to use.")]

TICK = 500
"""Pairs or records between two steps of the progress bar."""


def compare(pairs: Pairs, model: ModelPath = None) -> None:
    """Score pairs of entities: one JSON object per line with probability, score (hundredths of a bit), band, evidence.

    `names` is what the names alone say, as in screening: the share that agrees, and whether it is enough. A line
    without two entities gives {"error": ...}; the command then exits with 1.
    """
    loaded, failed = load_model(model), 0
    for line in _read_lines(pairs):
        try:
            a, b = read_pair(line)
        except PairError as error:
            failed += 1
            answer: dict[str, object] = {"error": str(error)}
        else:
            found = explain_entities((a,), (b,), loaded)
            items = [item for part in found.entities for item in part.items]
            answer = {"probability": found.probability, "score": found.score, "band": found.band, "evidence": items}
            answer["names"] = names_alone(a, b)
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    if failed:
        raise LiaisonError(f"{failed} lines do not hold two entities")


def explain_pairs(
    pairs: Pairs,
    model: ModelPath = None,
    language: Annotated[str, typer.Option(help=f"Language of the text: {', '.join(LANGUAGES)}.")] = SOURCE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the full explanations, one JSON per line.")] = False,
    svg: Annotated[Path | None, typer.Option(help="Folder for one waterfall chart per pair.")] = None,
) -> None:
    """Explain pairs of entities in words: every comparison, its weight, and what would change the result."""
    if language not in LANGUAGES:
        raise LiaisonError(f"unknown language: {language}; choose {', '.join(LANGUAGES)}")
    loaded = load_model(model)
    here = generation_id(loaded, from_environment().correlate_partitions)
    for number, line in enumerate(_read_lines(pairs), start=1):
        try:
            found = explain_pair(line, loaded, here)
        except PairError as error:
            raise LiaisonError(f"line {number}: {error}") from error
        if svg is not None:
            svg.mkdir(parents=True, exist_ok=True)
            (svg / f"{number}.svg").write_text(chart(found, language), encoding="utf-8")
        typer.echo(msgspec.json.encode(found) if as_json else text(found, language) + "\n")
    if not as_json:
        typer.echo(legend(language))


def train(
    files: CasesArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="Output file for the model.")],
    labels: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="CSV: case_a, case_b, match (1 or 0); calibrates.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed for drawing training pairs.")] = 1,
    version: Annotated[str, typer.Option("--version", help="Name of the model version.")] = "trained",
    general: Annotated[
        bool, typer.Option("--general", help="Leave out what is specific to these records, for use on other records.")
    ] = False,
    serve: Annotated[
        int, typer.Option("--cases", min=0, help="Number of cases the model will serve; 0: as many as given.")
    ] = 0,
    within: Annotated[
        bool, typer.Option("--within", help="The model will also judge pairs of the same country, as with correlate.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the facts of the training as one JSON object.")
    ] = False,
) -> None:
    """Learn a model from case records without labels: m and u of each level, term frequencies, the prior."""
    with show_progress() as bar:
        cases = _read_cases(files, bar)
        if not cases.prints:
            raise LiaisonError("the files contain no valid case record")
        budget, tick = Budget(seed=seed), partial(_make_ticker, bar)
        countries = {} if within else cases.countries_by_type()
        trained = learn(cases.by_type(), version, budget, tick, general=general, cases=serve, countries=countries)
        file = trained.file if labels is None else calibrate_model(trained.file, cases, _read_rows(labels))
    output.write_bytes(encode_model(file) + b"\n")
    if as_json:
        typer.echo(msgspec.json.encode(file.training))
    else:
        _print_training(trained, file, cases)


def export_model(
    output: Annotated[Path, typer.Option("--output", "-o", help="Output file for the model; one that is there stays.")],
    model: ModelPath = None,
    serve: Annotated[
        int, typer.Option("--cases", min=0, help="Number of cases the model will serve; 0: key_rarity stays.")
    ] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print digest, generation and key_rarity as one JSON object.")
    ] = False,
) -> None:
    """Write the shipped model, or that of --model, to a file: to plan it for a size, to edit it, to keep it.

    --cases sets how rare blocking keys must be (key_rarity) so that a new case meets about as many others as before.
    The file has shared_phones, shared_emails and shared_addresses to add to: what everybody has and is no evidence. Use
    it as LIAISON_MODEL before the first `liaison topics apply`, or with `liaison ops generation build --model`.

    The digest is of what the model says: two files with one digest make the same links.
    """
    made = load_model(model)
    if serve:
        made = Model(msgspec.structs.replace(made.file, key_rarity=key_rarity(serve)))
    if output.exists():
        raise LiaisonError(f"{output} is there already; name another file")
    output.write_bytes(encode_editable_model(made.file) + b"\n")
    generation = generation_id(made, from_environment().correlate_partitions)
    if as_json:
        facts = {"digest": made.content_hash, "generation": generation, "key_rarity": made.key_rarity}
        typer.echo(orjson.dumps(facts))
        return
    typer.echo(
        f"model {made.version} written to {output}: blocking keys at least {made.key_rarity / 100:.1f} bits rare, "
        f"digest {made.content_hash}, makes generation {generation}"
    )


def _read_lines(path: Path) -> Iterator[bytes]:
    if str(path) == "-":
        yield from (line for line in sys.stdin.buffer if line.strip())
        return
    with path.open("rb") as lines:
        yield from (line for line in lines if line.strip())


def _read_cases(files: list[Path], bar: Progress) -> Cases:
    task = bar.add_task("cases", total=sum(file.stat().st_size for file in files))

    def lines() -> Iterator[bytes]:
        for file in files:
            for line in _read_lines(file):
                bar.advance(task, len(line))
                yield line

    return read_cases(lines())


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as text:
        return list(csv.DictReader(text))


def _make_ticker(bar: Progress, what: str, total: int) -> Callable[[], None]:
    """Moves the bar once in a while: a call per pair would cost more than the pair."""
    task, seen = bar.add_task(what, total=total), count(1)

    def tick() -> None:
        if next(seen) % TICK == 0:
            bar.advance(task, TICK)

    return tick


def _print_training(trained: Trained, file: ModelFile, cases: Cases) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(weight_table(file))
    for remark in remarks(trained, file, cases):
        console.print(remark)


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
