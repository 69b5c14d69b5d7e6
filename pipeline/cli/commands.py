"""Every command: its name, where its function is, what help says of it, and an example.

A command's module is imported when the command runs or explains itself, so that `liaison --help` and completion stay
fast whatever the others need; in its module imports stand at the top as everywhere. A function's signature declares
options and arguments, its docstring is the command's own help. The first paragraph of that stands here once more: help
of a group can't import all it lists (tests/unit/cli/test_commands.py holds the two together).
"""

from __future__ import annotations

from typing import Final, NamedTuple

ASKER: Final = '--token "$TOKEN" --purpose investigation --case-ref 2026/4711'
"""What says who asks, in examples."""


EXTRAS: Final = {"feed": "", "batch": "train", "up": "local", "down": "local", "status": "local", "demo": "demo"}
"""By a command's first word, the extra of the package that it needs (pyproject.toml); "" for the base install."""


def extra_of(path: str) -> str:
    """The extra that a command needs, "" for none: what is not named above runs or serves an installation."""
    return EXTRAS.get(path.partition(" ")[0], "server")


class Group(NamedTuple):
    """Commands under a common word, or words."""

    path: str
    help: str
    panel: str | None = None


class Command(NamedTuple):
    """One command; `target` is module:function, `panel` the heading that it stands under in help."""

    path: str
    target: str
    help: str
    example: str = ""
    panel: str | None = None


