# Two commands are all a newcomer needs: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What `make test` runs, a session each: the folders of one share its tail. With engines half of a test is waiting, so
# four go side by side there on two cores. Pages are drawn in the first and served in the second: NiceGUI has one loop.
SESSIONS ?= unit property+contract+integration+e2e+fault
MARKED ?= not long and not rare
# One file of tests in three, by a number: THIRD=0, 1 or 2, or that of a commit (.ci/run).
THIRD ?=
PYTEST := $(BIN)/python -m pytest -q
DEMO_ARGS ?=
DEMO_URL ?= http://127.0.0.1:8000
BASE ?=
FRESH ?=
BENCH_ARGS ?=
# Built by Go's own client, once for each version: tests of the chart (tests/contract/test_chart.py) run it.
HELM_VERSION := v3.22.0
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/liaison/tools
KUBERNETES_VERSION := v1.34.4
ETCD_VERSION := v3.6.16
HELM := $(TOOLS)/helm-$(HELM_VERSION)/helm
GO := $(or $(shell command -v go),/usr/local/go/bin/go)
REF ?=
PAGES ?=
RUNS ?= 10000
SEED ?= 1
TAG ?=
TEST_ARGS ?=
# Without bytecode each process of a session would compile all that it imports, and rewrite the tests' assertions anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-rare test-long test-random test-fault test-transactions test-cluster test-packages check audit release docs reference tables tree format lock bench-against bench-accuracy bench-lists bench-training bench-scoring bench-recall bench-questions bench-stream bench-failover bench-fairness bench-search bench-timing bench-audit-log bench-attacks bench-scale bench-crowds bench-decisions bench-folders bench-mapping bench-pages bench-day pictures page-pictures clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock >$(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.lock
	$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --compile-bytecode --editable .
	touch $@

demo: $(READY) ## the main job on the embedded engines; DEMO_ARGS=--exit ends after the report
	$(BIN)/liaison demo $(DEMO_ARGS)

