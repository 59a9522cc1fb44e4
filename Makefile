# `make` alone lists what there is. Each target sets up what it needs; the first one takes a minute or two.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# One more than there are processors: a worker waits for the disk a quarter of its time.
WORKERS ?= $(shell echo $$(($$(nproc 2> /dev/null || echo 2) + 1)))
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
QUICKSTART := notebooks/00_quickstart.ipynb
RUNBOOKS := $(wildcard notebooks/*.ipynb)
REPORTS := build/test
# Tests that go through the same code again on many objects, changes, failing calls and pages: measuring coverage
# would double their time (50 s to 94 s of processor time for half of the torture tests) and show nothing new.
TABLES := tests/torture tests/replay tests/docs tests/notebooks tests/quality \
  tests/acceptance tests/faults tests/execution/test_large.py tests/doctype/test_corpus.py tests/doctype/test_properties.py \
  tests/diff/test_renames_measured.py tests/security/test_hostile_catalogue.py tests/sql/test_sqlite_paths.py tests/sql/test_sqlite_values.py
# The names that tests/browser/lab.py looks for.
BROWSER := $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
SANITIZE := $(patsubst %,--nbval-sanitize-with %,$(wildcard notebooks/nbval_sanitize.cfg))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Frozen modules hide frames from the debugger of the kernels, which says so each time.
export PYDEVD_DISABLE_FILE_VALIDATION := 1

# Run a command; show what it says only when it fails.
quiet = out=$$($(1) 2>&1) || { printf '%s\n' "$$out"; echo "FAILED: $(2)" >&2; exit 1; }

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

.PHONY: demo
demo: $(STAMP) ## run the quickstart runbook on SQLite and write its report into build/demo
	@$(BIN)/python scripts/demo.py $(QUICKSTART) build/demo

.PHONY: lab
lab: $(STAMP) ## open JupyterLab on the quickstart
	@$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(QUICKSTART)

.PHONY: test
test: test-code coverage test-tables test-newest-core test-notebooks ## run all tests, check coverage, run the runbooks

.PHONY: test-code
test-code: $(STAMP) ## run the tests of the code, in parallel and in random order, with coverage
	@mkdir -p $(REPORTS); rm -f .coverage .coverage.*
	@$(BIN)/pytest --no-header -n $(WORKERS) --ignore tests/browser $(addprefix --ignore ,$(TABLES)) \
	  --cov --cov-report= --junit-xml=$(REPORTS)/code.xml

.PHONY: test-tables
test-tables: $(STAMP) ## run the tests that go through tables of objects, real histories and pages
	@mkdir -p $(REPORTS)
	@$(BIN)/pytest --no-header -n $(WORKERS) $(TABLES) --junit-xml=$(REPORTS)/tables.xml

.PHONY: replay-postgres
replay-postgres: $(STAMP) ## replay all histories of the corpus on PostgreSQL, of which `make test` replays a share (minutes)
	@SODAF_REPLAY=all $(BIN)/pytest --no-header -n $(WORKERS) tests/replay/test_replay_postgres.py

# One line a floor: where, and the least per cent. Plans, their execution and backups decide over data.
.PHONY: coverage
coverage: $(STAMP)
	@mkdir -p $(REPORTS)
	@$(call floor,sodaf_nb,90)
	@$(call floor,sodaf_nb/plan,100)
	@$(call floor,sodaf_nb/execution,100)
	@$(call floor,sodaf_nb/backup,100)
	@printf 'coverage: %s %% of sodaf_nb, 100 %% of plan, execution and backup\n' "$$($(BIN)/coverage report --format=total)"
floor = $(call quiet,$(BIN)/coverage report --include='$(1)/*' --fail-under=$(2),coverage of $(1) is below $(2) %)

.PHONY: faults-nightly
faults-nightly: $(STAMP) ## kill migrations at 200 random instants and run the model of a table for long; takes a quarter of an hour
	@SODAF_RANDOM_KILLS=200 SODAF_SEED=$${SODAF_SEED:-$$(date +%s)} SODAF_MODEL_EXAMPLES=300 SODAF_MODEL_STEPS=25 \
	  $(BIN)/pytest --no-header -n $(WORKERS) --timeout 1800 tests/faults

# The browser's tests and the runbooks each keep one processor busy and share nothing, so they run side by side.
.PHONY: test-notebooks
test-notebooks: $(STAMP) ## run the tests in a real JupyterLab, and beside them all runbooks
	@mkdir -p $(REPORTS); $(MAKE) --no-print-directory test-browser > $(REPORTS)/browser.log 2>&1 & browser=$$!; \
	  $(MAKE) --no-print-directory test-recorded test-jobs && runbooks=0 || runbooks=$$?; \
	  wait $$browser && lab=0 || lab=$$?; cat $(REPORTS)/browser.log; exit $$((runbooks | lab))

# A run of its own, in one process: all of them share one JupyterLab.
.PHONY: test-browser
test-browser: $(STAMP) ## run the tests in a real JupyterLab; they need a Chromium
	@$(if $(BROWSER),,echo "no Chromium found: the browser tests cannot run (on Debian: apt-get install chromium)" >&2;) true
	@mkdir -p $(REPORTS)
	@$(BIN)/pytest --no-header -p no:xdist tests/browser --junit-xml=$(REPORTS)/browser.xml

# A pytest run of its own: nbval's items are cells, not functions, and other plugins stumble over them.
.PHONY: test-recorded
test-recorded: $(STAMP) ## run the runbooks and compare each output with the recorded one
	@mkdir -p $(REPORTS)
	@$(BIN)/pytest --no-header -p no:randomly -p no:xdist --nbval --nbval-current-env --nbval-cell-timeout=120 \
	  $(SANITIZE) --junit-xml=$(REPORTS)/recorded.xml $(RUNBOOKS)

.PHONY: test-jobs
test-jobs: $(STAMP) ## run the runbooks as jobs, from a clean copy
	@$(BIN)/python scripts/run_runbooks.py $(RUNBOOKS)

# The system's library stays as it is; the newest one comes in a package of its own, into a folder of its own,
# because other tools prefer that package where they find it. SQLite has to be the newer one, or nothing is tested.
NEWEST := build/newest-sqlite
NEWEST_PYTHON = PYTHONPATH=tests/newest_sqlite:$(NEWEST) $(BIN)/python
.PHONY: test-newest-sqlite
test-newest-sqlite: $(STAMP) $(NEWEST)/.stamp ## run the tests around the engine with the newest SQLite there is as a package
	@$(NEWEST_PYTHON) -c 'import sqlite3; print("SQLite", sqlite3.sqlite_version); assert sqlite3.sqlite_version_info >= (3, 53)'
	@$(NEWEST_PYTHON) -m pytest --no-header -n $(WORKERS) --ignore tests/torture/test_peers.py \
	  tests/sql tests/acceptance tests/database tests/execution tests/torture

# The part of it that `make test` runs: the chosen paths against the rebuild, and everything on one table at once.
.PHONY: test-newest-core
test-newest-core: $(STAMP) $(NEWEST)/.stamp
	@$(NEWEST_PYTHON) -c 'import sqlite3; assert sqlite3.sqlite_version_info >= (3, 53)'
	@$(NEWEST_PYTHON) -m pytest --no-header -n $(WORKERS) tests/sql tests/torture/test_special.py tests/torture/test_torture.py \
	  -k 'test_sqlite_paths or test_native or test_special or all_on_one_table or ANALYZE or FTS5'

$(NEWEST)/.stamp: tests/newest_sqlite/requirements.txt
	@rm -rf $(NEWEST); $(call quiet,$(BIN)/pip install --no-deps --target $(NEWEST) -r $<,pip install)
	@touch $@

# Both tools come into folders of their own: nothing that users install needs them. The fuzzer is for Linux and Python 3.11 to 3.13.
FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz: $(STAMP) build/fuzz/.stamp ## feed the DocType parser with hostile text, a minute or FUZZ_SECONDS=...
	@PYTHONPATH=build/fuzz/tool $(BIN)/python scripts/fuzz_doctype.py $(FUZZ_SECONDS) build/fuzz

build/fuzz/.stamp:
	@$(call quiet,$(BIN)/pip install --no-deps --target build/fuzz/tool 'atheris==3.0.0',pip install)
	@touch $@

# Asks the index of packages, so it is no part of `make test`; a package that cannot be looked up fails it as well.
.PHONY: audit-dependencies
audit-dependencies: build/audit/.stamp ## look for known vulnerabilities of the pinned versions; needs the network
	@build/audit/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off -r constraints.txt

build/audit/.stamp:
	@test -n "$(PYTHON)" && $(PYTHON) -m venv build/audit
	@$(call quiet,build/audit/bin/pip install 'pip-audit==2.10.1',pip install)
	@touch $@

.PHONY: bench
bench: $(STAMP) ## time changes of a million rows beside Alembic, Django and sqlite-utils, into build/bench (an hour, 2 GB)
	@$(BIN)/python -m tests.benchmarks.run

.PHONY: bench-short
bench-short: $(STAMP) ## the same with few rows, in less than two minutes
	@$(BIN)/python -m tests.benchmarks.run --rows 20000 --rounds 1

.PHONY: lint
lint: $(STAMP) ## check style, format, types and the direction of imports
	@$(call quiet,$(BIN)/ruff check --quiet .,ruff check)
	@$(call quiet,$(BIN)/ruff format --check --quiet --diff .,ruff format (run: make format))
	@$(call quiet,$(BIN)/mypy,mypy)
	@$(call quiet,$(BIN)/lint-imports --no-cache,lint-imports)
	@echo "lint: style, format, types and imports are fine"

.PHONY: format
format: $(STAMP) ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

.PHONY: record
record: $(STAMP) ## run the runbooks in place and record their outputs anew
	@$(BIN)/python scripts/run_runbooks.py --in-place $(RUNBOOKS)

.PHONY: torture
torture: $(STAMP) ## run the same changes with Alembic, sqlite-utils and Django, and write docs/torture.md
	@$(BIN)/python -m tests.torture.peers docs/torture.md

.PHONY: docs
docs: $(STAMP) ## build the guides into build/docs
	@$(call quiet,$(BIN)/python -m sphinx -q -E -W --keep-going -b html docs build/docs,sphinx)
	@echo "guides: build/docs/index.html"

.PHONY: docs-record
docs-record: $(STAMP) ## run the examples of the guides and write what they show below them
	@$(BIN)/python scripts/record_docs.py
.PHONY: pictures
pictures: $(STAMP) ## draw the pictures of README in a real JupyterLab; look at them before you commit them
	@$(BIN)/python -m tests.browser.pictures docs/images
.PHONY: recording
recording: $(STAMP) ## record README's terminal from real runs; look at it before you commit it
	@$(BIN)/python scripts/record_terminal.py docs/images/terminal.svg
.PHONY: rules
rules: $(STAMP) ## write docs/rules.md from the rules
	@$(BIN)/python scripts/rules.py docs/rules.md

.PHONY: binder
binder: ## install, build and open the quickstart in a clean environment, as Binder does; takes minutes
	@$(PYTHON) scripts/check_binder.py

.PHONY: clean
clean: ## remove everything that was built, the environment too
	@rm -rf $(VENV) build dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Made anew whenever a requirement or a pinned version changes. The build tool comes from the same pins.
# Not compiled ahead: that takes half a minute of processor time, and most modules are never imported.
$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; name it like this: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setting up $(VENV) (once, about two minutes) ..."
	@rm -rf $(VENV); $(call quiet,$(PYTHON) -m venv $(VENV),python -m venv (on Debian: apt-get install python3-venv))
	@$(call quiet,$(BIN)/pip install --no-compile -c constraints.txt hatchling editables,pip install)
	@$(call quiet,$(BIN)/pip install --no-compile -c constraints.txt --no-build-isolation -e '.[dev]',pip install)
	@touch $(STAMP)
