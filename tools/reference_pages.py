"""Writes docs/reference/ from the catalogues in the code: settings, topics, metrics, rejection reasons, ways out.

`make reference` writes the pages; tests/unit/test_reference_pages.py fails while one of them is out of date.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from enum import EnumType
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import yaml
from asyncapi_contract import LAYOUTS
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from ways_out import DUTIES, list_ways_out

from pipeline import settings
from pipeline.api import answering
from pipeline.api import metrics as server_metrics
from pipeline.api.routes import table
from pipeline.environment import ENVIRONMENT_PREFIX
from pipeline.records import messages
from pipeline.records.hashing import partition_of
from pipeline.streams.catalogues import metrics as worker_metrics
from pipeline.streams.catalogues import rights, topics
from pipeline.streams.catalogues.metrics import BlockSizes
from pipeline.streams.catalogues.topics import Topic
from pipeline.streams.runtime import faults

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "reference"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"

CHART = ROOT / "deploy" / "helm" / "liaison"
CHART_SCHEMA = CHART / "values.schema.json"
NOT_IN_A_POD = re.compile(
    "home|model|offline|metrics_port|api_(host|port|url|ca_file)|engine_.*|.*_(heap|keystore_file)|(kafka|elasticsearch)_port"
    "|people_file"
)
"""Settings that the image gives, that commands' words give, that mean nothing in a pod, or for whose file the
chart has no volume."""

PLAIN = settings.Settings(namespace="")
AGENCY = "agency"

NOTE = "<!-- Made by `make reference`: change {source} instead. -->"


class MetricRow(NamedTuple):
    """One instrument as Prometheus shows it; `alerts` are the rules that read it."""

    name: str
    type: str
    labels: tuple[str, ...]
    sentence: str
    alerts: tuple[str, ...]


def write_pages(folder: Path = PAGES) -> None:
    """Write every page into a folder."""
    for name, text in make_pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def write_chart_schema(path: Path = CHART_SCHEMA) -> None:
    """Write which settings the chart's value `settings` takes into the schema of its values."""
    path.write_text(make_chart_schema(path), encoding="utf-8")


def make_chart_schema(path: Path = CHART_SCHEMA) -> str:
    """The schema of the chart's values, with the names of settings for which there is no other value and no Secret."""
    held = json.loads(path.read_text(encoding="utf-8"))
    templates = "".join(file.read_text(encoding="utf-8") for file in (CHART / "templates").iterdir())
    rest = {
        variable_of(name)
        for name, field in settings.Settings.model_fields.items()
        if not NOT_IN_A_POD.fullmatch(name) and field.annotation is not SecretStr
    }
    held["properties"]["settings"]["propertyNames"]["enum"] = sorted(
        rest - set(re.findall("LIAISON_[A-Z_]+", templates))
    )
    return json.dumps(held, indent=2, ensure_ascii=False) + "\n"


def make_pages() -> dict[str, str]:
    """Each generated page's text by its file name."""
    return {
        "settings.md": _settings_page(),
        "topics.md": _topics_page(),
        "metrics.md": _metrics_page(),
        "rejection-reasons.md": _reasons_page(),
        "ways-out.md": _ways_out_page(),
    }


def _page(title: str, sources: Iterable[ModuleType], lead: str, *parts: str) -> str:
    files = [str(Path(str(module.__file__)).relative_to(ROOT)) for module in sources]
    links = " and ".join(f"[{file.removeprefix('pipeline/')}](../../{file})" for file in files)
    source = f"The source is {links}." if len(files) == 1 else f"The sources are {links}."
    note = NOTE.format(source=" and ".join(files))
    return "\n\n".join([f"# {title}", note, f"{lead} {source}", *parts]) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def attribute_docstrings(owner: ModuleType | type) -> dict[str, str]:
    """The sentence under each assignment of a module or class, by the name that is assigned, on one line."""
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    match body:
        case [ast.ClassDef(body=members)]:
            body = members
    found = {}
    for statement, after in itertools.pairwise(body):
        target = _assigned_name(statement)
        if target and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[target] = " ".join(str(after.value.value).split())
    return found


def _assigned_name(statement: ast.stmt) -> str:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


# Settings


