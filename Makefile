# The two commands that matter: `make demo` and `make test`. Both set up what they need.

PYTHON ?= python3
FRAMEWORK ?= openmetadata-ingestion==2.0.7.0
JOBS ?= auto
# Tests that share a database and its connector stay in one process.
PYTEST := pytest -n $(JOBS) --dist loadgroup

TOOLS := .venv/.ready
INGESTION := .venv-ingestion/.ready
IN_TOOLS := . .venv/bin/activate &&
export OPENMETADATA_PYTHON := $(CURDIR)/.venv-ingestion/bin/python

.PHONY: help demo test test-fast test-real fuzz lint catalog bench docs release clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(TOOLS) $(INGESTION) ## Scaffold a SQLite connector, install it, ingest a sample, show what arrived
	@$(IN_TOOLS) python -m tests.demo

test: $(TOOLS) $(INGESTION) ## Run all tests
	$(IN_TOOLS) $(PYTEST)

test-fast: $(TOOLS) ## Run the tests that need neither the framework nor a database nor a sandbox
	$(IN_TOOLS) $(PYTEST) -m "not framework and not real and not sandbox"

test-real: $(TOOLS) $(INGESTION) ## Run the tests that ingest real systems
	$(IN_TOOLS) $(PYTEST) -m real

fuzz: $(TOOLS) ## Take 20,000 answer sets of every kind, others each time
	$(IN_TOOLS) FUZZ_EXAMPLES=20000 $(PYTEST) -q tests/test_hostile.py

lint: $(TOOLS) ## Check style and types
	$(IN_TOOLS) ruff check . && ruff format --check . && mypy

catalog: $(TOOLS) ## Check the catalog after an edit, and record that it was
	$(IN_TOOLS) python -m extensions.catalog

bench: $(TOOLS) $(INGESTION) ## Measure a scaffold against others, and the memory and time of an emitted client
	@$(IN_TOOLS) python -m tests.bench && python -m tests.bench_client

docs: $(TOOLS) ## Bring the generated reference up to date and build the documentation in site/
	.venv/bin/uv pip install --quiet --python .venv/bin/python --group docs
	$(IN_TOOLS) python docs/reference.py && NO_MKDOCS_2_WARNING=1 mkdocs build --quiet --strict

release: $(TOOLS) ## Check that what is committed can be released as VERSION, and tag it
	@$(IN_TOOLS) python -m tests.release

clean: ## Remove the environments and caches
	rm -rf .venv .venv-ingestion .cache site .pytest_cache .ruff_cache .mypy_cache

.venv/bin/uv:
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet uv

$(TOOLS): pyproject.toml | .venv/bin/uv
	.venv/bin/uv pip install --quiet --python .venv/bin/python --requirements pyproject.toml --group dev
	touch $@

$(INGESTION): tests/overrides.txt Makefile | .venv/bin/uv
	.venv/bin/uv venv --quiet --allow-existing --python $(PYTHON) .venv-ingestion
	.venv/bin/uv pip install --quiet --python .venv-ingestion/bin/python --override tests/overrides.txt \
		"$(FRAMEWORK)" pytz pytest psycopg2-binary pymysql "avro>=1.11.4,<1.12" grpcio-tools \
		collate-dbt-artifacts-parser "pandas<3"
	touch $@
