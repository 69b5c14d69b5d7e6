"""`liaison ops plan`: what an installation of some size needs, by calculation from measured constants.

`make bench-scale` measures the constants and writes them to plan.json. All functions are pure. Sizes are in bytes,
times in seconds, CPU in seconds of one core of the machine that docs/benchmarks/scale.json names.
"""

from __future__ import annotations

import math
from importlib.resources import files
from typing import Annotated, Any, Final

import msgspec
import typer
import yaml
from rich.table import Table

from pipeline.ops.command_output import JsonObjectOption, print_json
from pipeline.progress_bars import table_console
from pipeline.settings import Settings

LEAST_PARTITIONS: Final = 4
"""Of a small installation, as the settings have it."""

CASES_OF_A_HOME: Final = 1_000_000
"""Cases that are at home in one partition, at most: so a lost store is rebuilt within minutes. A store could number
2 ** 32 cases."""

BUSY: Final = 0.5
"""The share of a core that is used at the rate planned for; the rest is for peaks and for catching up."""

SPARE_WORKERS: Final = 2
"""Workers of each stage, at least: one goes on while another is replaced."""

LANES_OF_A_WORKER: Final = 64
"""Partitions that one correlate worker runs, at most."""

MERGING: Final = 1.5
"""Disk of meeting places, times what their entries take at rest: merges write new runs before old ones go."""

WEEK_S: Final = 7 * 86_400
"""How long national topics keep what they received."""

INDEX_COPIES: Final = 2
"""Copies of the index, the first included."""

LARGE_BATCHES: Final = 4
"""Record batches of the largest size that a worker holds at once, at most: a limit of memory allows for them."""
BATCH_BYTES: Final[int] = Settings.model_fields["max_batch_bytes"].default
"""What one batch may inflate to (LIAISON_MAX_BATCH_BYTES)."""

ROW_BYTES: Final = 1000
"""Of a case in the stores of intake and project: a bound, not measured."""

LEAST_CORES: Final = 0.25
"""What a worker is promised, however little it has to do: it starts, and catches up."""

MIB: Final = 1 << 20
GIB: Final = 1 << 30
MEMORY_STEP: Final = 64 * MIB
LEAST_STORAGE: Final = 2 * GIB