def _settings_page() -> str:
    sentences = attribute_docstrings(settings.Settings)
    rows = [
        (f"`{variable_of(name)}`", _default(field), sentences[name].replace("None:", "unset:"))
        for name, field in settings.Settings.model_fields.items()
    ]
    lead = (
        "Every setting is an environment variable. A value that can't be used ends the command with a line that names "
        "the variable. [deploy/README.md](../../deploy/README.md) says which of them an installation needs."
    )
    return _page("Settings", [settings], lead, _table(("variable", "default", "what it sets"), rows))


def variable_of(field: str) -> str:
    """The environment variable of a field of Settings."""
    return ENVIRONMENT_PREFIX + field.upper()


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "by platform"
    value = field.default
    text = value.get_secret_value() if isinstance(value, SecretStr) else "" if value is None else str(value)
    return f"`{text}`" if text else ""


# Topics


def _topics_page() -> str:
    parts = [_topic_section(topic) for topic in topics.CATALOGUE]
    lead = (
        "Every Kafka topic, without the namespace of the installation. Keys are UTF-8 text and values JSON, but where "
        "a topic says that they are bytes. "
        "[asyncapi.yaml](../../schemas/asyncapi.yaml) says the same to machines, "
        "[streams.md](../streams.md#topics) what the topics are for."
    )
    return _page("Topics", [topics, rights], lead, _topic_table(), _client_section(), *parts)


def _topic_table() -> str:
    rows = [
        (
            f"[`{topic.pattern}`](#{_anchor(topic.pattern)})",
            topic.key or "none",
            IN_SHORT.get(topic.pattern, "the only one"),
            _users(topic, "writes"),
            _readers(topic),
        )
        for topic in topics.CATALOGUE
    ]
    return "\n".join(
        [
            "## At a glance",
            "",
            "A stage in **bold** works through the topic: it acts on each message. The others look up what they need.",
            "",
            _table(("topic", "key", "partition of a message", "written by", "read by"), rows),
        ]
    )


def _anchor(pattern: str) -> str:
    """The anchor of a topic's section, as it is made of the heading."""
    return re.sub(r"[^\w -]", "", pattern).replace(" ", "-")


def _readers(topic: Topic) -> str:
    named = [f"`{stage}`" for stage in topic.consumers]
    return ", ".join(f"**{user}**" if user in named else user for user in _users(topic, "reads").split(", "))


LIBRDKAFKA_LOGIN = """\
bootstrap.servers=${LIAISON_KAFKA_URL}
security.protocol=${LIAISON_KAFKA_SECURITY_PROTOCOL}
sasl.mechanism=${LIAISON_KAFKA_SASL_MECHANISM}
sasl.username=${LIAISON_KAFKA_USERNAME}
sasl.password=${LIAISON_KAFKA_PASSWORD}
ssl.ca.location=${LIAISON_KAFKA_CA_FILE}"""
LIBRDKAFKA_PRODUCER = f"""\
{LIBRDKAFKA_LOGIN}
partitioner=murmur2_random
enable.idempotence=true
transactional.id=${{LIAISON_NAMESPACE}}feed.fr-pj.register"""
LIBRDKAFKA_CONSUMER = f"""\
{LIBRDKAFKA_LOGIN}
group.id=${{LIAISON_NAMESPACE}}feed.fr-pj.receipts
isolation.level=read_committed
auto.offset.reset=earliest"""

SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required"
CLIENTS = (
    (
        "librdkafka (confluent-kafka for Python, Go and .NET, node-rdkafka)",
        "set `partitioner=murmur2_random`: the default sends 3 of 4 messages to another of 4 partitions",
        "`read_committed` is the default",
        "as above",
    ),
    (
        "Java",
        "the default, for messages with a key",
        "set `isolation.level=read_committed`",
        f'`sasl.jaas.config={SCRAM_LOGIN} username="..." password="...";`',
    ),
    (
        "kafkajs",
        "set `createPartitioner: Partitioners.DefaultPartitioner`, which is murmur2 as Java's since version 2",
        "the default (`readUncommitted: false`)",
        '`ssl: {ca: [...]}`, `sasl: {mechanism: "scram-sha-256", username: "...", password: "..."}`',
    ),
    (
        "kafka-python",
        "the default",
        'set `isolation_level="read_committed"`',
        "`security_protocol`, `sasl_mechanism`, `sasl_plain_username`, `sasl_plain_password`, `ssl_cafile`",
    ),
    (
        "aiokafka",
        "the default",
        'set `isolation_level="read_committed"`',
        "as kafka-python, but `ssl_context` in place of `ssl_cafile`",
    ),
)
"""Kafka clients: which partitioner is murmur2, what reads committed messages alone, how one logs in."""