test: $(READY) ## what must hold at every change, and what each session took
	@export HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-default} \
		TEST_ENGINES_HOME=$$(PYTHONPATH=tests $(BIN)/python -m support.installation.engines_folder)/liaison-tests-$$$$; \
	trap 'LIAISON_HOME=$$TEST_ENGINES_HOME $(BIN)/liaison down >/dev/null; rm -rf "$$TEST_ENGINES_HOME"' EXIT; took=""; \
	for session in $(SESSIONS); do \
		echo "== $$session"; start=$$SECONDS; \
		case $$session in unit) beside=2 ;; *) beside=4 ;; esac; \
		$(PYTEST) -n $$beside -m "$(MARKED)" $(if $(THIRD),--third=$(THIRD)) $$(printf 'tests/%s ' $${session//+/ }) || exit 1; \
		took+=$$(printf '%-44s %4d s' $$session $$((SECONDS - start)))$$'\n'; \
	done; printf 'what each session took\n%s' "$$took"

test-rare: $(READY) ## slow tests of what seldom changes or of every page, which `make test` leaves out: before a release, and where a change touches them
	$(MAKE) test MARKED="rare and not long" SESSIONS="unit property+contract+integration+e2e+fault"

test-long: $(READY) ## all of both with larger counts, then all faults
	$(MAKE) test HYPOTHESIS_PROFILE=long MARKED="not long" SESSIONS="unit property+contract integration+e2e"
	$(MAKE) test-fault

test-random: $(READY) ## the laws of scoring and screening on other examples each time, in two minutes: for continuous integration
	HYPOTHESIS_PROFILE=random $(PYTEST) -n 2 tests/property/test_comparison_bounds.py tests/property/test_screening.py tests/property/test_scoring.py

test-fault: $(READY) ## kills, outages, zombies and full disks on the real engines
	$(PYTEST) tests/fault

test-transactions: $(READY) ## transactions behind a network that delays, repeats and reorders requests; RUNS=10000 SEED=1, or RUNS=1 to replay a seed
	RUNS=$(RUNS) SEED=$(SEED) $(PYTEST) -s -p no:logging tests/fault/test_late_requests.py # which would keep all that is logged

test-cluster: $(READY) ## faults of three brokers and three Elasticsearch nodes under load; TEST_ARGS="-k node_frozen"
	$(PYTEST) tests/fault/cluster $(TEST_ARGS)

.PHONY: images test-images test-upgrade
images: ## the image liaison-pipeline, by buildah from Debian's packages; BASE=IMAGE for another base, FRESH=1 makes ours anew
	$(PYTHON) tools/build_images.py $(if $(BASE),--base $(BASE)) $(if $(FRESH),--fresh)

test-images: $(READY) ## the image as built, and what compose.yaml starts run from it; needs root, buildah and mmdebstrap
	$(PYTEST) -n 0 -m "not rare" tests/images

test-upgrade: $(READY) ## an installation of 0.3.0 goes on under this version's image, and back, or is restored by it; the image built twice is one; needs the repository's history besides
	$(PYTEST) -n 0 -m rare tests/images

check: $(READY) ## style, types, layers, schemas
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) tests/contract/test_schemas.py

audit: $(READY) ## known vulnerabilities in the lock, by PyPI's advisories, and ruff's security rules
	$(BIN)/ruff check --select S pipeline
	$(BIN)/uv tool run "pip-audit>=2.10,<3" --strict --no-deps --disable-pip --progress-spinner off --requirement requirements.lock

language: $(READY) ## write the files of a language, with what is translated already; CODE=de
	$(BIN)/python tools/language_file.py $(CODE)

reference: $(READY) ## write docs/reference/ and schemas/asyncapi.yaml from the catalogues in the code
	$(BIN)/python tools/reference_pages.py
	$(BIN)/python tools/asyncapi_contract.py

tables: $(READY) ## write pipeline/records/data/ from the installed rigour and babel
	PYTHONPATH=. $(BIN)/python tools/vendored_tables.py

release: $(READY) ## wheel, sdist, bills of materials, changes and hashes of a commit into build/release; TAG=1 tags it
	$(BIN)/python tools/release.py $(if $(TAG),--tag)

test-packages: $(READY) ## the built wheel in clean environments by plain pip: the client, and the demo; needs a package index
	$(PYTEST) -n0 tests/packages

tree: $(READY) ## how many and how deep the modules of pipeline/ are
	$(BIN)/python tools/tree.py

.PHONY: helm
helm: $(HELM) ## build Helm, for the tests of the chart

$(HELM):
	mkdir -p $(@D)
	GOBIN=$(@D) GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 $(GO) install -trimpath -ldflags=-s helm.sh/helm/v3/cmd/helm@$(HELM_VERSION)

.PHONY: test-chart-server
test-chart-server: $(READY) $(HELM) ## the chart on a real API server, which it builds by Go first (10 minutes, once a version)
	GO=$(GO) $(BIN)/python tools/kubernetes_server.py $(TOOLS)/kubernetes-$(KUBERNETES_VERSION) $(KUBERNETES_VERSION) $(ETCD_VERSION)
	$(PYTEST) -n0 tests/contract/test_chart_server.py

docs: $(READY) ## the documentation as a site in build/site; fails at a broken link
	$(BIN)/python tools/docs_site.py
	$(BIN)/zensical build --clean

format: $(READY) ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## resolve the newest versions that pyproject.toml allows into requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --all-extras --group tables --no-annotate --no-header --no-emit-index-url --generate-hashes --output-file requirements.lock pyproject.toml

bench-against: $(READY) ## stream, lists, search and training beside another commit, by turns; REF=HEAD~5, BENCH_ARGS="--only stream --turns 3 --cases 500"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/against/run.py $(REF) $(BENCH_ARGS)

bench-accuracy: $(READY) ## accuracy beside the field's other tools, where those are installed
	PYTHONPATH=tests:tools $(BIN)/python tests/benchmarks/accuracy/run.py

bench-lists: $(READY) ## how right links are on real lists and census-like collections, beside other tools; BENCH_ARGS="--half a --only SET --ours-only"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/lists/run.py $(BENCH_ARGS)

bench-training: $(READY) ## whether models learnt without labels promise what they hold, on collections of many shares; BENCH_ARGS="--only census --records N"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/training/run.py $(BENCH_ARGS)

bench-scoring: $(READY) ## entity pairs a second on one core
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/scoring/run.py

bench-recall: $(READY) ## recall of search across scripts, on an Elasticsearch of its own
	PYTHONPATH=tests:tools $(BIN)/python tests/benchmarks/search/recall.py

bench-questions: $(READY) ## entries of the UN's list asked of an index of the UK's, on an Elasticsearch of its own
	PYTHONPATH=tests:tools $(BIN)/python tests/benchmarks/search/list_questions.py $(BENCH_ARGS)

bench-stream: $(READY) ## CPU per case as the stores grow; latency and CPU on real engines; BENCH_ARGS="--cases N"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/stream/run.py $(BENCH_ARGS)

bench-scale: $(READY) ## what a case costs as partitions and cases grow, and the constants of ops plan; BENCH_ARGS="--only stages --figures docs/benchmarks/scale.json"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/scale/run.py $(BENCH_ARGS)

bench-crowds: $(READY) ## what values cost that everybody has, in `batch correlate` and in a store; BENCH_ARGS="--only batch --records N"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/crowds/run.py $(BENCH_ARGS)

bench-folders: $(READY) ## people who add to, order and open case folders on real engines while records stream in; BENCH_ARGS="--people N --seconds S"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/folders/run.py $(BENCH_ARGS)

bench-decisions: $(READY) ## decisions that one server commits on a real Kafka; BENCH_ARGS="--seconds S --turns N --log FILE"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/decisions/run.py $(BENCH_ARGS)

bench-mapping: $(READY) ## rows that feed map maps a CPU second, and its memory; BENCH_ARGS="--rows N"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/mapping/run.py $(BENCH_ARGS)

bench-failover: $(READY) ## how long a killed worker's partitions stay unread, and what a rebuild takes, on real engines
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/failover/run.py

bench-fairness: $(READY) ## how long an agency waits for receipts while another floods, on real engines; BENCH_ARGS="--setting open"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/fairness/run.py $(BENCH_ARGS)

bench-timing: $(READY) ## whether time tells a hidden record from none: interleaved refused reads on a real index; BENCH_ARGS="--pairs N"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/timing/run.py $(BENCH_ARGS)

bench-audit-log: $(READY) ## what the audit log costs an entry, and a proof for one of 10 million; BENCH_ARGS="--leaves N"
	$(BIN)/python tests/benchmarks/audit_log/run.py $(BENCH_ARGS)

bench-attacks: $(READY) ## how long a second user waits while the first attacks, on a real Kafka and index; BENCH_ARGS="--only indexed --home DIR"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/attacks/run.py $(BENCH_ARGS)

bench-search: $(READY) ## search and link views under load at 300,000 cases; BENCH_ARGS="--home DIR --cases N --seconds S"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/search/run.py $(BENCH_ARGS)

bench-pages: $(READY) ## bytes and largest paint of a first load; BENCH_ARGS="--path /cases/be-fp:1 --loads N"
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/web/page_weight.py $(BENCH_ARGS)

bench-day: $(READY) ## ten tasks of an investigator's day in keys and clicks, on a demo that is running: DEMO_URL, and QUESTION as it prints it
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/day/run.py "$(DEMO_URL)" "$(QUESTION)" $(BENCH_ARGS)

pictures: $(READY) ## the README's pictures, from a demo that is running: DEMO_URL, and QUESTION as it prints it
	PYTHONPATH=tests $(BIN)/python -m support.web.pictures "$(DEMO_URL)" "$(QUESTION)" pipeline/web/screenshots

page-pictures: $(READY) ## pages with content in all languages, themes and sizes, to be looked at, in build/pictures; PAGES="operations audit"
	mkdir -p build/pictures
	PYTHONPATH=tests $(BIN)/python -m support.web.page_pictures build/pictures $(PAGES)

clean: ## remove the environment and caches (not LIAISON_HOME)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .cache build/docs build/site build/pictures
	find pipeline tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
