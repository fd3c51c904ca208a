# OneMonth: `make demo` shows it at work, `make test` proves it. Everything lives in .venv and var/.
PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install demo test trust check audit bench tour clean

$(VENV)/.runtime: requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.onemonth: pyproject.toml scripts/link.sh $(VENV)/.runtime
	@sh scripts/link.sh $(BIN)
	@touch $@

install: $(VENV)/.onemonth

demo: install
	$(BIN)/onemonth demo $(ARGS)

test: $(VENV)/.dev $(VENV)/.onemonth
	@sh scripts/needs.sh
	$(BIN)/python -m pytest $(ARGS)

trust: $(VENV)/.dev $(VENV)/.onemonth
	@$(BIN)/python scripts/trust.py $(ARGS)

check: $(VENV)/.dev $(VENV)/.onemonth
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Known holes in the locked libraries, by the advisory feed; an error, never silence, where the feed cannot be reached.
audit:
	@$(PYTHON) -m venv var/audit
	@var/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	var/audit/bin/pip-audit --strict --disable-pip --no-deps --requirement requirements.lock

# Every measurement beside what it is compared with, in one run: ratios. Figures and what they were taken on: docs/performance.md.
bench: install
	$(BIN)/onemonth bench train --referrals 100000 --json
	$(BIN)/onemonth bench rank --json
	$(BIN)/onemonth bench worklist --json
	$(BIN)/onemonth bench nightly --json
	$(BIN)/python tests/benchmarks/dynamic_placement.py

tour: $(VENV)/.dev $(VENV)/.onemonth
	$(BIN)/python scripts/tour.py

clean:
	rm -rf $(VENV) var build .pytest_cache .mypy_cache .ruff_cache .hypothesis