CERTIFICATE_LOGIN = (
    "**login by a certificate**, where the brokers know you by one (`SSL`): librdkafka `ssl.certificate.location` and"
    " `ssl.key.location`; Java `ssl.keystore.type=PEM` and `ssl.keystore.location`; kafka-python `ssl_certfile` and"
    " `ssl_keyfile`; aiokafka by its `ssl_context`."
)
BEARER_LOGIN = (
    "**login by a token** (`OAUTHBEARER`): librdkafka `sasl.oauthbearer.method=oidc` with `.client.id`,"
    " `.client.secret` and `.token.endpoint.url`; Java `sasl.login.callback.handler.class` with"
    " `sasl.oauthbearer.token.endpoint.url`; kafka-python and aiokafka `sasl_oauth_token_provider`."
)

SAMPLE_KEYS = ("fr-pj:1", "fr-pj:3", "fr-pj:2026-0001")
SAMPLE_PARTITIONS = 4


def _client_section() -> str:
    """What a client that is not ours has to be told; tests/integration/streams/test_rights.py goes by its blocks."""
    samples = ", ".join(f"`{key}` lies in {partition_of(key.encode(), SAMPLE_PARTITIONS)}" for key in SAMPLE_KEYS)
    place = "murmur2 of the key mod the number of partitions, as Java's client has it"
    names = "groups and transactional ids begin with `${LIAISON_NAMESPACE}feed.<agency>.`; Kafka refuses others"
    rules = (
        "**topic**: `cases.{agency}` of this page is `${LIAISON_NAMESPACE}cases.fr-pj`.",
        "**key**: the case key, `<agency>:<case_id>` in UTF-8, in every message; **value**: the record as JSON.",
        f"**partition**: {place}. A message elsewhere is rejected as `misrouted`.",
        f"Of {SAMPLE_PARTITIONS} partitions, {samples}.",
        "**headers**: none. `liaison-origin` is an operator's, who sends a message again.",
        f"**names**: {names}. A transactional id is for one process at a time.",
        "`transactional.id` may be left out: what is sent twice is a `duplicate`.",
        "**isolation**: `read_committed`. Else a client reads messages of transactions that were aborted.",
        "**compression**: none, gzip, snappy, lz4 or zstd.",
        CERTIFICATE_LOGIN,
        BEARER_LOGIN,
    )
    lead = (
        "Any Kafka client will do. `${...}` is what `liaison ops agency add fr-pj --credentials FILE` writes. Where it"
        " names no CA, `ssl.ca.location` is left out; where it names no namespace, that is empty. With librdkafka, to"
        " send:"
    )
    return "\n".join(
        [
            *("## Clients of an agency", "", lead, ""),
            *("```properties", LIBRDKAFKA_PRODUCER, "```", "", "and to read receipts or hits:", ""),
            *("```properties", LIBRDKAFKA_CONSUMER, "```", ""),
            *(f"- {rule}" for rule in rules),
            *("", "| client | partitioner | isolation | login |", "|---|---|---|---|"),
            *(f"| {' | '.join(row)} |" for row in CLIENTS),
        ]
    )


def _topic_section(topic: Topic) -> str:
    facts = [
        ("key", topic.key or "none: it holds no messages"),
        ("partitions", PARTITIONS[topic.count]),
        ("partition of a message", PARTITIONERS.get(topic.pattern) or ONE_PARTITION[topic.count]),
        ("kept", _retention(topic)),
        ("largest message", f"{topic.max_bytes / topics.MIB:g} MiB"),
        ("personal data", topic.erasure if topic.personal else "none"),
        ("in a backup", "yes" if topic.backed_up else "no"),
        ("written by", _users(topic, "writes")),
        ("read by", _users(topic, "reads")),
        ("worked through by", ", ".join(f"`{stage}`" for stage in topic.consumers) or "no stage"),
    ]
    if topic.schema:
        file = f"{topic.schema}.schema.json"
        facts.insert(1, ("value", f"[{file}](../../schemas/{file})"))
    if topic.layout:
        facts[0:1] = _tell_layouts(topic)
    lines = (f"- **{name}**: {value}" for name, value in facts)
    return "\n".join([f"## `{topic.pattern}`", "", topic.description, "", *lines])