class Constants(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a case costs, as measured; in us: microseconds of one core's CPU, Kafka's and Elasticsearch's aside."""

    keys: float
    """Blocking keys of a case."""
    intake_us: float
    """Of a case in intake, its Kafka clients included."""
    correlate_us: float
    """Of a case in correlate, its Kafka clients included, without its postings."""
    posting_us: float
    """Of each posting of a case: written, fetched, met."""
    candidate_us: float
    """Of each further case that a case meets under its keys, in correlate."""
    candidates: float
    """Cases that a case meets as long as its keys may get rarer with the cases that are held."""
    sparse_cases: float
    """Cases held up to which they may: beyond, so many true pairs would share no key that the model's keys stay as they
    are, and a case meets others in proportion."""
    project_us: float
    """Of a case in project, its clients included."""
    message_bytes: float
    """In Kafka, of a case's message in a national topic, which is kept for a week."""
    record_bytes: float
    """In Kafka, of a case in all other topics of records, without its postings."""
    posting_bytes: float
    """In Kafka, of a posting without its keys."""
    key_bytes: float
    """In Kafka, of a key in a posting."""
    home_bytes: float
    """On disk, of a case at its home."""
    row_bytes: float
    """On disk, of a case at each of its meeting places."""
    entry_bytes: float
    """On disk, of a case under one of its keys."""
    worker_mb: float
    """Private memory of a worker, in megabytes, without its partitions."""
    partition_mb: float
    """Private memory of each partition of a correlate worker, in megabytes; it does not grow with the cases."""
    index_bytes: float
    """In one copy of the index, of a case with its links."""


class InstallationPlan(msgspec.Struct, frozen=True):
    """What an installation needs. Memory is private memory; what else there is keeps the stores' pages warm."""

    cases: int
    rate: float
    replication: int
    partitions: int
    postings: float
    """Partitions that hold a posting of a case, on average."""
    candidates: float
    """Cases that a case meets under its keys, on average."""
    cpu_s: float
    """CPU of a case in all stages, in seconds."""
    workers: dict[str, int]
    """Of each stage."""
    cores: float
    """Of all workers, half of each kept free."""
    memory_bytes: float
    """Of all workers."""
    stores_bytes: float
    """Local disks of the correlate workers, in all."""
    kafka_bytes: float
    """Disks of the brokers in all, replicas included."""
    index_bytes: float
    """Disks of Elasticsearch in all, copies included."""
    loading_s: float
    """CPU to take in all cases once, in seconds."""


def read_constants() -> Constants:
    """The constants that this version was measured with."""
    return msgspec.json.decode(files("pipeline.ops").joinpath("plan.json").read_bytes(), type=Constants)


def plan_installation(
    cases: int, rate: float, replication: int, constants: Constants, partitions: int | None = None
) -> InstallationPlan:
    """What is needed to hold so many cases, and to take in `rate` of them a second at the peak.

    `replication` is the number of copies of each of Kafka's records. Without `partitions`, as many as cases and workers
    need: a power of two, so that the next larger number doubles it.
    """
    candidates = count_candidates(cases, constants)
    chosen = partitions or count_partitions(cases, rate, constants)
    postings = count_postings(constants.keys, chosen)
    cpu = stage_cpu(postings, candidates, constants)
    workers = count_workers(rate, cpu, chosen)
    kept = constants.record_bytes + constants.posting_bytes * postings + constants.key_bytes * constants.keys
    places = MERGING * constants.entry_bytes * constants.keys + constants.row_bytes * postings
    received = min(rate * WEEK_S, cases) * constants.message_bytes
    return InstallationPlan(
        cases=cases,
        rate=rate,
        replication=replication,
        partitions=chosen,
        postings=postings,
        candidates=candidates,
        cpu_s=sum(cpu.values()),
        workers=workers,
        cores=rate * sum(cpu.values()) / BUSY,
        memory_bytes=1e6 * (sum(workers.values()) * constants.worker_mb + chosen * constants.partition_mb),
        stores_bytes=cases * (constants.home_bytes + places),
        kafka_bytes=replication * (cases * kept + received),
        index_bytes=INDEX_COPIES * cases * constants.index_bytes,
        loading_s=cases * sum(cpu.values()),
    )


def count_postings(keys: float, partitions: int) -> float:
    """How many partitions own at least one of a case's keys, which fall on them at random."""
    return partitions * (1 - math.pow(1 - 1 / partitions, keys))


def count_candidates(cases: int, constants: Constants) -> float:
    """How many others a case meets where so many are held, by a model whose keys are as rare as they may be."""
    return constants.candidates * max(1.0, cases / constants.sparse_cases)


def stage_cpu(postings: float, candidates: float, constants: Constants) -> dict[str, float]:
    """CPU of a case in each stage, in seconds."""
    met = constants.candidate_us * (candidates - constants.candidates)
    correlate = constants.correlate_us + constants.posting_us * postings + met
    return {"intake": constants.intake_us / 1e6, "correlate": correlate / 1e6, "project": constants.project_us / 1e6}


def count_partitions(cases: int, rate: float, constants: Constants) -> int:
    """Partitions of a generation: a power of two, by the cases of a home and twice the workers at the rate."""
    most = stage_cpu(constants.keys, count_candidates(cases, constants), constants)["correlate"]
    wanted = max(LEAST_PARTITIONS, cases / CASES_OF_A_HOME, 2 * rate * most / BUSY)
    return 1 << math.ceil(math.log2(wanted))


def count_workers(rate: float, cpu: dict[str, float], partitions: int) -> dict[str, int]:
    """Workers of each stage, of one core each, at a rate of cases a second."""
    workers = {stage: max(SPARE_WORKERS, math.ceil(rate * seconds / BUSY)) for stage, seconds in cpu.items()}
    workers["correlate"] = max(workers["correlate"], math.ceil(partitions / LANES_OF_A_WORKER))
    return workers


def chart_values(plan: InstallationPlan, constants: Constants) -> dict[str, Any]:
    """The sizes of an installation as values of the Helm chart (deploy/helm/liaison).

    A worker is promised the memory that is its own, and of the page cache its share of what each key of a new case is
    looked up in. It may take what is needed while one worker of its stage is away, whose part the others do.
    """
    cpu = stage_cpu(plan.postings, plan.candidates, constants)
    looked_up = plan.cases * constants.keys * constants.entry_bytes
    cached = {"intake": 0.0, "correlate": looked_up, "project": 0.0}
    stored = {"intake": plan.cases * ROW_BYTES, "correlate": plan.stores_bytes, "project": plan.cases * ROW_BYTES}
    stages = {}
    for stage, workers in plan.workers.items():
        left = max(1, workers - 1)
        private = 1e6 * constants.worker_mb
        lanes = 1e6 * constants.partition_mb * plan.partitions if stage == "correlate" else 0.0
        promised = private + (lanes + cached[stage]) / workers
        most = private + LARGE_BATCHES * BATCH_BYTES + (lanes + cached[stage]) / left
        stages[stage] = {
            "replicas": workers,
            "resources": {
                "requests": {
                    "cpu": _format_cores(max(LEAST_CORES, plan.rate * cpu[stage] / BUSY / workers)),
                    "memory": _format_step(promised, MEMORY_STEP, MIB, "Mi"),
                },
                "limits": {"memory": _format_step(most, MEMORY_STEP, MIB, "Mi")},
            },
            "storage": _format_step(max(LEAST_STORAGE, stored[stage] / left), GIB, GIB, "Gi"),
        }
    of_cases = 1 << math.ceil(math.log2(max(LEAST_PARTITIONS, 2 * plan.workers["intake"], 2 * plan.workers["project"])))
    return {
        "kafka": {"replicationFactor": plan.replication},
        "partitions": {"cases": of_cases, "correlate": plan.partitions},
        "stages": stages,
    }


def _format_cores(cores: float) -> str:
    return f"{50 * math.ceil(20 * cores)}m"


def _format_step(size: float, step: int, unit: int, name: str) -> str:
    """A size as Kubernetes writes it, rounded up to whole steps."""
    return f"{math.ceil(size / step) * step // unit}{name}"


def format_size(size: float) -> str:
    """Memory or disk space for people, of two digits."""
    for unit, length in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9)):
        if size >= length:
            return f"{float(f'{size / length:.2g}'):g} {unit}"
    return f"{float(f'{size / 1e6:.2g}'):g} MB"


