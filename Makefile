# The two commands that matter: `make demo` and `make test`. Both set up what they need.

PYTHON ?= python3
JOBS ?= auto
# Tests that share a database and its connector stay in one process.
PYTEST := pytest -n $(JOBS) --dist loadgroup

TOOLS := .venv/.ready
INGESTION := .venv-ingestion/.ready
IN_TOOLS := . .venv/bin/activate &&
export OPENMETADATA_PYTHON := $(CURDIR)/.venv-ingestion/bin/python

# What is installed is locked with hashes: docs/decisions/0020-locks-with-hashes.md.
LOCKS := tests/locks
INSTALL := .venv/bin/uv pip install --quiet --no-deps --require-hashes
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
# Also what uv builds, such as a package that a test installs, is built with.
export UV_BUILD_CONSTRAINT := $(CURDIR)/$(LOCKS)/build.txt

.PHONY: help demo test test-all test-fast test-real fuzz lint catalog bench docs lock audit release clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(TOOLS) $(INGESTION) ## Scaffold a SQLite connector, install it, ingest a sample, show what arrived
	@$(IN_TOOLS) python -m tests.demo

test: $(TOOLS) $(INGESTION) ## Run the tests: a quarter of an hour on two cores
	$(IN_TOOLS) $(PYTEST) -m "not nightly"

test-all: $(TOOLS) $(INGESTION) ## Run all tests, also those that repeat others with more answers
	$(IN_TOOLS) $(PYTEST)

test-fast: $(TOOLS) ## Run the tests that need neither the framework nor a database nor a sandbox
	$(IN_TOOLS) $(PYTEST) -m "not framework and not real and not sandbox and not nightly"

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
	$(INSTALL) --python .venv/bin/python --requirements $(LOCKS)/docs.txt
	$(IN_TOOLS) python docs/reference.py && NO_MKDOCS_2_WARNING=1 mkdocs build --quiet --strict

lock: .venv/bin/uv ## Write the locks anew after an edit of what they are made of; UPGRADE=1 takes the newest of all
	@UV_BUILD_CONSTRAINT= $(COMPILE) $(LOCKS)/build.in --output-file $(LOCKS)/build.txt
	@$(COMPILE) $(LOCKS)/uv.in --output-file $(LOCKS)/uv.txt
	@$(COMPILE) pyproject.toml --group dev --output-file $(LOCKS)/tools.txt
	@$(COMPILE) --group docs --constraints $(LOCKS)/tools.txt --output-file $(LOCKS)/docs.txt
	@$(COMPILE) --group audit --constraints $(LOCKS)/tools.txt --output-file $(LOCKS)/audit.txt
	@$(COMPILE) $(LOCKS)/ingestion.in --overrides $(LOCKS)/ingestion.overrides --output-file $(LOCKS)/ingestion.txt
	@$(COMPILE) $(LOCKS)/kafka.in --output-file $(LOCKS)/kafka.txt
	@$(COMPILE) $(LOCKS)/events.in --constraints $(LOCKS)/ingestion.txt --output-file $(LOCKS)/events.txt
	@$(COMPILE) $(LOCKS)/mlflow.in --overrides $(LOCKS)/mlflow.overrides --output-file $(LOCKS)/mlflow.txt
	@$(COMPILE) $(LOCKS)/superset.in --output-file $(LOCKS)/superset.txt
	@$(COMPILE) $(LOCKS)/dagster.in --output-file $(LOCKS)/dagster.txt
	@$(COMPILE) $(LOCKS)/airflow.in --output-file $(LOCKS)/airflow.txt
	@$(COMPILE) $(LOCKS)/chroma.in --overrides $(LOCKS)/chroma.overrides --output-file $(LOCKS)/chroma.txt
	@$(COMPILE) --no-deps $(LOCKS)/airflow_openapi.in --output-file $(LOCKS)/airflow_openapi.txt
	@$(COMPILE) $(LOCKS)/aiobotocore.in --output-file $(LOCKS)/aiobotocore.txt
	@npm --prefix tests/support/node install --silent --package-lock-only --ignore-scripts \
		--omit-lockfile-registry-resolved

audit: $(TOOLS) ## Ask PyPI for known vulnerabilities of what is locked, and of what connectors require
	@$(INSTALL) --python .venv/bin/python --requirements $(LOCKS)/audit.txt
	@$(IN_TOOLS) python -m tests.audit $(AUDIT)

release: $(TOOLS) ## Check that what is committed can be released as VERSION, and tag it
	@$(IN_TOOLS) python -m tests.release

clean: ## Remove the environments and caches
	rm -rf .venv .venv-ingestion .cache site .pytest_cache .ruff_cache .mypy_cache

.venv/bin/uv:
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --require-hashes --requirement $(LOCKS)/uv.txt

$(TOOLS): $(LOCKS)/tools.txt | .venv/bin/uv
	$(INSTALL) --python .venv/bin/python --requirements $<
	touch $@

$(INGESTION): $(LOCKS)/ingestion.txt | .venv/bin/uv
	.venv/bin/uv venv --quiet --allow-existing --python $(PYTHON) .venv-ingestion
	$(INSTALL) --python .venv-ingestion/bin/python --requirements $<
	touch $@