def _tell_layouts(topic: Topic) -> list[tuple[str, str]]:
    """The key and the value of each message of a topic of bytes."""
    return [
        (f"`{name}`, {what}", "; ".join(part.tell() for part in parts))
        for name, layout in LAYOUTS[topic.layout].items()
        for what, parts in (("key", layout.key), ("value", layout.value))
    ]


PARTITIONS = {
    topics.Count.CASES: f"as `{variable_of('case_partitions')}` says",
    topics.Count.HOMES: f"as `{variable_of('correlate_partitions')}` says",
    topics.Count.PROGRESS: str(topics.PROGRESS_PARTITIONS),
    topics.Count.ONE: "1",
}


PARTITIONERS = {
    topics.CASES.pattern: "murmur2 of the key, modulo their number, as Java's client has it; elsewhere it is rejected",
    topics.EXPIRIES.pattern: "murmur2 of the key, modulo their number: that of the case's messages",
    topics.RECEIPTS.pattern: "that of the message which it answers",
    topics.REJECTED.pattern: "that of the message which was rejected, modulo their number",
    topics.ACCEPTED.pattern: "that of the message which was accepted, so of one case always the same",
    topics.FINGERPRINTS.pattern: "the case's home: the 128-bit BLAKE2b hash of its key, modulo their number",
    topics.POSTINGS.pattern: "the one that owns the posting's keys: each key modulo their number",
    topics.PAIRS.pattern: "an ask to the home of case B, an answer to the home of case A",
    topics.WATCHES.pattern: "a watch to the home of case B, a follow to the home of case A",
    topics.LINKS.pattern: "the high 32 bits of the link's id, modulo their number: all claims of one link together",
    topics.PROGRESS.pattern: "CRC-32 of stage and partition, modulo their number",
}
"""Who chooses a message's partition, and how; no client's own partitioner is asked."""

IN_SHORT = {
    topics.CASES.pattern: "murmur2 of the key",
    topics.EXPIRIES.pattern: "murmur2 of the key",
    topics.RECEIPTS.pattern: "that of its case message",
    topics.REJECTED.pattern: "that of the rejected message",
    topics.ACCEPTED.pattern: "that of its case message",
    topics.FINGERPRINTS.pattern: "the case's home",
    topics.POSTINGS.pattern: "the owner of its keys",
    topics.PAIRS.pattern: "the home of B or A",
    topics.WATCHES.pattern: "the home of B or A",
    topics.LINKS.pattern: "high 32 bits of the link id",
    topics.PROGRESS.pattern: "CRC-32 of stage and partition",
}
"""The same for the table of all topics."""

ONE_PARTITION = {topics.Count.ONE: "the only one"}


def _retention(topic: Topic) -> str:
    if topic.compacted:
        return "the last value of each key, for good"
    if topic.purged:
        return "until its consumer has applied it, and deletes it"
    return "for good" if topic.retention is None else f"{topic.retention.days} days"


def _users(topic: Topic, duty: str) -> str:
    """Who may read or write a topic: by the access lists that the installation makes, and operators by its row."""
    users = [f"`{role}`" for role, duties in rights.ROLES.items() if topic in getattr(duties, duty)]
    operation = rights.KafkaOperation.READ if duty == "reads" else rights.KafkaOperation.WRITE
    if any(right.operation == operation and _covers(right, topic) for right in rights.agency_grants(PLAIN, AGENCY)):
        its_own = topic.scope is topics.Scope.AGENCY and not (duty == "reads" and topic.open_to_agencies)
        users.append("the agency" if its_own else "agencies")
    if topics.Process.OPERATIONS in (topic.writers if duty == "writes" else topic.readers):
        users.append("operators")
    return ", ".join(users) or "nobody"


def _covers(right: rights.KafkaRight, topic: Topic) -> bool:
    name = topics.topic_name(PLAIN, topic, agency=AGENCY, generation="generation")
    return name.startswith(right.name) if right.prefix else name == right.name