def format_cpu(seconds: float) -> str:
    """CPU time for people."""
    for unit, length in (("core-days", 86_400), ("core-hours", 3_600), ("core-minutes", 60)):
        if seconds >= length:
            return f"{float(f'{seconds / length:.2g}'):g} {unit}"
    return f"{seconds:.0f} core-seconds"


def plan_lines(plan: InstallationPlan) -> list[tuple[str, str]]:
    """What is needed and how much of it, for people."""
    return [
        ("partitions of correlate", f"{plan.partitions:,}"),
        ("partitions that know a case", f"{plan.postings:.1f}"),
        ("cases that a case meets", f"{plan.candidates:,.0f}"),
        ("CPU of a case in all stages", f"{1000 * plan.cpu_s:.2g} ms"),
        *((f"workers, {stage}", f"{count:,}") for stage, count in plan.workers.items()),
        ("cores of all workers", f"{plan.cores:.2g}"),
        ("private memory of all workers", format_size(plan.memory_bytes)),
        ("local stores", format_size(plan.stores_bytes)),
        ("Kafka, all replicas", format_size(plan.kafka_bytes)),
        ("Elasticsearch, all copies", format_size(plan.index_bytes)),
        ("taking in all cases once", format_cpu(plan.loading_s)),
    ]


def show_plan(
    cases: Annotated[float, typer.Option("--cases", min=1, help="Cases held, for example 50e6.")],
    rate: Annotated[float, typer.Option("--rate", min=0, help="Cases a second at the peak.")] = 10.0,
    replication: Annotated[int, typer.Option("--replication", min=1, help="Copies of each record in Kafka.")] = 3,
    partitions: Annotated[
        int | None, typer.Option("--partitions", min=1, help="Partitions of correlate, if not those that it suggests.")
    ] = None,
    as_values: Annotated[
        bool, typer.Option("--values", help="Print values for the Helm chart (YAML) that hold these sizes.")
    ] = False,
    as_json: JsonObjectOption = False,
) -> None:
    """Compute what a planned installation needs: partitions, workers, memory, disks, Kafka and Elasticsearch.

    It calculates, from what `make bench-scale` measured on one machine with made-up cases: docs/scale.md says what was
    measured and what was not. --json gives bytes and seconds, --values what deploy/helm/liaison takes.
    """
    plan = plan_installation(round(cases), rate, replication, read_constants(), partitions)
    if as_values:
        typer.echo(yaml.safe_dump(chart_values(plan, read_constants()), sort_keys=False), nl=False)
        return
    if as_json:
        print_json(plan)
        return
    title = f"{plan.cases:,} cases held, {plan.rate:g} a second, {plan.replication} copies in Kafka"
    table = Table("needed", title=title)
    table.add_column("", justify="right")
    for name, value in plan_lines(plan):
        table.add_row(name, value)
    table_console().print(table)