COMMANDS: Final[tuple[Command | Group, ...]] = (
    Command(
        "demo",
        "pipeline.cli.demo:demo",
        "Run the whole pipeline on this machine: real Kafka and Elasticsearch, eight agencies, 3,000 cases, known"
        " truth.",
        example="liaison demo --exit; echo $?",
        panel="Start here",
    ),
    Command(
        "search",
        "pipeline.cli.api:search",
        "Find cases by names, numbers, dates or words, best matches first.",
        example='liaison search "иван петров 1980-05"',
        panel="For investigators",
    ),
    Command(
        "case",
        "pipeline.cli.api:case",
        "Show a case: record, owner, handling and provenance.",
        example="liaison case fr-pj:2026-004711",
        panel="For investigators",
    ),
    Command(
        "links",
        "pipeline.cli.api:links",
        "Show the links of a case and the reasons for each.",
        example="liaison links fr-pj:2026-004711 --json",
        panel="For investigators",
    ),
    Command(
        "export",
        "pipeline.cli.export:export",
        "Write all links or cases you have access to as a file.",
        example="liaison export links --format ndjson -o links.ndjson",
        panel="For investigators",
    ),
    Command(
        "token",
        "pipeline.cli.api:token",
        "Print a development token, signed with this machine's own key.",
        example="liaison token --subject anna --agency fr-pj --country FR --role supervisor",
        panel="For investigators",
    ),
    Command(
        "serve",
        "pipeline.cli.serve:serve",
        "Serve the pages and the API until Ctrl-C.",
        example="liaison serve --port 8000",
        panel="For operators",
    ),
    Command(
        "worker",
        "pipeline.cli.workers:start_worker",
        "Run a worker until it is interrupted. Start more of them, anywhere, to share the work.",
        panel="For operators",
    ),
    Command(
        "up",
        "pipeline.cli.engines:up",
        "Start Apache Kafka and Elasticsearch on loopback, except those that LIAISON_*_URL names.",
        example="liaison up && liaison status",
        panel="Local engines",
    ),
    Command(
        "down",
        "pipeline.cli.engines:down",
        "Stop the local engines; their data stays.",
        example="liaison down",
        panel="Local engines",
    ),
    Command(
        "status",
        "pipeline.cli.engines:status",
        "Show whether the engines are running; exit 1 if one is not.",
        example="liaison status --json",
        panel="Local engines",
    ),
    Group("allowances", "Daily quotas of hit-only answers for other agencies.", panel="For investigators"),
    Command(
        "allowances list",
        "pipeline.cli.api:list_allowances",
        "Show our hit quotas for other agencies, and the default.",
        example=f"liaison allowances list {ASKER}",
    ),
    Command(
        "allowances set",
        "pipeline.cli.api:set_allowance",
        "Set a higher hit quota for an agency for a while; it replaces the earlier one. Needs a supervisor's token.",
        example=f"liaison allowances set be-fp --daily 5000 --days 14 {ASKER}",
    ),
    Group("feed", "For agencies: map, check and send case records; read receipts and hits.", panel="For agencies"),
    Command(
        "feed validate",
        "pipeline.cli.feeds:validate",
        "Check a file offline as intake will; exit 1 if a record would be rejected.",
        example="liaison feed validate cases.ndjson --agency fr-pj",
    ),
    Command(
        "feed push",
        "pipeline.cli.feeds:push",
        "Send each record as one message, exactly once.",
        example="liaison feed push cases.ndjson --agency fr-pj --wait",
    ),
    Command(
        "feed receipts",
        "pipeline.cli.feeds:receipts",
        "Show the outcome of the agency's messages, one line per message.",
        example="liaison feed receipts --agency fr-pj --outcome rejected --since 2h",
    ),
    Command(
        "feed hits",
        "pipeline.cli.feeds:hits",
        "Show which of the agency's cases were linked, whom to contact, and which links have gone.",
        example="liaison feed hits --agency fr-pj --follow --json",
    ),
    Command(
        "feed map",
        "pipeline.cli.mapping:map_table",
        "Turn an agency's own table or a public list into case records; exit 1 if something of it is left out or cut.",
        example="liaison feed map register.csv --mapping police-csv -o cases.ndjson",
    ),
    Command(
        "feed witness",
        "pipeline.cli.audit_proofs:witness",
        "Keep the audit log's heads and hashes, check that it only grows, and compare with other agencies' witnesses.",
        example="liaison feed witness --agency fr-pj --log-key liaison/x+1a2b3c4d+AR...",
    ),
    Command(
        "feed heads",
        "pipeline.cli.audit_proofs:heads",
        "Print the witnessed heads, one JSON object per line, for another agency to compare with its own.",
        example="liaison feed heads --agency fr-pj > heads.ndjson",
    ),
    Command(
        "feed accesses",
        "pipeline.cli.audit_proofs:accesses",
        "Fetch the accesses to your records from the API, with proofs, and your tag keys anew.",
        example="liaison feed accesses --agency fr-pj -o accesses.ndjson",
    ),
    Command(
        "feed verify-audit",
        "pipeline.cli.audit_proofs:verify_audit",
        "Check the fetched accesses to your records offline against the witnessed log; no server is trusted.",
        example="liaison feed verify-audit accesses.ndjson --agency fr-pj",
    ),
    Command(
        "feed make-key",
        "pipeline.cli.signing:make_key",
        "Make a signing key and print its public part (JWK), which the operator registers (ops agency key add).",
        example="liaison feed make-key --agency fr-pj -o fr-pj.pem > fr-pj.jwk",
    ),
    Command(
        "feed keys",
        "pipeline.cli.signing:keys",
        "Print the public keys of all agencies (a JSON Web Key Set), for verify-case.",
        example="liaison feed keys > keys.json",
    ),
    Command(
        "feed verify-case",
        "pipeline.cli.signing:verify_case",
        "Check offline that each case is as its agency signed it; exit 1 if one is unsigned or altered.",
        example="liaison feed verify-case cases.ndjson --keys keys.json",
    ),
    Group("topics", "Kafka topics of this installation.", panel="For operators"),
    Command(
        "topics apply",
        "pipeline.cli.workers:apply_topics",
        "Create missing topics, and report where existing ones differ from the catalogue.",
    ),
    Group("ops", "For operators.", panel="For operators"),
    Command(
        "ops accounting",
        "pipeline.ops.accounting:show_accounting",
        "Count the outcomes of all messages that Kafka still holds, by agency; exit 1 unless they balance.",
        example="liaison ops accounting --wait 60 --json",
    ),
    Command(
        "ops credentials",
        "pipeline.ops.agencies.cli:make_credentials",
        "Create the Kafka user of a worker or the API, with only the rights it needs; the credentials are shown once.",
    ),
    Command(
        "ops backup",
        "pipeline.ops.backup.cli:create_backup",
        "Copy cases, decisions, agencies, the model and the audit trail to files, without downtime; resumable.",
        example="liaison ops backup /srv/backups/2026-11-25",
    ),
    Command(
        "ops unseal",
        "pipeline.ops.backup.cli:unseal_keys",
        "Put the secret and the audit log's signing key of a sealed backup where the settings look for them.",
        example="liaison ops unseal /srv/backups/2026-11-25 --passphrase passphrase",
    ),
    Command(
        "ops restore",
        "pipeline.ops.backup.cli:restore_backup",
        "Restore a backup into an empty installation, before any worker runs; resumable.",
        example="liaison ops restore /srv/backups/2026-11-25",
    ),
    Command(
        "ops lag",
        "pipeline.ops.lag:show_lag",
        "Show messages waiting at each stage (lag), by topic and partition; partitions without lag are left out.",
        example="liaison ops lag --watch",
    ),
    Command(
        "ops plan",
        "pipeline.ops.plan:show_plan",
        "Compute what a planned installation needs: partitions, workers, memory, disks, Kafka and Elasticsearch.",
        example="liaison ops plan --cases 50e6 --rate 200 --replication 3",
    ),
    Group("ops manifests", "Objects for the operators that run Kafka and Elasticsearch on Kubernetes."),
    Command(
        "ops manifests strimzi",
        "pipeline.ops.manifests:show_strimzi",
        "Print Strimzi's objects for all topics and users, each user with just the rights that it needs.",
    ),
    Command(
        "ops manifests eck",
        "pipeline.ops.manifests:show_eck",
        "Print Secrets with Elasticsearch's roles and users for ECK, with just the rights that they need.",
    ),
    Command(
        "ops replay",
        "pipeline.ops.replay.cli:replay_topics",
        "Send what the national topics have received since a time to them again (they keep 7 days).",
        example="liaison ops replay --from 2026-11-24T10:00:00Z --agency fr-pj",
    ),
    Command(
        "ops retention",
        "pipeline.ops.retention:apply_retention",
        "End expired cases, and report which cases expire when; run it daily.",
        example="liaison ops retention --dry-run",
    ),
    Command(
        "ops scorecard",
        "pipeline.ops.scorecard:show_scorecard",
        "Show each agency's data quality by day: shares of records rejected, repeated or with warnings.",
        example="liaison ops scorecard --agency fr-pj --since 7d",
    ),
    Command(
        "ops shadow",
        "pipeline.ops.shadow:shadow_model",
        "Run a second model over all accepted cases and report which links would appear and vanish; nothing changes.",
        example="liaison ops shadow --model new.json -o changes.ndjson",
    ),
    Command(
        "ops subject-report",
        "pipeline.ops.subject_report:subject_report",
        "Prepare an agency's answer to a person's access request: its own records of the person, and who saw them.",
        example='liaison ops subject-report "Ivan Petrov 1980-05-14" --agency fr-pj --json > report.json',
    ),
    Command(
        "ops sweep",
        "pipeline.ops.indexes:sweep_links",
        "Remove evidence about withdrawn and expired cases that is left in links; safe while workers run.",
    ),
    Command(
        "ops reindex",
        "pipeline.ops.indexes:reindex",
        "Rebuild the search indexes from Kafka and swap them in without downtime.",
        example="liaison ops reindex --kind cases --kind links",
    ),
    Command(
        "ops trace",
        "pipeline.ops.trace:trace_case",
        "Show what happened to a case: outcomes, positions, pairs left by each pruning, links, documents, hits and"
        " times.",
        example="liaison ops trace fr-pj:2026-004711",
    ),
    Group("ops agency", "Add, list and remove agencies."),
    Command(
        "ops agency add",
        "pipeline.ops.agencies.cli:add_agency",
        "Register an agency, create its topics and, on a secured Kafka, its user; workers pick it up within seconds.",
    ),
    Command(
        "ops agency set",
        "pipeline.ops.agencies.cli:set_agency",
        "Change an agency's name, sending rate, whether its records must be signed, or who is told of its searches.",
    ),
    Command(
        "ops agency list",
        "pipeline.ops.agencies.cli:list_agencies",
        "List the registered agencies, their rate in bytes per second (-: no limit), and what they ask for.",
    ),
    Command(
        "ops agency remove",
        "pipeline.ops.agencies.cli:remove_agency",
        "Remove an agency: end its credentials, access requests and alerts, withdraw its cases; the audit trail stays.",
    ),
    Group("ops agency key", "Agencies' signing keys."),
    Command(
        "ops agency key add",
        "pipeline.ops.agencies.cli:add_key",
        "Register an agency's public key; ask the agency itself to read you the id shown here.",
    ),
    Command(
        "ops agency key revoke",
        "pipeline.ops.agencies.cli:revoke_key",
        "Reject whatever a key signs from a time on; the key stays listed, so that earlier signatures can be checked.",
    ),
    Command(
        "ops agency key list",
        "pipeline.ops.agencies.cli:list_keys",
        "List the agencies' keys, including ended and revoked ones.",
    ),
    Group("ops audit", "The audit trail."),
    Command(
        "ops audit verify",
        "pipeline.ops.audit:verify_audit_trail",
        "Check the whole audit trail and its log for missing, altered, reordered, cut or forked entries.",
        example="liaison ops audit verify --json",
    ),
    Command(
        "ops audit key",
        "pipeline.ops.audit:print_log_key",
        "Print the audit log's verifier key, which every agency's witness needs once.",
        example="liaison ops audit key",
    ),
    Command(
        "ops audit tag-keys",
        "pipeline.ops.audit:agency_tag_keys",
        "Print an agency's tag keys as JSON; give them to that agency only.",
        example="liaison ops audit tag-keys fr-pj > fr-pj-tag-keys.json",
    ),
    Command(
        "ops audit format",
        "pipeline.ops.audit:show_or_set_format",
        "Print the format of the audit trail's new entries, or set it once every process is upgraded.",
        example="liaison ops audit format 4 --all-upgraded",
    ),
    Group("ops policy", "Who has access to what, and why."),
    Command(
        "ops policy explain",
        "pipeline.ops.case_access:explain_case_access",
        "Show what each agency sees of a case for each purpose, by which rule, and what other handling would change.",
        example="liaison ops policy explain fr-pj:2026-004711 --handling H2",
    ),
    Group("ops aside", "Records that ended a process twice and are set aside: list, replay."),
    Command(
        "ops aside list",
        "pipeline.ops.aside:list_aside",
        "List the records that stages have set aside, by position: none of their content.",
        example="liaison ops aside list",
    ),
    Command(
        "ops aside replay",
        "pipeline.ops.aside:replay_aside",
        "Replay what stages have set aside, once the cause is fixed.",
        example="liaison ops aside replay cases.fr-pj-2-4711",
    ),
    Group("ops rejected", "Rejected messages: list, show, replay."),
    Command(
        "ops rejected list",
        "pipeline.ops.replay.cli:list_rejected",
        "List rejected messages that Kafka still holds (7 days), without their content.",
        example="liaison ops rejected list --agency fr-pj --since 24h",
    ),
    Command(
        "ops rejected show",
        "pipeline.ops.replay.cli:show_rejected",
        "Show a rejected message: reason, field, position, size; the original bytes only to the agency that sent it.",
        example="liaison ops rejected show cases.fr-pj-2-4711",
    ),
    Command(
        "ops rejected replay",
        "pipeline.ops.replay.cli:replay_rejected",
        "Replay rejected messages to their national topics once the cause is fixed.",
        example="liaison ops rejected replay --reason schema --since 7d",
    ),
    Command(
        "ops rejected batch",
        "pipeline.ops.replay.cli:reject_batch",
        "Give up a damaged batch of a national topic (wrong CRC, or cut short).",
        example="liaison ops rejected batch cases.fr-pj 2 4711",
    ),
    Group("ops secret", "The installation's own secret, LIAISON_SECRET_FILE."),
    Command(
        "ops secret new",
        "pipeline.ops.secrets:create_secret",
        "Make the secret of a new installation; an existing one is never replaced.",
        example="liaison ops secret new",
    ),
    Command(
        "ops secret rotate",
        "pipeline.ops.secrets:rotate_secret",
        "Add a secret for new references and cursors; those issued before stay valid.",
        example="liaison ops secret rotate",
    ),
    Command(
        "ops secret show",
        "pipeline.ops.secrets:show_secrets",
        "Show the key ids of the installation's secrets, oldest first; never the secrets.",
        example="liaison ops secret show --json",
    ),
    Group("ops sessions", "Signed-in sessions."),
    Command(
        "ops sessions end",
        "pipeline.ops.sessions:end_sessions",
        "End all sessions of a user: tokens issued until now stop working.",
    ),
    Group("ops transactions", "Open Kafka transactions that hold readers up."),
    Command(
        "ops transactions list",
        "pipeline.ops.transactions:show_transactions",
        "List open transactions by partition: open (Kafka ends them itself) or hanging (it does not).",
        example="liaison ops transactions list",
    ),
    Command(
        "ops transactions abort",
        "pipeline.ops.transactions:abort_hanging_transaction",
        "End a hanging transaction in a partition; its messages are never read.",
        example="liaison ops transactions abort accepted 0 --producer-id 4012",
    ),
    Group("ops generation", "Compute a new model or stop list beside the active one, and switch."),
    Command(
        "ops generation build",
        "pipeline.ops.generations.cli:build",
        "Set up a generation beside the active one; workers (`liaison worker all`) start computing it within seconds.",
    ),
    Command(
        "ops generation suggest",
        "pipeline.ops.generations.cli:suggest",
        "Propose a stop list for the active generation: keys that many cases bear, what each costs and what it brings.",
    ),
    Command(
        "ops generation status",
        "pipeline.ops.generations.cli:status",
        "Show every generation: model, lag and workers by stage, and progress.",
    ),
    Command(
        "ops generation switch",
        "pipeline.ops.generations.cli:switch",
        "Switch readers to another generation, and notify agencies of what changes; the way back is the same.",
    ),
    Command(
        "ops generation drop",
        "pipeline.ops.generations.cli:drop",
        "Delete a generation that is not active: topics, indexes, groups, and this LIAISON_HOME's stores.",
    ),
    Group(
        "batch",
        "Work on files without a broker: correlate, explain pairs, train a model.",
        panel="Without a broker",
    ),
    Command(
        "batch correlate",
        "pipeline.cli.correlation:correlate",
        "Link the cases in files, offline, with the same code and rules as the stream.",
        example="liaison batch correlate cases.ndjson -o links.ndjson",
    ),
    Command(
        "batch resolve",
        "pipeline.cli.correlation:resolve",
        "Group the entities of linked cases that are the same person or thing, by all links together.",
        example="liaison batch resolve cases.ndjson -o things.ndjson --within",
    ),
    Command(
        "batch blocking-report",
        "pipeline.cli.correlation:show_blocking_report",
        "Report keys and candidates per case, the largest blocks and, with labels, recall by kind of key and overall.",
        example="liaison batch blocking-report cases.ndjson --labels pairs.csv",
    ),
    Command(
        "batch compare",
        "pipeline.cli.matching:compare",
        "Score pairs of entities: one JSON object per line with probability, score (hundredths of a bit), band,"
        " evidence.",
        example="liaison batch compare pairs.ndjson",
    ),
    Command(
        "batch explain",
        "pipeline.cli.matching:explain_pairs",
        "Explain pairs of entities in words: every comparison, its weight, and what would change the result.",
        example="liaison batch explain pairs.ndjson --language fr",
    ),
    Command(
        "batch train",
        "pipeline.cli.matching:train",
        "Learn a model from case records without labels: m and u of each level, term frequencies, the prior.",
        example="liaison batch train cases.ndjson -o model.json",
    ),
    Group("batch model", "The model that ships, as a file to change."),
    Command(
        "batch model export",
        "pipeline.cli.matching:export_model",
        "Write the shipped model, or that of --model, to a file: to plan it for a size, to edit it, to keep it.",
        example="liaison batch model export --cases 1000000 -o model.json",
    ),
)
"""In the order of help; a group stands before what it holds."""