# Metrics


def _metrics_page() -> str:
    parts = [
        "## Workers",
        _metric_table(worker_metrics),
        "## API servers",
        _metric_table(server_metrics),
    ]
    lead = (
        "What `/metrics` of a worker and of an API server shows, beside Prometheus' own `process_…` metrics. No label "
        "holds personal data. [The runbook](../../deploy/runbook.md) says what to do at each alert."
    )
    return _page("Metrics", [worker_metrics, server_metrics], lead, *parts)


def _metric_table(module: ModuleType) -> str:
    rows = [
        (
            f"`{metric.name}`",
            metric.type,
            ", ".join(f"`{label}`" for label in metric.labels),
            metric.sentence,
            ", ".join(f"[{alert}](../../deploy/runbook.md#{alert.lower()})" for alert in metric.alerts),
        )
        for metric in metrics_of(module)
    ]
    return _table(("metric", "type", "labels", "what it says", "alerts"), rows)


def metrics_of(module: ModuleType) -> Iterator[MetricRow]:
    """The instruments that a catalogue defines, in its order."""
    rules = [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    for instrument in vars(module).values():
        if not isinstance(instrument, MetricWrapperBase | BlockSizes):
            continue
        (family,) = instrument.collect()
        name = family.name + ("_total" if family.type == "counter" else "")
        reads = re.compile(rf"\b{family.name}(_total|_bucket|_sum|_count)?\b")
        alerts = tuple(rule["alert"] for rule in rules if reads.search(rule["expr"]))
        yield MetricRow(name, family.type, _labels(instrument, family), family.documentation, alerts)


def _labels(instrument: MetricWrapperBase | BlockSizes, family: Metric) -> tuple[str, ...]:
    """An instrument's labels; our own kind of collector shows them on its samples alone."""
    if isinstance(instrument, MetricWrapperBase):
        return tuple(instrument._labelnames)  # noqa: SLF001 - nothing public has them before the first sample
    return tuple(sorted({label for sample in family.samples for label in sample.labels} - {"le"}))


# Rejection reasons


def _reasons_page() -> str:
    lead = (
        "Why a message is rejected: the `reason` of its receipt and of its entry in the topic `rejected`. The receipt "
        "has a JSON pointer and a message, too. [record.md](../record.md#outcomes) explains outcomes."
    )
    inside = attribute_docstrings(faults)
    names = {value: name for name, value in vars(faults).items() if isinstance(value, str) and value in faults.FAULTS}
    faulty = [(f"`{reason}`", inside[names[reason]]) for reason in sorted(faults.FAULTS)]
    return _page(
        "Rejection reasons",
        [messages, faults],
        lead,
        "## What an agency can mend",
        _table(("reason", "what is wrong"), _members(messages.Reason)),
        "## Faults of ours",
        "These stand in `rejected` alone: no receipt names them, and no agency caused them.",
        _table(("reason", "what happened"), faulty),
    )


YES = {True: "yes", False: ""}


def _ways_out_page() -> str:
    rows = [
        (
            f"`{way.name}`" if "/" in way.name else way.name,
            f"`{way.act}`" if way.act else "not",
            *(YES[duty in way.duties] for duty in DUTIES),
            ", ".join(f"`{form}`" for form in way.forms),
        )
        for way in list_ways_out()
    ]
    return _page(
        "Ways out",
        [table, answering],
        "Whatever tells people of records: each operation, and each file that a page gives. The columns say which "
        "duties it has: it decides on cases, or on links; tells of hit-only records as hits; spends a person's hits of "
        "the day; names the few records of others that a count is over. A `RecordedAnswer` does all of it, and records "
        "the act before anything leaves. What an operation may do is followed through the code of its service, so a "
        "row may say more than one request does. Pages call the same services as the operations.",
        _table(("operation", "recorded as", *DUTIES, "forms besides JSON and pages"), rows),
    )


def _members(enum: EnumType) -> Iterator[tuple[str, str]]:
    sentences = attribute_docstrings(enum)
    for member in enum:  # type: ignore[var-annotated]
        yield f"`{member.value}`", sentences[member.name]


if __name__ == "__main__":
    write_pages()
    write_chart_schema()
