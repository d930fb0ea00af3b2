# make demo    set up and run the whole job on the bundled archive: no key, no network but the package index
# make test    set up and run the everyday tests (some minutes)
# make check   what CI runs: format, lint, types, imports, all tests with coverage, docs, dependency audit, package
# make lowest  runs the wheel with the lowest versions of what it depends on (needs a package index)
# make gallery draws the pictures of the manual anew (needs chromium and the Noto fonts, those of Chinese and Japanese too)
# make chaos   a long campaign in a simulated world: KILLS=300 SEED=1 MINUTES=30, then a table of what came of it
# make fuzz    many more crooked answers, feeds and files: EXAMPLES=300 SEED=1
# make bench   the benchmarks: ratios against named baselines, as tables and, in build/bench, as JSON

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := listener sources sentiment reports
WORKERS ?= 2
KILLS ?= 300
MINUTES ?= 30
EXAMPLES ?= 300
SEED ?= 1

unexport PYTHONDONTWRITEBYTECODE  # the tests start hundreds of processes: none is to compile the program anew

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lint types imports slow gallery docs audit package lowest chaos fuzz bench clean

help:
	@sed -n 's/^# //p' Makefile

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.developed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev]'
	-@$(BIN)/python -W ignore -m compileall -qq -j 2 -x '/tests?/' $(VENV)/lib  # pip does it one file after the other
	@touch $(VENV)/.installed $@

setup: $(VENV)/.developed

demo: $(VENV)/.installed
	$(BIN)/listener demo

test: $(VENV)/.developed
	$(BIN)/python -m pytest -q -m "not slow" -n $(WORKERS) --dist worksteal

check: $(VENV)/.developed
	$(MAKE) --no-print-directory -j 3 types package audit format lint imports  # none needs what another makes; audit waits
	$(MAKE) --no-print-directory slow

format: $(VENV)/.developed
	$(BIN)/ruff format --check .

lint: $(VENV)/.developed
	$(BIN)/ruff check .

types: $(VENV)/.developed
	$(BIN)/mypy

imports: $(VENV)/.developed
	$(BIN)/lint-imports

slow: $(VENV)/.developed
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=$$(cat tests/coverage-floor.txt)

audit: $(VENV)/.developed
	$(BIN)/python tests/dependency_audit.py

package: $(VENV)/.developed
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist . > /dev/null  # with the backend that is installed here
	$(BIN)/python tests/package_contents.py dist

lowest: package
	$(BIN)/python tests/lowest_versions.py dist

gallery: $(VENV)/.developed
	$(BIN)/python docs/gallery.py

docs: $(VENV)/.developed
	$(BIN)/python docs/generate.py

bench: $(VENV)/.developed
	@mkdir -p build/bench; missed=; for file in benchmarks/*.py; do \
		grep -q __main__ "$$file" || continue; \
		echo "== $$file"; json=; \
		if grep -q '"--json"' "$$file"; then json="--json build/bench/$$(basename "$$file" .py).json"; fi; \
		$(BIN)/python "$$file" $$json || missed="$$missed $$file"; \
	done; [ -z "$$missed" ] || { echo "bars missed in:$$missed"; exit 1; }

chaos: $(VENV)/.developed
	cd tests && KILLS=$(KILLS) SEED=$(SEED) MINUTES=$(MINUTES) nice ../$(BIN)/python -m chaos

fuzz: $(VENV)/.developed
	FUZZ_EXAMPLES=$(EXAMPLES) FUZZ_SEED=$(SEED) nice $(BIN)/python -m pytest -q tests/fuzz

clean:
	rm -rf $(VENV) dist build .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache listener-demo
